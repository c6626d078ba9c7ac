"""Imports of optional libraries, and lazy imports that keep ``import edgevision`` fast."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from edgevision.errors import MissingExtraError, UnknownNameError, shown

#: Libraries of the extra ``codecs``.
CODEC_LIBRARIES = ("torch", "timm", "PIL", "jpeglib", "captum", "safetensors", "skimage", "av", "constriction")
#: Libraries of the extra ``agents``.
AGENT_LIBRARIES = ("torch", "stable_baselines3", "safetensors", "tensorboard", "matplotlib", "yaml")


def require(module: str, extra: str) -> ModuleType:
    """Import ``module``; if it is missing, the error names the extra of ``edgevision-gym`` that installs it.

    Raises:
        MissingExtraError: the module is not installed.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or module.split(".")[0] != error.name.split(".")[0]:
            raise
        raise MissingExtraError(
            f"{error.name!r} is not installed; run: pip install 'edgevision-gym[{extra}]'"
        ) from error


def require_all(modules: Iterable[str], extra: str) -> None:
    """Import every module.

    Raises:
        MissingExtraError: a module is not installed.
    """
    for module in modules:
        require(module, extra)


def lazy_attributes(
    package: str, module_of: Mapping[str, str], extra: str, needs: Mapping[str, Sequence[str]] | Sequence[str]
) -> Callable[[str], Any]:
    """Make the ``__getattr__`` of a package that imports its public names at their first use (PEP 562).

    Args:
        package: ``__name__`` of the package.
        module_of: public name -> module of the package that defines it.
        extra: the extra that installs the libraries.
        needs: libraries that must be installed, for all names or for each one.

    Returns:
        A function from name to object; it raises ``MissingExtraError`` if a library is not installed.
    """

    def get(name: str) -> Any:
        if name not in module_of:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        require_all(needs[name] if isinstance(needs, Mapping) else needs, extra)
        return getattr(importlib.import_module(f"{package}.{module_of[name]}"), name)

    return get


def import_own(module: str) -> ModuleType:
    """Import a module of the user, which may lie in the current folder; only for names that the user typed.

    Raises:
        UnknownNameError: it cannot be imported.
    """
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.append(here)  # last, so that no file there hides a library
    try:
        return importlib.import_module(module)
    except (ImportError, ValueError, SyntaxError) as error:
        raise UnknownNameError(f"module {shown(module)} cannot be imported ({error})") from None
