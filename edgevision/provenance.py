"""What a measured number depends on besides its settings: versions, and the machine for timings."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from edgevision.version import __version__


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
