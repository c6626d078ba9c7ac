"""Better encoders of ordinary JPEG files, as references in the codec benchmark: MozJPEG's scans, and jpegli.

Their files are progressive, so Pillow decodes them.
"""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Any

import numpy as np
from PIL import Image

from edgevision.arrays import ByteImage, FloatArray
from edgevision.checks import checked_bytes
from edgevision.codecs.base import JPEG_SCALE, MAX_PIXELS, MAX_SIDE, ImageInfo, LevelScale
from edgevision.codecs.quality_codec import QualityCodec
from edgevision.codecs.uniform import UniformJpeg
from edgevision.errors import BitstreamError
from edgevision.imports import require
from edgevision.vision.importance import Importance

#: The package of each encoder, as it is imported.
_PACKAGES = {"mozjpeg": "mozjpeg_lossless_optimization", "jpegli": "pyjpegli"}
JPEG_ENCODERS = tuple(_PACKAGES)
EXTRA = "bench"


def installed_jpeg_encoders() -> tuple[str, ...]:
    """The encoders whose package is installed."""
    return tuple(name for name, package in _PACKAGES.items() if importlib.util.find_spec(package) is not None)


def make_jpeg_encoder(name: str) -> QualityCodec:
    """The encoder ``mozjpeg`` or ``jpegli``.

    Raises:
        MissingExtraError: its package is not installed.
    """
    require(_PACKAGES[name], EXTRA)
    return MozJpeg() if name == MozJpeg.name else Jpegli()


class _OrdinaryJpeg(QualityCodec):
    """A codec whose files Pillow decodes."""

    suffix = ".jpg"
    max_side = MAX_SIDE

    @property
    def version(self) -> str:
        """Version of the encoder's package."""
        return f"{_PACKAGES[self.name]} {version(_PACKAGES[self.name].replace('_', '-'))}"

    @property
    def settings(self) -> Mapping[str, Any]:
        """Settings that determine the bytes, besides the level."""
        return {}

    def decode(self, data: bytes) -> ByteImage:
        """See ``ImageCodec.decode``."""
        return np.array(_opened(data, decode=True).convert("RGB"))

    def inspect(self, data: bytes) -> ImageInfo:
        """See ``ImageCodec.inspect``; levels are not given."""
        picture = _opened(data, decode=False)
        bands = len(picture.getbands())
        return ImageInfo(self.name, "plain", picture.width, picture.height, bands, len(data), ())


class MozJpeg(_OrdinaryJpeg):
    """Uniform JPEG whose coefficients MozJPEG stores in fewer bytes, without loss.

    MozJPEG's trellis quantisation is not part of it: no maintained package offers that.
    """

    name = "mozjpeg"
    scale = JPEG_SCALE
    levels = UniformJpeg.levels

    @property
    def settings(self) -> Mapping[str, Any]:
        """Settings that determine the bytes, besides the level."""
        return UniformJpeg().settings

    def encoder(self, image: ByteImage, importance: Importance | FloatArray | None) -> Callable[[float], bytes]:
        """See ``QualityCodec.encoder``; ``importance`` has no effect."""
        from mozjpeg_lossless_optimization import optimize

        return lambda level: bytes(optimize(UniformJpeg().encode(image, level=level)))


class Jpegli(_OrdinaryJpeg):
    """Google's jpegli; grey pictures are stored as colour, because the package takes nothing else."""

    name = "jpegli"
    scale = LevelScale("100 - quality", tuple(map(float, range(100))))
    levels = tuple(100.0 - q for q in (95, 90, 85, 80, 75, 70, 60, 50, 40, 30, 20, 15, 10, 7, 5, 3, 2, 1))

    def encoder(self, image: ByteImage, importance: Importance | FloatArray | None) -> Callable[[float], bytes]:
        """See ``QualityCodec.encoder``; ``importance`` has no effect."""
        from pyjpegli import encode

        pixels = np.ascontiguousarray(np.asarray(Image.fromarray(image).convert("RGB")))
        return lambda level: bytes(encode(pixels, image.shape[1], image.shape[0], quality=round(100 - level)))


def _opened(data: bytes, *, decode: bool) -> Image.Image:
    data = checked_bytes(data, BitstreamError)
    try:
        with Image.open(io.BytesIO(data), formats=["JPEG"]) as picture:
            if not picture.width * picture.height <= MAX_PIXELS:
                raise BitstreamError(f"JPEG file of {picture.height} x {picture.width} pixels; at most {MAX_PIXELS}")
            if decode:
                picture.load()
            return picture
    except BitstreamError:
        raise
    except Exception as error:  # Pillow's parsers raise many types on bad bytes
        raise BitstreamError(f"JPEG data cannot be decoded ({error})") from error
