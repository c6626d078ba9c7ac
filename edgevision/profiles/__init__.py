"""Operating-point profiles: measured by codecs and classifiers, replayed by environments."""

from edgevision.profiles.codec_choice import codec_choice
from edgevision.profiles.content_models.accuracy_model import AccuracyModel
from edgevision.profiles.profile import OperatingPointProfile, load_profile, save_profile, shipped_profiles
from edgevision.profiles.published import published_eta, published_stae

__all__ = [
    "AccuracyModel",
    "OperatingPointProfile",
    "codec_choice",
    "load_profile",
    "published_eta",
    "published_stae",
    "save_profile",
    "shipped_profiles",
]
