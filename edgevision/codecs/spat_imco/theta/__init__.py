"""The importance network theta, which runs on the device and estimates what a classifier needs of an image.

``Theta.load()`` loads the shipped network; ``train_importance`` trains another by distilling the maps of larger
classifiers into its head. ``docs/theta.md`` reports its cost and its quality.
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
