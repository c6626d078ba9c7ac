"""Image codecs behind one interface, classifiers, data sets, and the measuring of operating points.

Importing this package is light: whatever needs the libraries of the extra ``codecs`` loads on first use.

    >>> from edgevision import codecs
    >>> codecs.names()
    ('spat-imco', 'uniform')
    >>> codec = codecs.make("spat-imco")
    >>> data = codec.encode(image, target_bytes=4000)      # image: (H, W, 3) uint8
    >>> codec.inspect(data).levels, codec.decode(data).shape

A profile for the environments is measured by ``measure_image_profile`` on an ``ImageFolder``, and the same codec
and classifier run in an environment's loop through ``LiveImageCodec``.
"""

from typing import TYPE_CHECKING, Any

from edgevision.codecs.base import ImageCodec, ImageInfo, Importance, RateControlError
from edgevision.codecs.registry import load_module, make, names

if TYPE_CHECKING:
    from edgevision.codecs.classifiers import Classifier, WeightsUnavailableError, load_classifier
    from edgevision.codecs.datasets import DataSetError, ImageFolder, UnreadableImageError
    from edgevision.codecs.image_profile import measure_image_profile
    from edgevision.codecs.importance import ClassActivation, GradCam
    from edgevision.codecs.outcomes import LiveImageCodec
    from edgevision.codecs.rollout import AttentionRollout
    from edgevision.codecs.theta import Theta, train_importance

_MODULE_OF = {
    "AttentionRollout": "rollout",
    "ClassActivation": "importance",
    "Classifier": "classifiers",
    "DataSetError": "datasets",
    "GradCam": "importance",
    "ImageFolder": "datasets",
    "LiveImageCodec": "outcomes",
    "Theta": "theta",
    "UnreadableImageError": "datasets",
    "WeightsUnavailableError": "classifiers",
    "load_classifier": "classifiers",
    "measure_image_profile": "image_profile",
    "train_importance": "theta",
}

__all__ = [
    "AttentionRollout",
    "ClassActivation",
    "Classifier",
    "DataSetError",
    "GradCam",
    "ImageCodec",
    "ImageFolder",
    "ImageInfo",
    "Importance",
    "LiveImageCodec",
    "RateControlError",
    "Theta",
    "UnreadableImageError",
    "WeightsUnavailableError",
    "load_classifier",
    "make",
    "measure_image_profile",
    "names",
    "train_importance",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(load_module(_MODULE_OF[name]), name)
