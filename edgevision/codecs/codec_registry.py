"""Registry of image codecs by name; a codec is imported at its first use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from edgevision.codecs.base import ImageCodec
from edgevision.imports import CODEC_LIBRARIES, require_all
from edgevision.registry import Registry

_CODECS: Registry[Callable[..., ImageCodec]] = Registry("codec")
_CODECS.add("spat-imco", "edgevision.codecs.spat_imco.spat_imco_codec:SpatImco")
_CODECS.add("uniform", "edgevision.codecs.uniform:UniformJpeg")


def names() -> tuple[str, ...]:
    """Names that ``make`` knows, sorted."""
    return _CODECS.names()


def make(name: str, **settings: Any) -> ImageCodec:
    """Build the codec ``name``; ``settings`` are the fields of its class.

    Raises:
        UnknownNameError: there is no such codec.
        UnknownSettingError: it has no such setting.
        MissingExtraError: the extra ``codecs`` is not installed.
        CodecInputError: a setting is out of range.
    """
    if name in _CODECS:
        require_all(CODEC_LIBRARIES, "codecs")
    return _CODECS.make(name, settings)
