"""Fingerprints of what scores depend on besides settings: versions, code and profile."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np

from edgevision import provenance
from edgevision.profiles import OperatingPointProfile
from edgevision.provenance import digest
from edgevision.storage.disk_files import sha256

_LIBRARIES = ("gymnasium", "numpy", "scipy", "cvxpy", "clarabel", "torch", "stable-baselines3")
#: Code that no score depends on. All other code is part of the fingerprint, new files included.
_WITHOUT_EFFECT = (
    *("cli", "codecs", "data", "measure", "vision", "experiments/codec_comparison"),
    *("experiments/benchmark", "experiments/figures", "experiments/report"),
    *("experiments/demo.py", "experiments/plot_style.py"),
)


@functools.cache
def versions() -> dict[str, str]:
    """Versions of Python, this package and the installed libraries that scores may depend on."""
    return provenance.versions(_LIBRARIES)


@functools.cache
def code_fingerprint(package: Path = Path(__file__).parents[2]) -> str:
    """SHA-256 of the source that decides scores. Results that other code computed are not used again."""
    return digest([[path.relative_to(package).as_posix(), path.read_text("utf-8")] for path in scoring_code(package)])


def scoring_code(package: Path) -> list[Path]:
    """The source files below ``package`` that scores may depend on, sorted."""
    left_out = [package / part for part in _WITHOUT_EFFECT]
    files = sorted(package.rglob("*.py"))
    return [file for file in files if not any(file == part or part in file.parents for part in left_out)]


def file_fingerprint(path: str | None) -> str:
    """SHA-256 of a file that a scenario reads; empty for none."""
    return sha256(Path(path).read_bytes()) if path else ""


def profile_fingerprint(profile: OperatingPointProfile) -> str:
    """SHA-256 of a profile's numbers."""
    arrays = (profile.size, profile.raw_size, profile.accuracy, profile.correct, profile.features, profile.split)
    times = (profile.device_time, profile.edge_time)
    return digest([], arrays=(np.zeros(0) if array is None else array for array in (*arrays, *times)))
