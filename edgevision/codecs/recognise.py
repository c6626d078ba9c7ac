"""Which codec reads a file, from the bytes that it begins with."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from edgevision.codecs.av1.avif_boxes import is_avif
from edgevision.codecs.h26x.intra_codec import H264_STANDARD, HEVC_STANDARD
from edgevision.codecs.h26x.intra_file import is_intra
from edgevision.codecs.webp import is_webp
from edgevision.errors import BitstreamError

_AV1_UNITS = (0x0A, 0x12)  # first byte of a sequence header, and of a temporal delimiter
_READERS: Mapping[str, Callable[[bytes], bool]] = {
    "spat-imco": lambda data: data[:2] == b"\xff\xd8",
    "webp": is_webp,
    "avif": is_avif,
    "hevc": lambda data: is_intra(data, HEVC_STANDARD),
    "h264": lambda data: is_intra(data, H264_STANDARD),
    "avif-raw": lambda data: data[:1] != b"" and data[0] in _AV1_UNITS,
}


def reader_of(data: bytes) -> str:
    """Name of a codec that reads a file. Other codecs may have written it; ``spat-imco`` reads all JPEG files.

    Raises:
        BitstreamError: no codec reads it.
    """
    for name, reads in _READERS.items():
        if reads(data):
            return name
    raise BitstreamError("not a JPEG file, and not a WebP, AVIF, AV1, HEVC or H.264 picture of this package's codecs")
