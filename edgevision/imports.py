"""Imports of optional libraries, and lazy imports that keep ``import edgevision`` fast."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from edgevision.errors import EdgeVisionError, MissingExtraError, OwnCodeError, UnknownNameError, shown

_OWN = re.compile(r"([^\W\d]\w*(?:\.[^\W\d]\w*)*):([^\W\d]\w*)(?::(.*))?", re.DOTALL)
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
    except Exception as error:  # a module may raise anything
        raise UnknownNameError(f"module {shown(module)} cannot be imported ({error or type(error).__name__})") from None


def is_own(text: str) -> bool:
    """Whether a text has the form ``MODULE:CLASS`` or ``MODULE:CLASS:option=value,option=value``."""
    return _OWN.fullmatch(text) is not None


def make_own(kind: str, text: str, read: Callable[[Iterable[str]], Mapping[str, Any]]) -> Any:
    """Import a module of the user, and call a class (or function) of it; only for names that the user typed.

    Args:
        kind: what it makes, for messages.
        text: of the form that ``is_own`` knows.
        read: reads options from texts ``option=value``.

    Raises:
        UnknownNameError: the module cannot be imported, or has no such class.
        OwnCodeError: the class takes no such options, or fails.
        EdgeVisionError: the options cannot be read.
    """
    found = _OWN.fullmatch(text)
    if found is None:
        raise UnknownNameError(f"{kind} {shown(text)} is not of the form MODULE:CLASS or MODULE:CLASS:option=value")
    module, name, options = found.groups(default="")
    settings = read(filter(None, options.split(",")))
    make = getattr(import_own(module), name, None)
    if not callable(make):
        raise UnknownNameError(f"{kind} {shown(text)}: module {module} has no class {name}")
    try:
        return make(**settings)
    except EdgeVisionError:
        raise
    except Exception as error:  # a class may raise anything
        raise OwnCodeError(f"{kind} {shown(text)} cannot be made ({type(error).__name__}: {error})") from None
