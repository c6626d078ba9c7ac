"""Operating-point profiles: the contract between what codecs measure and what environments replay."""

from edgevision.profiles import published
from edgevision.profiles.profile import OperatingPointProfile, load_profile, save_profile, shipped_profiles
from edgevision.profiles.published import published_eta, published_stae

__all__ = [
    "OperatingPointProfile",
    "load_profile",
    "published",
    "published_eta",
    "published_stae",
    "save_profile",
    "shipped_profiles",
]
