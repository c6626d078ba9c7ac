"""Unified-IMCO: baseline JPEG with one quantisation level for the whole image.

Region-wise coding is compared with it. It uses the tables of Annex K times the level, and Huffman tables optimised for
the image. Every file is an ordinary ``.jpg``.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from edgevision.arrays import ByteImage, FloatArray
from edgevision.checks import checked_bytes
from edgevision.codecs.base import JPEG_SCALE, ImageInfo, check_image, encode_at_rate
from edgevision.codecs.jpeg.markers import read_header
from edgevision.codecs.jpeg.quantisation_tables import CHROMINANCE, LUMINANCE, baseline_table, level_of
from edgevision.errors import BitstreamError, CodecInputError, shown
from edgevision.vision.importance import Importance

LADDER = (0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0, 12.0, 15.0, 20.0, 30.0)


@dataclass(frozen=True)
class UniformJpeg:
    """Baseline JPEG, quantisation tables K_Y and K_C times the level, clipped to 1..255.

    Attributes:
        subsampling: of the chroma planes: ``4:2:0``, ``4:2:2`` or ``4:4:4``.
    """

    subsampling: str = "4:2:0"
    name = "uniform"
    version = "1"
    scale = JPEG_SCALE
    levels = LADDER
    suffix = ".jpg"

    def __post_init__(self) -> None:
        if self.subsampling not in ("4:2:0", "4:2:2", "4:4:4"):
            raise CodecInputError(f"subsampling must be 4:2:0, 4:2:2 or 4:4:4, got {shown(self.subsampling)}")

    @property
    def settings(self) -> Mapping[str, Any]:
        """Settings that determine the bytes, besides the level."""
        return {"subsampling": self.subsampling, "tables": "Annex K", "huffman": "optimised"}

    def analyse(self, image: ByteImage) -> None:
        """Return ``None``: one level for all regions needs no importance map."""

    def encode(
        self,
        image: ByteImage,
        *,
        level: float | None = None,
        target_bytes: int | None = None,
        ratio: float | None = None,
        importance: Importance | FloatArray | None = None,
    ) -> bytes:
        """See ``ImageCodec.encode``; ``importance`` has no effect."""
        check_image(image)
        picture = Image.fromarray(image)
        return encode_at_rate(
            lambda mu: self._encode_level(picture, mu),
            image.nbytes,
            self.scale,
            level=level,
            target_bytes=target_bytes,
            ratio=ratio,
        )

    def _encode_level(self, picture: Image.Image, level: float) -> bytes:
        references = (LUMINANCE, CHROMINANCE) if picture.mode == "RGB" else (LUMINANCE,)
        tables = [baseline_table(reference, level).ravel().tolist() for reference in references]
        # Pillow accepts no chroma subsampling for grey pictures.
        sampling = {"subsampling": self.subsampling} if picture.mode == "RGB" else {}
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", qtables=tables, optimize=True, **sampling)
        return buffer.getvalue()

    def decode(self, data: bytes) -> ByteImage:
        """See ``ImageCodec.decode``."""
        return decode_baseline(data)

    def inspect(self, data: bytes) -> ImageInfo:
        """See ``ImageCodec.inspect``; the level is estimated from the luminance table."""
        data = checked_bytes(data, BitstreamError)
        header = read_header(data)
        return ImageInfo(
            codec=self.name,
            container="baseline",
            width=header.width,
            height=header.height,
            components=header.components,
            size=len(data),
            levels=(level_of(header.tables[0], LUMINANCE),),
            subsampling=header.subsampling,
        )


def decode_baseline(data: bytes) -> ByteImage:
    """Decode an ordinary baseline JPEG file, (H, W, 3) uint8.

    Raises:
        BitstreamError: ``data`` is not such a file, is damaged, or states more than ``MAX_PIXELS`` pixels.
    """
    data = checked_bytes(data, BitstreamError)
    header = read_header(data)
    try:
        with Image.open(io.BytesIO(data), formats=["JPEG"]) as picture:
            picture.load()
            pixels = np.array(picture if picture.mode == "RGB" else picture.convert("RGB"))
    except Exception as error:  # Pillow's parsers raise many types on bad bytes
        raise BitstreamError(f"JPEG data cannot be decoded ({error})") from error
    if pixels.shape != (header.height, header.width, 3):
        raise BitstreamError("JPEG data does not have the size its header says")
    return pixels
