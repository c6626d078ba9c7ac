"""JPEG per frame of a clip, as whole files or in the abbreviated format, concatenated.

Source: ITU-T T.81, Annex B.4 (abbreviated format for compressed image data).
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import PIL
from PIL import Image, features

from edgevision.arrays import ByteClip, ByteImage
from edgevision.codecs.base import MAX_PIXELS
from edgevision.codecs.jpeg.markers import APP0, read_header
from edgevision.data.clips import MAX_CLIP_FRAMES, MAX_CLIP_PIXELS, check_clip
from edgevision.errors import BitstreamError

_LENGTH = 4  # bytes of the length in front of each frame, as in the index of any container
_TABLES_ONLY, _IMAGE_ONLY = 1, 2  # Pillow's numbers of the two abbreviated formats


@dataclass(frozen=True)
class JpegCodec:
    """A JPEG file per frame, 4:2:0. A level is the quality of JPEG, 1 to 95; a larger one compresses less.

    The first byte of a clip is the quality. Each frame follows, after its length.

    Attributes:
        abbreviated: leave out quantisation tables and file header, which follow from the quality, and also Huffman
            tables if optimised ones cost more than they save. This is fairer to JPEG in clips of small frames.
        levels: least to most compressed.
    """

    abbreviated: bool = False
    levels: tuple[float, ...] = (90.0, 80.0, 70.0, 60.0, 50.0, 40.0, 30.0, 20.0, 15.0, 10.0, 7.0, 5.0, 3.0, 1.0)

    @property
    def name(self) -> str:
        """``jpeg`` or ``jpeg-abbreviated``."""
        return "jpeg-abbreviated" if self.abbreviated else "jpeg"

    @property
    def version(self) -> str:
        """Versions of Pillow and of its JPEG library."""
        return f"Pillow {PIL.__version__}, {features.version('jpg')}"

    def encode(self, clip: ByteClip, level: float) -> bytes:
        """See ``ReferenceCodec.encode``; a level must be a whole number."""
        check_clip(clip)
        if level not in range(1, 96):
            raise ValueError(f"level (JPEG quality) must be a whole number from 1 to 95, got {level!r}")
        if max(clip.shape[1:3]) > 65500 or clip[0, :, :, 0].size > MAX_PIXELS:
            raise ValueError(f"frames of {clip.shape[2]} x {clip.shape[1]} pixels are too large for JPEG")
        quality = int(level)
        encode = _abbreviated if self.abbreviated else _whole
        files = [encode(frame, quality) for frame in clip]
        return bytes((quality,)) + b"".join(len(file).to_bytes(_LENGTH, "big") + file for file in files)

    def decode(self, data: bytes) -> ByteClip:
        """See ``ReferenceCodec.decode``."""
        if not data or not 1 <= data[0] <= 95:
            raise BitstreamError("JPEG clip does not begin with a quality from 1 to 95")
        tables = _tables(data[0]) if self.abbreviated else b""
        frames: list[ByteImage] = []
        for file in _split(data):
            header = read_header(file)
            shape = header.height, header.width, 3
            if frames and frames[0].shape != shape:
                raise BitstreamError("JPEG clip has frames of unequal size")
            if (len(frames) + 1) * header.height * header.width > MAX_CLIP_PIXELS:
                raise BitstreamError(f"JPEG clip has more than {MAX_CLIP_PIXELS} pixels")
            frames.append(_pixels(file[:2] + tables + file[2:]))
        return np.stack(frames)


JPEG = JpegCodec()
JPEG_ABBREVIATED = JpegCodec(abbreviated=True)


def _split(data: bytes) -> list[bytes]:
    """Split a clip into the files of its frames."""
    files, position = [], 1
    while position < len(data):
        start = position + _LENGTH
        position = start + int.from_bytes(data[position:start], "big")
        if position > len(data):
            raise BitstreamError("JPEG clip is truncated")
        files.append(data[start:position])
    if not 0 < len(files) <= MAX_CLIP_FRAMES:
        raise BitstreamError(f"JPEG clip has {len(files)} frames; must have 1 to {MAX_CLIP_FRAMES}")
    return files


def _whole(frame: ByteImage, quality: int, *, optimize: bool = True, streamtype: int = 0) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(frame).save(
        buffer, "JPEG", quality=quality, subsampling="4:2:0", optimize=optimize, streamtype=streamtype
    )
    return buffer.getvalue()


def _abbreviated(frame: ByteImage, quality: int) -> bytes:
    """Without quantisation tables and JFIF header, with or without Huffman tables, whichever is shorter."""
    candidates = [_whole(frame, quality, optimize=own, streamtype=_IMAGE_ONLY) for own in (False, True)]
    return _without_jfif(min(candidates, key=len))


def _without_jfif(file: bytes) -> bytes:
    for marker, start, end in read_header(file).segments:
        if marker == APP0:
            return file[: start - 4] + file[end:]
    return file


def _tables(quality: int) -> bytes:
    """The segments with the tables that abbreviated frames of this quality leave out."""
    return _without_ends(_whole(np.zeros((1, 1, 3), np.uint8), quality, optimize=False, streamtype=_TABLES_ONLY))


def _without_ends(file: bytes) -> bytes:
    return file[2:-2]


def _pixels(file: bytes) -> ByteImage:
    try:
        with Image.open(io.BytesIO(file), formats=["JPEG"]) as picture:
            return np.asarray(picture.convert("RGB"))
    except Exception as error:  # Pillow raises many types of error on bad bytes
        raise BitstreamError(f"JPEG data cannot be decoded ({type(error).__name__})") from error
