"""WebP and AVIF, encoded by Pillow, as references in the codec benchmark."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import PIL
from PIL import Image, features

from edgevision.arrays import ByteImage
from edgevision.checks import checked_bytes, real_number
from edgevision.codecs.base import ImageInfo, check_image
from edgevision.errors import BitstreamError, CodecInputError
from edgevision.vision.importance import Importance

REFERENCES = ("webp", "avif")


def available_references() -> tuple[str, ...]:
    """The formats in ``REFERENCES`` that the installed Pillow can write."""
    return tuple(name for name in REFERENCES if features.check(name))


@dataclass(frozen=True)
class PillowCodec:
    """A format of Pillow as an ``ImageCodec``. It takes a level, not a size or ratio.

    A level is the quality with a minus sign, to distinguish it from a factor on quantisation tables.

    Attributes:
        name: ``webp`` or ``avif``.
        levels: least to most compressed.
    """

    name: str
    levels = tuple(-float(q) for q in (90, 80, 70, 60, 50, 40, 30, 20, 15, 10, 7, 5, 3, 2, 1, 0))

    def __post_init__(self) -> None:
        if self.name not in available_references():
            raise CodecInputError(f"the installed Pillow cannot write {self.name!r}")

    @property
    def version(self) -> str:
        """Versions of Pillow and of the library of the format."""
        return f"Pillow {PIL.__version__}, {features.version(self.name)}"

    @property
    def settings(self) -> Mapping[str, Any]:
        """The settings that determine the bytes, besides the level."""
        return {"format": self.name}

    def analyse(self, image: ByteImage) -> None:
        """Return ``None``: the encoder needs no importance map."""

    def encode(
        self,
        image: ByteImage,
        *,
        level: float | None = None,
        target_bytes: int | None = None,
        ratio: float | None = None,
        importance: Importance | None = None,
    ) -> bytes:
        """See ``ImageCodec.encode``; ``importance`` has no effect.

        Raises:
            CodecInputError: not an image, or the rate is not a level in [-100, 0].
        """
        check_image(image)
        if level is None or target_bytes is not None or ratio is not None:
            raise CodecInputError(f"{self.name} takes a level in [-100, 0] and no other rate")
        level = real_number("level", level, -100, 0, CodecInputError)
        buffer = io.BytesIO()
        Image.fromarray(image).save(buffer, self.name, quality=round(-level))
        return buffer.getvalue()

    def decode(self, data: bytes) -> ByteImage:
        """See ``ImageCodec.decode``."""
        return np.asarray(self._open(data).convert("RGB"))

    def inspect(self, data: bytes) -> ImageInfo:
        """See ``ImageCodec.inspect``; the level is not in the file."""
        picture = self._open(data)
        return ImageInfo(self.name, self.name, picture.width, picture.height, len(picture.getbands()), len(data), ())

    def _open(self, data: bytes) -> Image.Image:
        data = checked_bytes(data, BitstreamError)
        try:
            with Image.open(io.BytesIO(data), formats=[self.name]) as picture:
                picture.load()
                return picture
        except Exception as error:  # Pillow raises many types of error on bad bytes
            raise BitstreamError(f"{self.name} data cannot be decoded ({error})") from error
