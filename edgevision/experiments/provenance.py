"""Fingerprints of what a score depends on besides its settings: versions, code and profile."""

from __future__ import annotations

import functools
import hashlib
import json
from pathlib import Path
from typing import Any

from edgevision import provenance
from edgevision.envs import OperatingPointProfile

_LIBRARIES = ("gymnasium", "numpy", "scipy", "cvxpy", "clarabel", "torch", "stable-baselines3")
_SCORING_CODE = ("envs", "baselines", "agents", "experiments/contenders.py", "experiments/rollout.py")


@functools.cache
def versions() -> dict[str, str]:
    """Versions of Python, this package and the installed libraries that scores may depend on."""
    return provenance.versions(_LIBRARIES)


@functools.cache
def code_fingerprint() -> str:
    """SHA-256 of the package's source that decides scores, so that edited code never meets stored results."""
    root = Path(__file__).parents[1]
    files = [path for part in _SCORING_CODE for path in (sorted((root / part).rglob("*.py")) or [root / part])]
    return digest([[path.relative_to(root).as_posix(), path.read_text(encoding="utf-8")] for path in files])


def profile_fingerprint(profile: OperatingPointProfile) -> str:
    """SHA-256 of a profile's numbers."""
    arrays = (profile.size, profile.raw_size, profile.accuracy, profile.correct, profile.features, profile.split)
    times = (profile.device_time, profile.edge_time)
    hashed = hashlib.sha256()
    for array in (*arrays, *times):
        hashed.update(b"none" if array is None else array.tobytes())
    return hashed.hexdigest()


def digest(description: Any) -> str:
    """SHA-256 of a JSON-like description, in canonical form."""
    text = json.dumps(description, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()
