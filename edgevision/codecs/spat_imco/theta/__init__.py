"""The importance network theta, which runs on the device and estimates what a classifier needs of an image.

``Theta.load()`` loads the shipped network. ``train_importance`` trains another: first a large network learns the maps
of classifiers, then theta learns the maps of the large network. ``docs/theta.md`` reports its cost and its quality.
"""

from edgevision.codecs.spat_imco.theta.distillation import DistillationConfig
from edgevision.codecs.spat_imco.theta.fit_head import TrainingConfig
from edgevision.codecs.spat_imco.theta.large_network import LargeNetwork
from edgevision.codecs.spat_imco.theta.large_weights import load_mobilenet
from edgevision.codecs.spat_imco.theta.maps import Theta
from edgevision.codecs.spat_imco.theta.network_cost import Cost, network_cost
from edgevision.codecs.spat_imco.theta.theta_network import ThetaNetwork
from edgevision.codecs.spat_imco.theta.theta_weights import load_weights, save_weights
from edgevision.codecs.spat_imco.theta.train_theta import train_importance
from edgevision.errors import WeightsError

__all__ = [
    "Cost",
    "DistillationConfig",
    "LargeNetwork",
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
