"""Formats of kept libraries as reference rows in the codec benchmark: WebP and AVIF through Pillow."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import PIL
from PIL import Image, features

from edgevision.arrays import ByteImage
from edgevision.codecs.base import ImageInfo, check_image
from edgevision.errors import BitstreamError
from edgevision.vision.importance import Importance

REFERENCES = ("webp", "avif")


def available_references() -> tuple[str, ...]:
    """Those of ``REFERENCES`` that the installed Pillow can write."""
    return tuple(name for name in REFERENCES if features.check(name))


@dataclass(frozen=True)
class PillowCodec:
    """One of Pillow's formats as an ``ImageCodec`` that is driven by level only.

    Attributes:
        name: ``webp`` or ``avif``. A level is minus the format's quality, so that none is mistaken
            for a factor on quantisation tables.
    """

    name: str
    levels = tuple(-float(q) for q in (90, 80, 70, 60, 50, 40, 30, 20, 15, 10, 7, 5, 3, 2, 1, 0))

    def __post_init__(self) -> None:
        if self.name not in available_references():
            raise ValueError(f"the installed Pillow cannot write {self.name!r}")

    @property
    def version(self) -> str:
        """Pillow's version and its library's."""
        return f"Pillow {PIL.__version__}, {features.version(self.name)}"

    @property
    def settings(self) -> Mapping[str, Any]:
        """What determines the bytes besides the level."""
        return {"format": self.name}

    def analyse(self, image: ByteImage) -> None:
        """Nothing: one level fits all images."""

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
            ValueError: not an image, or anything but a level in [-100, 0].
        """
        check_image(image)
        if level is None or target_bytes is not None or ratio is not None or not -100 <= level <= 0:
            raise ValueError(f"{self.name} takes a level in [-100, 0] and no other rate")
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
        try:
            with Image.open(io.BytesIO(data), formats=[self.name]) as picture:
                picture.load()
                return picture
        except Exception as error:  # Pillow's parsers raise many types on bad bytes; there is one answer to all
            raise BitstreamError(f"{self.name} data cannot be decoded ({error})") from error
