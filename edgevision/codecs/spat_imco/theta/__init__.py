"""The importance network theta: from an image to what a classifier needs of it, on the device.

``Theta.load()`` gives the shipped network as a maker of importance maps; ``train_importance`` makes another one by
distilling the maps of larger classifiers into its head. See ``docs/theta.md`` for what it costs and how well it does.
"""

from edgevision.codecs.spat_imco.theta.maps import Theta
from edgevision.codecs.spat_imco.theta.theta_network import Cost, ThetaNetwork, network_cost
from edgevision.codecs.spat_imco.theta.theta_weights import load_mobilenet, load_weights, save_weights
from edgevision.codecs.spat_imco.theta.train_theta import TrainingConfig, train_importance
from edgevision.errors import WeightsError

__all__ = [
    "Cost",
    "Theta",
    "ThetaNetwork",
    "TrainingConfig",
    "WeightsError",
    "load_mobilenet",
    "load_weights",
    "network_cost",
    "save_weights",
    "train_importance",
]
