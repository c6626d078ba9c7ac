"""Better encoders of ordinary JPEG files, as references in the codec benchmark: MozJPEG's scans, and jpegli.

Their files are progressive, so Pillow decodes them.
"""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import numpy as np
from PIL import Image

from edgevision.arrays import ByteImage
from edgevision.checks import checked_bytes, real_number
from edgevision.codecs.base import MAX_PIXELS, ImageInfo, check_image
from edgevision.codecs.uniform import UniformJpeg
from edgevision.errors import BitstreamError, CodecInputError
from edgevision.imports import require
from edgevision.vision.importance import Importance

#: The package of each encoder, as it is imported.
_PACKAGES = {"mozjpeg": "mozjpeg_lossless_optimization", "jpegli": "pyjpegli"}
JPEG_ENCODERS = tuple(_PACKAGES)
EXTRA = "bench"


def installed_jpeg_encoders() -> tuple[str, ...]:
    """The encoders whose package is installed."""
    return tuple(name for name, package in _PACKAGES.items() if importlib.util.find_spec(package) is not None)


class _OrdinaryJpeg:
    """What both encoders share: no importance map, and files that Pillow decodes."""

    name: str

    def __init__(self) -> None:
        require(_PACKAGES[self.name], EXTRA)

    @property
    def version(self) -> str:
        """Version of the encoder's package."""
        return f"{_PACKAGES[self.name]} {version(_PACKAGES[self.name].replace('_', '-'))}"

    def analyse(self, image: ByteImage) -> None:
        """Return ``None``: the encoder needs no importance map."""

    def decode(self, data: bytes) -> ByteImage:
        """See ``ImageCodec.decode``."""
        return np.asarray(_opened(data, decode=True).convert("RGB"))

    def inspect(self, data: bytes) -> ImageInfo:
        """See ``ImageCodec.inspect``; levels are not given."""
        picture = _opened(data, decode=False)
        bands = len(picture.getbands())
        return ImageInfo(self.name, "progressive", picture.width, picture.height, bands, len(data), ())


class MozJpeg(_OrdinaryJpeg):
    """Uniform JPEG whose coefficients MozJPEG stores in fewer bytes, without loss; levels are those of ``uniform``.

    MozJPEG's trellis quantisation is not part of it: no maintained package offers that.
    """

    name = "mozjpeg"
    levels = UniformJpeg.levels
    settings: Mapping[str, Any] = UniformJpeg().settings

    def encode(
        self,
        image: ByteImage,
        *,
        level: float | None = None,
        target_bytes: int | None = None,
        ratio: float | None = None,
        importance: Importance | None = None,
    ) -> bytes:
        """See ``ImageCodec.encode``; takes a level only, and ``importance`` has no effect.

        Raises:
            CodecInputError: not an image, or the rate is not a level in [1/16, 64].
        """
        from mozjpeg_lossless_optimization import optimize

        if level is None or target_bytes is not None or ratio is not None:
            raise CodecInputError(f"{self.name} takes a level and no other rate")
        smaller: bytes = optimize(UniformJpeg().encode(image, level=level))
        return smaller


class Jpegli(_OrdinaryJpeg):
    """Google's jpegli. A level is the quality from 1 to 100 with a minus sign."""

    name = "jpegli"
    levels = tuple(-float(q) for q in (95, 90, 85, 80, 75, 70, 60, 50, 40, 30, 20, 15, 10, 7, 5, 3, 2, 1))
    settings: Mapping[str, Any] = {}

    def encode(
        self,
        image: ByteImage,
        *,
        level: float | None = None,
        target_bytes: int | None = None,
        ratio: float | None = None,
        importance: Importance | None = None,
    ) -> bytes:
        """See ``ImageCodec.encode``; takes a level only, and ``importance`` has no effect.

        Raises:
            CodecInputError: not an image, or the rate is not a level in [-100, -1].
        """
        from pyjpegli import encode

        check_image(image)
        if level is None or target_bytes is not None or ratio is not None:
            raise CodecInputError(f"{self.name} takes a level in [-100, -1] and no other rate")
        quality = round(-real_number("level", level, -100, -1, CodecInputError))
        pixels = np.ascontiguousarray(np.asarray(Image.fromarray(image).convert("RGB")))
        data: bytes = encode(pixels, image.shape[1], image.shape[0], quality=quality)
        return data


def _opened(data: bytes, *, decode: bool) -> Image.Image:
    data = checked_bytes(data, BitstreamError)
    try:
        with Image.open(io.BytesIO(data), formats=["JPEG"]) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise BitstreamError(f"JPEG file of more than {MAX_PIXELS} pixels")
            if decode:
                picture.load()
            return picture
    except BitstreamError:
        raise
    except Exception as error:  # Pillow's parsers raise many types on bad bytes
        raise BitstreamError(f"JPEG data cannot be decoded ({error})") from error


def make_jpeg_encoder(name: str) -> MozJpeg | Jpegli:
    """The encoder ``mozjpeg`` or ``jpegli``.

    Raises:
        MissingExtraError: its package is not installed.
    """
    return MozJpeg() if name == MozJpeg.name else Jpegli()
