"""Image classifiers, and importance maps computed from them."""

from typing import TYPE_CHECKING

from edgevision.errors import WeightsUnavailableError
from edgevision.imports import CODEC_LIBRARIES, lazy_attributes
from edgevision.vision.importance import Importance

if TYPE_CHECKING:
    from edgevision.vision.attention_rollout import AttentionRollout
    from edgevision.vision.classifiers import Classifier, load_classifier
    from edgevision.vision.grad_cam import ClassActivation, GradCam

_MODULE_OF = {
    "AttentionRollout": "attention_rollout",
    "ClassActivation": "grad_cam",
    "Classifier": "classifiers",
    "GradCam": "grad_cam",
    "load_classifier": "classifiers",
}

__all__ = [
    "AttentionRollout",
    "ClassActivation",
    "Classifier",
    "GradCam",
    "Importance",
    "WeightsUnavailableError",
    "load_classifier",
]

__getattr__ = lazy_attributes(__name__, _MODULE_OF, "codecs", CODEC_LIBRARIES)
