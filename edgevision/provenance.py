"""What a measured number depends on: settings, weights and data as a digest, versions, the machine for timings."""

from __future__ import annotations

import hashlib
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
    """What PyTorch's modules have, which this module does not import."""

    def state_dict(self) -> Mapping[str, Any]:
        """Tensors by name."""


def digest(settings: Any, networks: Iterable[Network] = (), arrays: Iterable[ArrayLike] = ()) -> str:
    """64 hexadecimal digits that change when a setting, a weight or a value of an array does.

    Args:
        settings: JSON values, in whatever order mappings have; anything else counts by its text.
        networks: in an order that counts.
        arrays: taken one at a time; may be mapped from a file.
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


def versions(libraries: Iterable[str]) -> dict[str, str]:
    """Versions of Python, this package and those of the given distributions that are installed."""
    found = {"python": platform.python_version(), "edgevision-gym": __version__}
    for library in libraries:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            continue
    return found


def cpu_name() -> str:
    """The processor that timings are taken on."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
