"""Conventional codecs to compare with: H.264, H.265, JPEG for each frame, and fewer frames in front of any of them.

>>> from edgevision.codecs.video.reference import REFERENCES, subsample
>>> codec = REFERENCES["h264"]
>>> data = codec.encode(subsample(clip, 4), level=36)      # clip: (F, H, W, 3) uint8
>>> len(data), codec.decode(data).shape
"""

from edgevision.codecs.video.reference.base import ReferenceCodec, subsample
from edgevision.codecs.video.reference.jpeg import JPEG, JPEG_ABBREVIATED, JpegCodec
from edgevision.codecs.video.reference.motion import H264, H265, MotionCodec

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
