"""AVIF, steered: the picture is blurred where it matters little before the encoder sees it.

libaom takes no map of its own through public calls of kept libraries, so the picture itself is changed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from edgevision.arrays import ByteImage, FloatArray
from edgevision.checks import checked_bytes
from edgevision.codecs.av1.avif_boxes import is_avif
from edgevision.codecs.av1.avif_codec import Avif, AvifRaw
from edgevision.codecs.base import QUALITY_SCALE, ImageInfo
from edgevision.codecs.steered import strengths
from edgevision.codecs.steered.importance_blur import blur
from edgevision.codecs.steered.steered_codec import SteeredCodec
from edgevision.codecs.steered.strengths import Strength
from edgevision.errors import BitstreamError, CodecInputError, shown


@dataclass(frozen=True)
class SpatAvif(SteeredCodec):
    """Importance blur and Pillow's AVIF.

    Attributes:
        container: ``mapped`` (the AV1 payload alone) or ``plain`` (an ordinary ``.avif``, 277 bytes larger). Either is
            decoded.
        speed: of the encoder, 0 (smallest files) to 10.
    """

    container: str = "mapped"
    speed: int = 6
    name = "spat-avif"
    scale = QUALITY_SCALE
    levels = Avif.levels
    max_side = Avif.max_side
    strengths = strengths.AVIF

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.container not in ("mapped", "plain"):
            raise CodecInputError(f"container must be 'mapped' or 'plain', got {shown(self.container)}")
        _ = self.unsteered  # which checks the speed

    @cached_property
    def unsteered(self) -> Avif:
        """See ``SteeredCodec.unsteered``."""
        return (AvifRaw if self.container == "mapped" else Avif)(self.speed)

    @property
    def suffix(self) -> str:  # type: ignore[override]
        """Suffix of the container's files."""
        return self.unsteered.suffix

    @property
    def settings(self) -> dict[str, Any]:
        """See ``QualityCodec.settings``."""
        return {"container": self.container, **super().settings}

    def steered(self, image: ByteImage, ranks: FloatArray, side: int, level: float, strength: Strength) -> bytes:
        """See ``SteeredCodec.steered``."""
        return self.unsteered.encoder(blur(image, ranks, side, strength.blur), None)(level)

    def decode(self, data: bytes) -> ByteImage:
        """See ``ImageCodec.decode``."""
        return _reader(data).decode(data)

    def inspect(self, data: bytes) -> ImageInfo:
        """See ``ImageCodec.inspect``."""
        found = _reader(data).inspect(data)
        return replace(found, codec=self.name, container="plain" if found.container == "plain" else "mapped")


def _reader(data: bytes) -> Avif:
    return Avif() if is_avif(checked_bytes(data, BitstreamError)) else AvifRaw()
