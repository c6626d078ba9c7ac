"""Registry of image codecs by name; a codec is imported at its first use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from edgevision.codecs.base import ImageCodec
from edgevision.imports import CODEC_LIBRARIES, require_all
from edgevision.registry import Registry

_CODECS: Registry[Callable[..., ImageCodec]] = Registry("codec")
_CODECS.add("avif", "edgevision.codecs.av1.avif_codec:Avif")
_CODECS.add("avif-raw", "edgevision.codecs.av1.avif_codec:AvifRaw")
_CODECS.add("h264", "edgevision.codecs.h26x.intra_codec:H264")
_CODECS.add("hevc", "edgevision.codecs.h26x.intra_codec:Hevc")
_CODECS.add("spat-avif", "edgevision.codecs.steered.spat_avif:SpatAvif")
_CODECS.add("spat-h264", "edgevision.codecs.steered.spat_h26x:SpatH264")
_CODECS.add("spat-hevc", "edgevision.codecs.steered.spat_h26x:SpatHevc")
_CODECS.add("spat-imco", "edgevision.codecs.spat_imco.spat_imco_codec:SpatImco")
_CODECS.add("uniform", "edgevision.codecs.uniform:UniformJpeg")
_CODECS.add("webp", "edgevision.codecs.webp:WebP")


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
