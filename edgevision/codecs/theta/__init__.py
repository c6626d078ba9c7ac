"""The importance network theta: from an image to what a classifier needs of it, on the device.

``Theta.load()`` gives the shipped network as a maker of importance maps; ``train_importance`` makes another one by
distilling the maps of larger classifiers into its head. See ``docs/theta.md`` for what it costs and how well it does.
"""

from edgevision.codecs.theta.maps import Theta
from edgevision.codecs.theta.network import Cost, ThetaNetwork, network_cost
from edgevision.codecs.theta.training import TrainingConfig, train_importance
from edgevision.codecs.theta.weights import ThetaWeightsError, load_mobilenet, load_weights, save_weights

__all__ = [
    "Cost",
    "Theta",
    "ThetaNetwork",
    "ThetaWeightsError",
    "TrainingConfig",
    "load_mobilenet",
    "load_weights",
    "network_cost",
    "save_weights",
    "train_importance",
]
