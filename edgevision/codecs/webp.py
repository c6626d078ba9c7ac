"""Lossy WebP by Pillow.

Source of the format: RFC 9649, sections 2.3 to 2.5 (file), and RFC 6386, section 9.1 (frame header).
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import PIL
from PIL import Image, features

from edgevision.arrays import ByteImage, FloatArray
from edgevision.checks import checked_bytes, whole_number
from edgevision.codecs.base import MAX_PIXELS, QUALITY_SCALE, ImageInfo
from edgevision.codecs.quality_codec import QualityCodec
from edgevision.errors import BitstreamError, CodecInputError
from edgevision.silence import silenced
from edgevision.vision.importance import Importance

_QUALITIES = (90, 80, 70, 60, 50, 40, 35, 30, 25, 20, 15, 10, 8, 6, 4, 2, 0)
_FRAME = 20  # where the frame begins
_START_CODE = b"\x9d\x01\x2a"


@dataclass(frozen=True)
class WebP(QualityCodec):
    """Ordinary ``.webp`` files, 4:2:0. The format has no grey: grey pictures are coded as colour, nearly grey.

    Attributes:
        method: effort of the encoder, 0 to 6 (smallest files).
    """

    method: int = 6
    name = "webp"
    scale = QUALITY_SCALE
    levels = tuple(100.0 - quality for quality in _QUALITIES)
    suffix = ".webp"
    max_side = 16383

    def __post_init__(self) -> None:
        whole_number("method", self.method, 0, 6, CodecInputError)
        if not features.check("webp"):
            raise CodecInputError("the installed Pillow cannot write WebP; run: pip install 'pillow>=11.3'")

    @property
    def version(self) -> str:
        """See ``QualityCodec.version``."""
        return f"1, Pillow {PIL.__version__}, libwebp {features.version('webp')}"

    @property
    def settings(self) -> Mapping[str, Any]:
        """See ``QualityCodec.settings``."""
        return {"method": self.method}

    def encoder(self, image: ByteImage, importance: Importance | FloatArray | None) -> Callable[[float], bytes]:
        """See ``QualityCodec.encoder``."""
        picture = Image.fromarray(image).convert("RGB")
        return lambda level: _webp(picture, 100 - round(level), self.method)

    def decode(self, data: bytes) -> ByteImage:
        """See ``ImageCodec.decode``."""
        data = checked_bytes(data, BitstreamError)
        width, height = _size(data)
        try:
            with silenced(), Image.open(io.BytesIO(data), formats=["WEBP"]) as picture:
                picture.load()
                pixels = np.asarray(picture.convert("RGB"))
        except Exception as error:  # Pillow's parsers raise many types on bad bytes
            raise BitstreamError(f"WebP data cannot be decoded ({error})") from error
        if pixels.shape != (height, width, 3):
            raise BitstreamError("WebP data do not have the size that their header says")
        return pixels.copy()

    def inspect(self, data: bytes) -> ImageInfo:
        """See ``ImageCodec.inspect``; the level is not in the file."""
        data = checked_bytes(data, BitstreamError)
        width, height = _size(data)
        return ImageInfo(self.name, "plain", width, height, 3, len(data), (), subsampling="4:2:0")


def _webp(picture: Image.Image, quality: int, method: int) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", quality=quality, method=method)
    return buffer.getvalue()


def is_webp(data: bytes) -> bool:
    """Whether bytes begin as a WebP file does."""
    return data[:4] == b"RIFF" and data[8:12] == b"WEBP"


def _size(data: bytes) -> tuple[int, int]:
    """Stated width and height of a file with one lossy picture and nothing else.

    Raises:
        BitstreamError: not such a file, truncated, or more than ``MAX_PIXELS`` pixels.
    """
    if not is_webp(data):
        raise BitstreamError("not a WebP file")
    if data[12:16] != b"VP8 ":
        raise BitstreamError("WebP file of another kind than one lossy picture, which is not read")
    whole, frame = (int.from_bytes(data[place : place + 4], "little") for place in (4, 16))
    if whole + 8 != len(data) or _FRAME + frame + frame % 2 != len(data) or frame < 10:
        raise BitstreamError("WebP file is truncated or damaged")
    if data[_FRAME] & 1 or data[_FRAME + 3 : _FRAME + 6] != _START_CODE:
        raise BitstreamError("WebP file without a key frame")
    width, height = (int.from_bytes(data[place : place + 2], "little") & 0x3FFF for place in (_FRAME + 6, _FRAME + 8))
    if not 0 < width * height <= MAX_PIXELS:
        raise BitstreamError(f"WebP file of {height} x {width} pixels; must have 1 to {MAX_PIXELS}")
    return width, height
