"""Profiles from numbers that were measured elsewhere, as arrays. ``given_table`` reads the same from a CSV file.

Of J contents and K operating points:

==================  ========================================================  ==================
name                meaning                                                   shape
==================  ========================================================  ==================
``bytes``           bytes sent, > 0                                           (J, K)
``correct``         whether the answer was right, 0 or 1                      (J, K)
``point``           parameter of the codec; by default 0, 1, ..               (K,)
``log_probability`` natural logarithm of the true class's, if known           (J, K)
``raw_bytes``       bytes uncompressed; by default the largest ``bytes``      (J,)
``device_ms``       computing time on the device [ms]; by default 0           (K,) or (J, K)
``edge_ms``         computing time at the edge [ms]; by default 0             (K,) or (J, K)
``split``           0 train, 1 validation, 2 test; by default 3 : 1 : 1       (J,)
==================  ========================================================  ==================
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgevision.arrays import FloatArray
from edgevision.errors import ProfileError, shown
from edgevision.profiles.profile import MAX_UNPACKED_BYTES, OperatingPointProfile, check_name
from edgevision.protocol import CONTENT_SPLITS, content_split
from edgevision.storage.storage_arrays import read_arrays

#: Shapes that an array may have, by the letters of their axes.
SHAPES = {
    "bytes": ("JK",),
    "correct": ("JK",),
    "point": ("K",),
    "log_probability": ("JK",),
    "raw_bytes": ("J",),
    "device_ms": ("K", "JK"),
    "edge_ms": ("K", "JK"),
    "split": ("J",),
}
NEEDED = ("bytes", "correct")


def profile_from_arrays(path: Path, name: str) -> OperatingPointProfile:
    """A profile from an ``.npz`` file with arrays of these names and shapes.

    Raises:
        ProfileError: the file is damaged or holds anything but numbers; or see ``profile_of``.
    """
    arrays = read_arrays(path, ProfileError, MAX_UNPACKED_BYTES)
    return profile_of(name, arrays, about={"source": path.name})


def profile_of(
    name: str, arrays: Mapping[str, NDArray[Any]], content_ids: tuple[str, ...] = (), about: Mapping[str, Any] = {}
) -> OperatingPointProfile:
    """A profile from arrays, with points sorted from most to fewest bytes.

    Args:
        name: of the profile.
        arrays: as above.
        content_ids: names of the J contents; by default numbers.
        about: its metadata.

    Raises:
        ProfileError: an array is missing, unknown, of a wrong shape, or holds what it must not; or a split is empty.
    """
    check_name(name)
    _check(name, arrays)
    size = np.asarray(arrays["bytes"], np.float64)
    contents, points = size.shape
    split = np.asarray(arrays.get("split", content_split(np.arange(contents))))
    for index, part in enumerate(CONTENT_SPLITS):
        if not (split == index).any():
            raise ProfileError(f"profile {name!r}: no content is in split {part}; give five or more, or name its split")
    order = np.argsort(-size.mean(axis=0), kind="stable")
    correct = np.asarray(arrays["correct"]).astype(np.bool_)
    log_probability = arrays.get("log_probability")
    return OperatingPointProfile(
        name=name,
        size=size[:, order],
        raw_size=np.asarray(arrays.get("raw_bytes", size.max(axis=1))),
        accuracy=correct[split == 0].mean(axis=0)[order],
        parameter=np.asarray(arrays.get("point", np.arange(points)))[order],
        device_time=_seconds(arrays, "device_ms", points)[order],
        edge_time=_seconds(arrays, "edge_ms", points)[order],
        correct=correct[:, order],
        log_probability=None if log_probability is None else log_probability[:, order],
        features=np.zeros((contents, 0)),
        split=split,
        content_ids=content_ids or tuple(f"content-{number}" for number in range(contents)),
        metadata={**about, "command": "edgevision profile from-csv or from-arrays"},
    )


def _check(name: str, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Check names and shapes, and what a profile does not check itself.

    Raises:
        ProfileError: see ``profile_of``.
    """
    for key in arrays:
        if key not in SHAPES:
            raise ProfileError(f"profile {name!r}: array {shown(key)} is not known (known: {', '.join(SHAPES)})")
    for key in NEEDED:
        if key not in arrays:
            raise ProfileError(f"profile {name!r}: array {key!r} is missing")
    size = arrays["bytes"]
    if size.ndim != 2 or not size.size:
        raise ProfileError(f"profile {name!r}: bytes must have shape (contents, points), got {size.shape}")
    sides = dict(zip("JK", size.shape, strict=True))
    for key, array in arrays.items():
        allowed = [tuple(sides[axis] for axis in axes) for axes in SHAPES[key]]
        if array.shape not in allowed:
            shapes = " or ".join(map(str, allowed))
            raise ProfileError(f"profile {name!r}: {key} must have shape {shapes}, got {array.shape}")
        if not np.isfinite(array).all():
            raise ProfileError(f"profile {name!r}: {key} holds NaN or infinity")
    if not (size > 0).all():
        raise ProfileError(f"profile {name!r}: bytes must be > 0")
    if not np.isin(arrays["correct"], (0, 1)).all():
        raise ProfileError(f"profile {name!r}: correct must hold 0 and 1 only")


def _seconds(arrays: Mapping[str, NDArray[Any]], key: str, points: int) -> FloatArray:
    """Mean time at each point, (K,) [s]."""
    given = np.asarray(arrays.get(key, np.zeros(points)), np.float64)
    return np.asarray(given if given.ndim == 1 else given.mean(axis=0)) / 1e3
