"""Image codecs behind one interface, the video codec STAE, classifiers, data sets, and measuring operating points.

Importing this package is light: whatever needs the libraries of the extra ``codecs`` loads on first use.

    >>> from edgevision import codecs
    >>> codecs.names()
    ('spat-imco', 'uniform')
    >>> codec = codecs.make("spat-imco")
    >>> data = codec.encode(image, target_bytes=4000)      # image: (H, W, 3) uint8
    >>> codec.inspect(data).levels, codec.decode(data).shape

A profile for the environments is measured by ``measure_image_profile`` on an ``ImageFolder``, and the same codec
and classifier run in an environment's loop through ``LiveImageCodec``. For video these are ``measure_video_profile``,
a source of clips, ``StaeCodec`` with ``StaeModels``, and ``LiveStae``.
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
    from edgevision.codecs.stae.codec import StaeCodec
    from edgevision.codecs.stae.live import LiveStae
    from edgevision.codecs.stae.models import StaeModels
    from edgevision.codecs.stae.profiling.run import measure_video_profile
    from edgevision.codecs.theta import Theta, train_importance
    from edgevision.codecs.video.actions import GeneratedActions
    from edgevision.codecs.video.folder import VideoFolder
    from edgevision.codecs.video.hmdb51 import HMDB51
    from edgevision.codecs.video.ut_interaction import UTInteraction

_MODULE_OF = {
    "HMDB51": "video.hmdb51",
    "AttentionRollout": "rollout",
    "ClassActivation": "importance",
    "Classifier": "classifiers",
    "DataSetError": "datasets",
    "GeneratedActions": "video.actions",
    "GradCam": "importance",
    "ImageFolder": "datasets",
    "LiveImageCodec": "outcomes",
    "LiveStae": "stae.live",
    "StaeCodec": "stae.codec",
    "StaeModels": "stae.models",
    "Theta": "theta",
    "UTInteraction": "video.ut_interaction",
    "UnreadableImageError": "datasets",
    "VideoFolder": "video.folder",
    "WeightsUnavailableError": "classifiers",
    "load_classifier": "classifiers",
    "measure_image_profile": "image_profile",
    "measure_video_profile": "stae.profiling.run",
    "train_importance": "theta",
}

__all__ = [
    "HMDB51",
    "AttentionRollout",
    "ClassActivation",
    "Classifier",
    "DataSetError",
    "GeneratedActions",
    "GradCam",
    "ImageCodec",
    "ImageFolder",
    "ImageInfo",
    "Importance",
    "LiveImageCodec",
    "LiveStae",
    "RateControlError",
    "StaeCodec",
    "StaeModels",
    "Theta",
    "UTInteraction",
    "UnreadableImageError",
    "VideoFolder",
    "WeightsUnavailableError",
    "load_classifier",
    "make",
    "measure_image_profile",
    "measure_video_profile",
    "names",
    "train_importance",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(load_module(_MODULE_OF[name]), name)
