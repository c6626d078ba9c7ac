"""Codecs by name; modules that need the extra ``codecs``, imported when first asked for."""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any

from edgevision.codecs.base import ImageCodec
from edgevision.errors import require, unknown_name

_CODECS = {"spat-imco": ("spat_imco", "SpatImco"), "uniform": ("uniform", "UniformJpeg")}
_DEPENDENCIES = ("torch", "timm", "PIL", "jpeglib", "captum", "safetensors", "av", "constriction")


def names() -> tuple[str, ...]:
    """Names that ``make`` knows, sorted."""
    return tuple(sorted(_CODECS))


def make(name: str, **settings: Any) -> ImageCodec:
    """Build the codec ``name``; ``settings`` are the fields of its class.

    Raises:
        UnknownNameError: there is no such codec.
        MissingExtraError: the extra ``codecs`` is not installed.
        ValueError: a setting is out of range.
    """
    if name not in _CODECS:
        raise unknown_name("codec", name, names())
    module, attribute = _CODECS[name]
    codec: ImageCodec = getattr(load_module(module), attribute)(**settings)
    return codec


def load_module(name: str) -> ModuleType:
    """Import a module of this package, or say in one line that its libraries are missing.

    Raises:
        MissingExtraError: the extra ``codecs`` is not installed.
    """
    for dependency in _DEPENDENCIES:
        require(dependency, "codecs")
    return importlib.import_module(f"edgevision.codecs.{name}")
