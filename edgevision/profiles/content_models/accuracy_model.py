"""`AccuracyModel`: the probability of a right answer on a content, at every operating point, from its features.

A model predicts with NumPy alone. On disk it is ``NAME.npz`` (arrays, no pickles) and ``NAME.json`` (which profile it
is for, how it was trained, and the SHA-256 of the arrays).
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from edgevision.arrays import FloatArray
from edgevision.errors import AccuracyModelError, shown
from edgevision.provenance import digest
from edgevision.storage.disk_files import read_json, read_pair, sha256, write_pair
from edgevision.storage.storage_arrays import pack_arrays, unpack_arrays

FORMAT_VERSION = 1
MAX_FILE_BYTES = 16 * 2**20
MAX_UNPACKED_BYTES = 4 * MAX_FILE_BYTES
_ARRAYS = ("lower", "upper", "value", "mean")
_UNIT = 2.0**-40
_LARGEST = 2.0**10  # sums of multiples of _UNIT up to this size are exact in float64
_ROWS_AT_A_TIME = 8192
_SHIPPED = Path(__file__).parent / "shipped"


@dataclass(frozen=True, eq=False)
class AccuracyModel:
    """P(right | features, operating point) as a sum over boxes of the feature space, mixed with a table of means.

    F features, K operating points, L boxes. A content lies in box l if lower < feature <= upper in every feature. The
    boxes that it lies in add up to log-odds at each point, so the boxes can hold any boosted trees. The prediction is
    weight x sigmoid(log-odds) + (1 - weight) x mean.

    Values are rounded to multiples of 2^-40, which makes their sums exact: a prediction does not depend on the batch.

    Attributes:
        lower: lower corner of each box, (L, F); may be -inf.
        upper: upper corner of each box, (L, F); may be inf.
        value: what each box adds to the log-odds at each point, (L, K).
        mean: accuracy of each point over all contents of the train split, (K,).
        weight: share of the boxes in the prediction, 0..1; the rest is ``mean``.
        content_fingerprint: of the profile that the model was trained on
            (``OperatingPointProfile.content_fingerprint``).
        feature_names: names of the F features.
        metadata: provenance: settings, losses, versions.
    """

    lower: FloatArray
    upper: FloatArray
    value: FloatArray
    mean: FloatArray
    weight: float
    content_fingerprint: str
    feature_names: tuple[str, ...]
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in _ARRAYS:
            object.__setattr__(self, name, np.ascontiguousarray(getattr(self, name), np.float64))
        L, F, K = self.lower.shape[0] if self.lower.ndim else 0, len(self.feature_names), self.mean.size
        for name, shape in {"lower": (L, F), "upper": (L, F), "value": (L, K), "mean": (K,)}.items():
            if getattr(self, name).shape != shape:
                raise AccuracyModelError(f"{name} must have shape {shape}, got {getattr(self, name).shape}")
        if np.isnan(self.lower).any() or np.isnan(self.upper).any():
            raise AccuracyModelError("the corners of the boxes hold NaN")
        if not (np.abs(self.value).sum(axis=0) <= _LARGEST).all():
            raise AccuracyModelError(f"the values of the boxes hold NaN, or add up to more than {_LARGEST:g}")
        if not ((self.mean >= 0) & (self.mean <= 1)).all() or not 0 <= self.weight <= 1:
            raise AccuracyModelError("mean and weight must lie in [0, 1]")
        object.__setattr__(self, "value", np.round(self.value / _UNIT) * _UNIT)

    @property
    def points(self) -> int:
        """Number of operating points K."""
        return self.mean.size

    @property
    def digest(self) -> str:
        """SHA-256 of the numbers that predictions depend on."""
        return digest([self.weight, self.content_fingerprint], arrays=(getattr(self, name) for name in _ARRAYS))

    def predict(self, features: FloatArray) -> FloatArray:
        """Probability of a right answer at every operating point, (.., K), for features (.., F)."""
        rows = features.reshape(-1, len(self.feature_names))
        parts = range(0, max(len(rows), 1), _ROWS_AT_A_TIME)
        odds = np.concatenate([self._log_odds(rows[start : start + _ROWS_AT_A_TIME]) for start in parts])
        with np.errstate(over="ignore"):
            predicted = self.weight / (1.0 + np.exp(-odds)) + (1.0 - self.weight) * self.mean
        return predicted.reshape(*features.shape[:-1], self.points)

    def _log_odds(self, rows: FloatArray) -> FloatArray:
        inside = np.ones((len(rows), len(self.lower)), bool)
        for column, lower, upper in zip(rows.T, self.lower.T, self.upper.T, strict=True):
            inside &= (column[:, None] > lower) & (column[:, None] <= upper)
        return inside @ self.value

    def save(self, path: Path) -> None:
        """Write the model to ``path``, an ``.npz`` file, and its description as ``.json`` beside it."""
        payload = pack_arrays({name: getattr(self, name) for name in _ARRAYS})
        description = {
            "format_version": FORMAT_VERSION,
            "sha256": sha256(payload),
            "content_fingerprint": self.content_fingerprint,
            "feature_names": list(self.feature_names),
            "weight": self.weight,
            "metadata": dict(self.metadata),
        }
        write_pair(path, payload, description)

    @classmethod
    def load(cls, path: Path) -> AccuracyModel:
        """Read a model.

        Raises:
            AccuracyModelError: a file is missing or damaged, or its numbers are inconsistent.
        """
        description, payload = read_pair(path, AccuracyModelError, MAX_FILE_BYTES, {"format_version": FORMAT_VERSION})
        arrays: dict[str, Any] = unpack_arrays(payload, path, AccuracyModelError, MAX_UNPACKED_BYTES, "accuracy model")
        entries = _checked_entries(description, path.with_suffix(".json"))
        missing = [name for name in _ARRAYS if name not in arrays]
        if missing:
            raise AccuracyModelError(f"{path}: arrays missing: {', '.join(missing)}")
        try:
            return cls(**{name: arrays[name] for name in _ARRAYS}, **entries)
        except AccuracyModelError as error:
            raise AccuracyModelError(f"{path}: {error}") from None


def _checked_entries(description: Mapping[str, Any], sidecar: Path) -> dict[str, Any]:
    kinds = {"content_fingerprint": str, "feature_names": list, "weight": int | float, "metadata": dict}
    for name, kind in kinds.items():
        value = description.get(name)
        if not isinstance(value, kind) or isinstance(value, bool):
            raise AccuracyModelError(f"{sidecar}: missing or malformed entry {name!r}, got {shown(value)}")
    entries = {name: description[name] for name in kinds}
    if not all(isinstance(name, str) for name in entries["feature_names"]):
        raise AccuracyModelError(f"{sidecar}: feature_names must hold texts")
    return {**entries, "feature_names": tuple(entries["feature_names"])}


@functools.cache
def shipped_models() -> dict[str, Path]:
    """The models that come with the package: file by ``content_fingerprint`` of the profile that each is for."""
    files = sorted(_SHIPPED.glob("*.npz"))
    return {read_json(file.with_suffix(".json"), AccuracyModelError)["content_fingerprint"]: file for file in files}


@functools.cache
def load_shipped_model(content_fingerprint: str) -> AccuracyModel:
    """The model that comes with the package for the profile of this fingerprint.

    Raises:
        AccuracyModelError: there is none.
    """
    if content_fingerprint not in shipped_models():
        raise AccuracyModelError(
            "no accuracy model for this profile comes with edgevision; train one with 'edgevision train-content "
            "PROFILE --out FILE.npz', and name it, as in joint-content:model=FILE.npz"
        )
    return AccuracyModel.load(shipped_models()[content_fingerprint])


@functools.cache
def shipped_digest() -> str:
    """SHA-256 of all models that come with the package."""
    return digest([sha256(file.read_bytes()) for file in sorted(_SHIPPED.glob("*"))])
