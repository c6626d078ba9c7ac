"""`codec_choice`: several codecs as one profile, so that a controller chooses the codec of each request.

The grid is codec x level. Every point keeps the times of its own codec: an importance map costs time only in the
requests that are sent with it. Source: ours.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np

from edgevision.arrays import BoolArray, FloatArray, IntArray
from edgevision.errors import ProfileError
from edgevision.profiles.profile import (
    OperatingPointProfile,
    check_name,
    load_profile,
    register_closed_form,
)

#: Names of the axes of a choice, as in ``OperatingPointProfile.axis_names``.
AXES = ("codec", "compression")
#: Choices that come with the package, and the profiles that each is made of.
SHIPPED_CHOICES = {
    f"image-{model}-choice": tuple(f"image-{model}-{codec}" for codec in ("uniform", "spat-imco"))
    for model in ("lite0", "lite1", "lite2")
}


def codec_choice(name: str, profiles: Sequence[OperatingPointProfile]) -> OperatingPointProfile:
    """Join profiles of different codecs that were measured on the same contents with the same classifier.

    Features are those of the first profile: a controller knows them before it decides. Name the codec first whose
    features cost least. A profile with fewer levels than another repeats its most compressed one.

    Args:
        name: of the joint profile.
        profiles: two or more ladders.

    Raises:
        ProfileError: fewer than two, or one is given twice, or the profiles are of other contents or classifiers, or no
            ladders of measured pictures.
    """
    check_name(name)
    if len(profiles) < 2:
        raise ProfileError("a choice takes at least two profiles, each of another codec")
    first = profiles[0]
    for profile in profiles:
        if profile.correct is None or len(profile.grid) != 1 or profile.relative:
            raise ProfileError(f"profile {profile.name!r} is no measured ladder, so that it cannot be part of a choice")
        if profile.content_ids != first.content_ids or not np.array_equal(profile.split, first.split):
            raise ProfileError(
                f"profiles {first.name!r} and {profile.name!r} are of other contents; measure both on one"
            )
        if profile.metadata.get("model") != first.metadata.get("model"):
            raise ProfileError(f"profiles {first.name!r} and {profile.name!r} are of other classifiers")
    codecs = [str(profile.metadata.get("codec")) for profile in profiles]
    if len({profile.name for profile in profiles}) < len(profiles):
        raise ProfileError("a profile is given twice; a choice is between different codecs")
    levels = max(profile.points for profile in profiles)
    taken = [np.minimum(np.arange(levels), profile.points - 1) for profile in profiles]
    parts = list(zip(profiles, taken, strict=True))
    return OperatingPointProfile(
        name=name,
        size=np.concatenate([profile.size[:, points] for profile, points in parts], axis=1),
        raw_size=first.raw_size,
        accuracy=_joined("accuracy", parts),
        parameter=_joined("parameter", parts),
        device_time=_joined("device_time", parts),
        edge_time=_joined("edge_time", parts),
        correct=np.concatenate([_correct(profile)[:, points] for profile, points in parts], axis=1),
        features=first.features,
        feature_names=first.feature_names,
        split=first.split,
        content_ids=first.content_ids,
        grid=(len(profiles), levels),
        axis_names=AXES,
        metadata={
            "model": first.metadata.get("model"),
            "codecs": codecs,
            "profiles": [profile.name for profile in profiles],
            "features": f"those of {first.name}",
            **{key: first.metadata[key] for key in ("data_set", "licence") if key in first.metadata},
        },
    )


def _joined(field: str, parts: Sequence[tuple[OperatingPointProfile, IntArray]]) -> FloatArray:
    return np.concatenate([getattr(profile, field)[points] for profile, points in parts])


def _correct(profile: OperatingPointProfile) -> BoolArray:
    assert profile.correct is not None  # noqa: S101 - checked for all parts
    return profile.correct


def _shipped(name: str) -> OperatingPointProfile:
    return codec_choice(name, [load_profile(part) for part in SHIPPED_CHOICES[name]])


for _name in SHIPPED_CHOICES:
    register_closed_form(_name, functools.cache(functools.partial(_shipped, _name)))
