"""HEVC and H.264 as codecs of still pictures, by libx265 and libx264."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import av

from edgevision.arrays import ByteImage, FloatArray, IntArray
from edgevision.checks import checked_bytes
from edgevision.codecs.base import CRF_SCALE, ImageInfo
from edgevision.codecs.h26x.intra_file import MAX_SIDE, IntraFile, Standard, pack, unpack
from edgevision.codecs.h26x.key_frame import decode_frame, encode_frame
from edgevision.codecs.planes import Planes, to_image, to_planes
from edgevision.codecs.quality_codec import QualityCodec
from edgevision.errors import BitstreamError, CodecInputError, shown
from edgevision.vision.importance import Importance

LADDER = tuple(map(float, (12, 16, 19, 22, 25, 28, 30, 32, 34, 36, 38, 40, 42, 44, 46, 48, 51)))
PRESETS = ("ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow")

# Pictures are for classifiers, so psychovisual optimisation (psy) is off. Regions of interest need adaptive
# quantisation; its least strength leaves the rest to them.
# Equal bytes: with AVX-512, x264's depend on what its memory held before, and x265's do in frames of less than 96
# pixels; below 64 it even writes beyond its memory (x264 core 165, x265 4.2).
_X265 = (
    "keyint=1:aq-mode=1:aq-strength=0.01:qg-size=16:psy-rd=0:psy-rdoq=0:range=full:info=0:log-level=none:pools=none:"
    "frame-threads=1:wpp=0"
)
_X264 = "keyint=1:aq-mode=1:aq-strength=0.01:psy=0:fullrange=on:threads=1:asm=sse2"
HEVC_STANDARD = Standard(0, "hevc", "libx265", "x265-params", _X265, least=96, units=((32,), (33,), (34,), (19, 20)))
H264_STANDARD = Standard(1, "h264", "libx264", "x264-params", _X264, least=16, units=((7,), (8,), (5,)))


@dataclass(frozen=True)
class IntraCodec(QualityCodec):
    """One key frame, 4:2:0, or grey for grey pictures.

    Attributes:
        preset: of the encoder; a slower one makes smaller files.
        standard: HEVC or H.264.
    """

    preset: str
    standard: ClassVar[Standard]
    scale = CRF_SCALE
    levels = LADDER
    max_side = MAX_SIDE

    def __post_init__(self) -> None:
        if self.preset not in PRESETS:
            raise CodecInputError(f"preset must be one of {', '.join(PRESETS)}, got {shown(self.preset)}")
        if self.standard.encoder not in av.codecs_available:
            raise CodecInputError(f"the installed PyAV lacks {self.standard.encoder}; run: pip install 'av>=14'")

    @property
    def version(self) -> str:
        """See ``QualityCodec.version``; PyAV's wheels hold the encoder."""
        libavcodec = ".".join(map(str, av.library_versions["libavcodec"]))
        return f"1, PyAV {av.__version__}, libavcodec {libavcodec}"

    @property
    def settings(self) -> Mapping[str, Any]:
        """See ``QualityCodec.settings``."""
        return {"encoder": self.standard.encoder, "preset": self.preset, "parameters": self.standard.fixed}

    def encoder(self, image: ByteImage, importance: Importance | FloatArray | None) -> Callable[[float], bytes]:
        """See ``QualityCodec.encoder``."""
        planes = to_planes(image)
        return lambda level: self.code(planes, level)

    def code(self, planes: Planes, level: float, offsets: IntArray | None = None, side: int = 16) -> bytes:
        """The file of a picture at a level; see ``encode_frame``."""
        level, (height, width) = round(4 * level) / 4, planes[0].shape
        stream = encode_frame(planes, self.standard, self.preset, level, offsets, side)
        return pack(IntraFile(height, width, len(planes) == 1, level, stream), self.standard)

    def decode(self, data: bytes) -> ByteImage:
        """See ``ImageCodec.decode``."""
        file = unpack(checked_bytes(data, BitstreamError), self.standard)
        return to_image(decode_frame(file, self.standard))

    def inspect(self, data: bytes) -> ImageInfo:
        """See ``ImageCodec.inspect``."""
        data = checked_bytes(data, BitstreamError)
        file = unpack(data, self.standard)
        return ImageInfo(
            codec=self.name,
            container="raw",
            width=file.width,
            height=file.height,
            components=1 if file.grey else 3,
            size=len(data),
            levels=(file.level,),
            subsampling="" if file.grey else "4:2:0",
        )


@dataclass(frozen=True)
class Hevc(IntraCodec):
    """HEVC (H.265)."""

    preset: str = "slow"
    standard = HEVC_STANDARD
    name = "hevc"
    suffix = ".hevc"


@dataclass(frozen=True)
class H264(IntraCodec):
    """H.264 (AVC)."""

    preset: str = "veryslow"
    standard = H264_STANDARD
    name = "h264"
    suffix = ".h264"
