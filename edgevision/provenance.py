"""Provenance of measured numbers: a digest of settings, weights and data; versions of libraries; the processor."""

from __future__ import annotations

import hashlib
import inspect
import json
import platform
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike

from edgevision.version import __version__


class Network(Protocol):
    """The part of ``torch.nn.Module`` that ``digest`` uses, so that PyTorch need not be imported."""

    def state_dict(self) -> Mapping[str, Any]:
        """Tensors by name."""


def digest(settings: Any, networks: Iterable[Network] = (), arrays: Iterable[ArrayLike] = ()) -> str:
    """SHA-256, 64 hexadecimal digits, of settings, weights and arrays.

    Args:
        settings: JSON values; the order of keys does not matter, and other objects count by their ``str``.
        networks: networks whose weights count, in this order.
        arrays: read one at a time, so they may be generated or mapped from a file.
    """
    found = hashlib.sha256(json.dumps(settings, sort_keys=True, separators=(",", ":"), default=str).encode())

    def add(name: str, array: ArrayLike) -> None:
        values = np.asarray(array)
        found.update(f"{name} {values.dtype} {values.shape}".encode())
        found.update(values.tobytes())

    for network in networks:
        for name, value in network.state_dict().items():
            add(name, value.cpu())
    for array in arrays:
        add("array", array)
    return found.hexdigest()


def source_digest(value: object) -> str:
    """SHA-256 of the file that defines an object's class or a function; ``unknown`` where there is no file."""
    try:
        defined = value if inspect.isfunction(value) else type(value)
        return hashlib.sha256(Path(inspect.getfile(defined)).read_bytes()).hexdigest()
    except (TypeError, OSError):
        return "unknown"


def versions(libraries: Iterable[str]) -> dict[str, str]:
    """Versions of Python, this package and each given distribution that is installed."""
    found = {"python": platform.python_version(), "edgevision-gym": __version__}
    for library in libraries:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            continue
    return found


def cpu_name() -> str:
    """Name of this machine's processor."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
