"""HEVC and H.264, steered: quantisation differs between regions of interest, and the rest is blurred a little.

The regions go to libx265 and libx264 through FFmpeg's filter ``addroi``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from edgevision.arrays import ByteImage, FloatArray
from edgevision.codecs.base import CRF_SCALE
from edgevision.codecs.h26x.intra_codec import H264, LADDER, Hevc, IntraCodec
from edgevision.codecs.h26x.intra_file import MAX_SIDE
from edgevision.codecs.planes import to_planes
from edgevision.codecs.steered import strengths
from edgevision.codecs.steered.importance_blur import blur
from edgevision.codecs.steered.steered_codec import SteeredCodec
from edgevision.codecs.steered.strengths import Strength


@dataclass(frozen=True)
class SpatIntra(SteeredCodec):
    """Regions of interest by quantisation parameter, and importance blur.

    A region of rank r gets the offset ``offset`` (1 - 2 r), rounded.

    Attributes:
        preset: of the encoder; a slower one makes smaller files.
    """

    preset: str = "slow"
    coder: ClassVar[type[IntraCodec]]
    scale = CRF_SCALE
    levels = LADDER
    max_side = MAX_SIDE

    def __post_init__(self) -> None:
        super().__post_init__()
        _ = self.unsteered  # which checks the preset

    @cached_property
    def unsteered(self) -> IntraCodec:
        """See ``SteeredCodec.unsteered``."""
        return self.coder(self.preset)

    def steered(self, image: ByteImage, ranks: FloatArray, side: int, level: float, strength: Strength) -> bytes:
        """See ``SteeredCodec.steered``."""
        offsets = np.rint(strength.offset * (1 - 2 * ranks)).astype(np.int64)
        return self.unsteered.code(to_planes(blur(image, ranks, side, strength.blur)), level, offsets, side)


@dataclass(frozen=True)
class SpatHevc(SpatIntra):
    """HEVC, steered."""

    coder = Hevc
    name = "spat-hevc"
    suffix = Hevc.suffix
    strengths = strengths.HEVC


@dataclass(frozen=True)
class SpatH264(SpatIntra):
    """H.264, steered."""

    preset: str = "veryslow"
    coder = H264
    name = "spat-h264"
    suffix = H264.suffix
    strengths = strengths.H264
