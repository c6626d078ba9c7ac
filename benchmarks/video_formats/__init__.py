"""Conventional codecs for comparison: H.264, H.265 and JPEG per frame, all with a function that drops frames.

>>> from video_formats import REFERENCES, subsample
>>> codec = REFERENCES["h264"]
>>> data = codec.encode(subsample(clip, 4), level=36)      # clip: (F, H, W, 3) uint8
>>> len(data), codec.decode(data).shape
"""

from edgevision.codecs.stae.bitstream.elementary_streams import H264, H265, MotionCodec

from .motion_jpeg import JPEG, JPEG_ABBREVIATED, JpegCodec
from .video_format import ReferenceCodec, subsample

REFERENCES: dict[str, ReferenceCodec] = {codec.name: codec for codec in (H264, H265, JPEG, JPEG_ABBREVIATED)}

__all__ = [
    "H264",
    "H265",
    "JPEG",
    "JPEG_ABBREVIATED",
    "REFERENCES",
    "JpegCodec",
    "MotionCodec",
    "ReferenceCodec",
    "subsample",
]
