"""Operating-point profiles: tables of what a codec and a classifier do, which environments replay.

For each content ``j`` and operating point ``k`` a profile holds the bytes sent and whether the classifier was right. It
also holds how long device and edge compute, and the features of each content that the device knows before it decides.
On disk a profile is ``NAME.npz`` (arrays, no pickles) and ``NAME.json`` (provenance, and the SHA-256 of the arrays,
which is verified on load).
"""

from __future__ import annotations

import functools
import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgevision.arrays import BoolArray, FloatArray, IntArray
from edgevision.errors import ProfileError, UnknownNameError, shown, unknown_name
from edgevision.protocol import CONTENT_SPLITS
from edgevision.provenance import digest
from edgevision.storage.disk_files import read_pair, sha256, write_pair
from edgevision.storage.storage_arrays import pack_arrays, unpack_arrays

FORMAT_VERSION = 1
MAX_FILE_BYTES = 64 * 2**20
MAX_UNPACKED_BYTES = 4 * MAX_FILE_BYTES
_REQUIRED = ("size", "raw_size", "accuracy", "parameter", "device_time", "edge_time")
_OPTIONAL = ("features", "correct", "log_probability", "split")
_LONGEST_NAME = 200  # [byte]; file systems allow 255, with suffixes
_MOST_AXES = 32  # the K points are reshaped to an array with these axes
_HIGHEST_CLOSED_FORM = 1.4  # eta(0) of the Co-CRRA paper, section IV-B.1, which is not a probability
_SHIPPED = Path(__file__).parent / "shipped"


@dataclass(frozen=True, eq=False)
class OperatingPointProfile:
    """A codec's operating points, ordered from least to most compressed.

    J contents, K operating points, F features. Closed-form profiles have J = 1 and no recorded outcomes. On a ladder
    every point is at most as large as the one before; on a grid each axis goes from least to most compressed.

    Attributes:
        name: name of the profile.
        size: bytes sent per content and point, (J, K).
        raw_size: bytes of the uncompressed content, (J,).
        accuracy: population accuracy per point, (K,); for measured profiles the mean over the train split. Closed forms
            may exceed 1, as the published eta does.
        parameter: parameter of the codec at each point (compression ratio, quantisation level), (K,).
        device_time: mean computing time on the device at each point [s], (K,).
        edge_time: mean computing time at the edge at each point [s], (K,).
        correct: whether the answer was right, (J, K) bool, or ``None`` for closed forms.
        log_probability: natural logarithm of the probability that the classifier gave to the true class, (J, K);
            ``None`` if it was not recorded.
        features: features of a content that the device knows before it decides, (J, F), about zero mean, unit scale.
        feature_names: names of the F features.
        split: index into ``protocol.CONTENT_SPLITS`` per content, (J,) int8.
        content_ids: names of the contents (file names), length J.
        grid: sizes of the axes that the K points enumerate in row-major order; (K,) for a ladder.
        axis_names: name of each axis.
        relative: whether sizes are shares of a raw size that the scenario draws, instead of bytes.
        metadata: provenance: data set, model, codec and versions, command line.
    """

    name: str
    size: FloatArray
    raw_size: FloatArray
    accuracy: FloatArray
    parameter: FloatArray
    device_time: FloatArray
    edge_time: FloatArray
    correct: BoolArray | None = None
    log_probability: FloatArray | None = None
    features: FloatArray = field(default_factory=lambda: np.zeros((1, 0)))
    feature_names: tuple[str, ...] = ()
    split: NDArray[np.int8] = field(default_factory=lambda: np.zeros(1, np.int8))
    content_ids: tuple[str, ...] = ("closed-form",)
    grid: tuple[int, ...] = ()
    axis_names: tuple[str, ...] = ("compression",)
    relative: bool = False
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in self._numeric():
            try:
                given = np.asarray(getattr(self, name))
            except (TypeError, ValueError):
                given = np.array(None)
            if given.dtype.kind not in "biuf":
                raise self._error(f"array {name!r} is not numeric")
            object.__setattr__(self, name, np.ascontiguousarray(given, np.float64))
        self._check_words()
        if self.correct is not None:
            object.__setattr__(self, "correct", self._whole("correct", (0, 1)).astype(np.bool_))
        object.__setattr__(self, "split", self._whole("split", range(len(CONTENT_SPLITS))).astype(np.int8))
        if not self.grid:
            object.__setattr__(self, "grid", (self.points,))
        self._check_shapes()
        self._check_values()

    def _numeric(self) -> tuple[str, ...]:
        return (*_REQUIRED, "features", *(() if self.log_probability is None else ("log_probability",)))

    def _error(self, message: str) -> ProfileError:
        return ProfileError(f"profile {self.name!r}: {message}")

    def _whole(self, name: str, allowed: Sequence[int]) -> NDArray[Any]:
        array = np.asarray(getattr(self, name))
        if array.dtype.kind not in "biu" or not np.isin(array, allowed).all():
            raise self._error(f"{name} must hold whole numbers from 0 to {allowed[-1]}")
        return array

    def _check_words(self) -> None:
        for name, kind in (("content_ids", str), ("feature_names", str), ("axis_names", str), ("grid", int)):
            value: Any = getattr(self, name)
            if not isinstance(value, tuple | list) or not all(type(entry) is kind for entry in value):
                raise self._error(f"{name} must be a tuple of {kind.__name__}, got {shown(value)}")
        if not isinstance(self.relative, bool):
            raise self._error(f"relative must be true or false, got {shown(self.relative)}")
        if not isinstance(self.metadata, Mapping):
            raise self._error(f"metadata must be an object, got {shown(self.metadata)}")

    def _check_shapes(self) -> None:
        if self.size.ndim != 2 or 0 in self.size.shape:
            raise self._error(f"size must have shape (J, K), got {self.size.shape}")
        J, K = self.size.shape
        expected: dict[str, tuple[int, ...]] = {
            "raw_size": (J,),
            "accuracy": (K,),
            "parameter": (K,),
            "device_time": (K,),
            "edge_time": (K,),
            "features": (J, len(self.feature_names)),
            "split": (J,),
        }
        if self.correct is not None:
            expected["correct"] = (J, K)
        if self.log_probability is not None:
            expected["log_probability"] = (J, K)
        for name, shape in expected.items():
            if getattr(self, name).shape != shape:
                raise self._error(f"{name} must have shape {shape}, got {getattr(self, name).shape}")
        if len(self.content_ids) != J:
            raise self._error(f"{len(self.content_ids)} content ids for {J} contents")
        if len(self.grid) > _MOST_AXES:
            raise self._error(f"grid has {len(self.grid)} axes, at most {_MOST_AXES} can be")
        if len(self.axis_names) != len(self.grid) or min(self.grid) < 1 or math.prod(self.grid) != K:
            raise self._error(f"grid {self.grid} with axes {self.axis_names} does not make {K} points")

    def _check_values(self) -> None:
        for name in self._numeric():
            if not np.isfinite(getattr(self, name)).all():
                raise self._error(f"array {name!r} holds NaN or infinity")
        if (self.size < 0).any() or (self.raw_size <= 0).any():
            raise self._error("sizes must be >= 0 and raw sizes > 0")
        if self.log_probability is not None and (self.log_probability > 0).any():
            raise self._error("logarithms of probabilities must be <= 0")
        if (self.device_time < 0).any() or (self.edge_time < 0).any():
            raise self._error("times must be >= 0")
        highest = _HIGHEST_CLOSED_FORM if self.correct is None else 1.0
        if (self.accuracy < 0).any() or (self.accuracy > highest).any():
            raise self._error(f"accuracy must lie in [0, {highest:g}]")
        if len(self.grid) == 1 and (np.diff(self.size.mean(axis=0)) > 0).any():
            raise self._error("levels are not sorted; mean size must not grow from one to the next")

    @property
    def contents(self) -> int:
        """Number of contents J."""
        return int(self.size.shape[0])

    @property
    def points(self) -> int:
        """Number of operating points K."""
        return int(self.size.shape[1])

    @functools.cached_property
    def size_fraction(self) -> FloatArray:
        """Share of the raw size that is sent, 1 - o in the paper's notation, (J, K)."""
        return self.size / self.raw_size[:, None]

    @functools.cached_property
    def content_fingerprint(self) -> str:
        """SHA-256 of the contents' features, answers and splits; empty for closed forms.

        It identifies the profile to models of its contents. Sizes and times do not count: measured again, they leave
        such a model valid.
        """
        if self.correct is None:
            return ""
        return digest([self.feature_names, self.grid], arrays=(self.features, self.correct, self.split))

    def members(self, split: str) -> IntArray:
        """Indices of the contents in ``split`` (``all``, ``train``, ``validation`` or ``test``).

        Raises:
            ProfileError: the split is empty.
        """
        if split == "all" or self.correct is None:
            return np.arange(self.contents)
        members = np.flatnonzero(self.split == CONTENT_SPLITS.index(split))
        if not len(members):
            raise ProfileError(f"profile {self.name!r} has no content in split {split!r}")
        return members


def check_name(name: str) -> None:
    """Refuse a profile's name that is not a plain file name.

    Raises:
        ProfileError: the name is empty, too long or not UTF-8, or leads into a folder.
    """
    encoded = name.encode(errors="ignore") if isinstance(name, str) else b""
    plain = encoded.decode() == name == Path(name).name and name not in ("", "..") and "\0" not in name
    if not plain or len(encoded) > _LONGEST_NAME:
        raise ProfileError(f"a profile's name must be a plain file name, got {shown(name)}")


_CLOSED_FORMS: dict[str, Callable[[], OperatingPointProfile]] = {}


def register_closed_form(name: str, make: Callable[[], OperatingPointProfile]) -> None:
    """Make a computed profile available to ``load_profile`` by name."""
    _CLOSED_FORMS[name] = make


def shipped_profiles() -> list[str]:
    """Names of the profiles that come with the package, computed ones first."""
    return [*_CLOSED_FORMS, *sorted(path.stem for path in _SHIPPED.glob("*.npz"))]


def load_profile(name: str) -> OperatingPointProfile:
    """Load a shipped profile by name, or one from disk by the path of its ``.npz`` file.

    Raises:
        UnknownNameError: ``name`` is neither a shipped profile nor an existing file.
        ProfileError: the file is damaged, its checksum is wrong, or its arrays are inconsistent.
    """
    if name in _CLOSED_FORMS:
        return _CLOSED_FORMS[name]()
    shipped = shipped_profiles()
    path = _SHIPPED / f"{name}.npz" if name in shipped else Path(name)
    if not os.path.isfile(path):  # noqa: PTH113 - it takes any text, while Path.is_file refuses a name of 300 characters
        if path.suffix == ".npz" or path.parent != Path():
            raise UnknownNameError(f"no profile file at {shown(name)}")
        raise unknown_name("profile", name, shipped)
    found = path.stat()
    return _read_once(path, found.st_size, found.st_mtime_ns)


@functools.lru_cache(maxsize=32)
def _read_once(path: Path, size: int, changed: int) -> OperatingPointProfile:
    """Read a file, or return what was read of it; size and time of change tell a replaced file."""
    return _read(path)


def _read(path: Path) -> OperatingPointProfile:
    sidecar = path.with_suffix(".json")
    if not sidecar.exists():
        raise ProfileError(f"{path}: its metadata {sidecar.name} is missing; copy both files")
    description, payload = read_pair(path, ProfileError, MAX_FILE_BYTES, {"format_version": FORMAT_VERSION})
    found = unpack_arrays(payload, path, ProfileError, MAX_UNPACKED_BYTES, "profile archive")
    arrays: dict[str, Any] = {key: found[key] for key in (*_REQUIRED, *_OPTIONAL) if key in found}
    missing = [key for key in _REQUIRED if key not in arrays]
    if missing:
        raise ProfileError(f"{path}: arrays missing: {', '.join(missing)}")
    described: dict[str, Any] = {"metadata": description.get("metadata")}
    for key, kind in {"feature_names": str, "content_ids": str, "axis_names": str, "grid": int}.items():
        entries = description.get(key)
        if not isinstance(entries, list) or not all(type(entry) is kind for entry in entries):
            raise ProfileError(f"{sidecar}: missing or malformed entry {key!r}")
        described[key] = tuple(entries)
    return OperatingPointProfile(
        name=path.stem,
        **arrays,
        **described,
        # Older files lack this entry; in them, only closed forms have relative sizes.
        relative=description.get("relative", "correct" not in arrays),
    )


def save_profile(profile: OperatingPointProfile, folder: Path) -> Path:
    """Write ``NAME.npz`` and ``NAME.json`` into ``folder``, each atomically; returns the path of the ``.npz`` file."""
    arrays: dict[str, NDArray[Any]] = {key: getattr(profile, key) for key in _REQUIRED}
    arrays |= {key: getattr(profile, key) for key in _OPTIONAL if getattr(profile, key) is not None}
    payload = pack_arrays(arrays)
    description = {
        "format_version": FORMAT_VERSION,
        "sha256": sha256(payload),
        "feature_names": list(profile.feature_names),
        "content_ids": list(profile.content_ids),
        "grid": list(profile.grid),
        "axis_names": list(profile.axis_names),
        "relative": profile.relative,
        "metadata": dict(profile.metadata),
    }
    path, _ = profile_files(folder, profile.name)
    write_pair(path, payload, description)
    return path


def profile_files(folder: Path, name: str) -> tuple[Path, Path]:
    """The files of a profile: ``NAME.npz``, and ``NAME.json`` beside it."""
    return folder / f"{name}.npz", folder / f"{name}.json"
