"""The bitstream of a clip's kept frames and pixels: header, frame indices, mask, values, checksum.

Layout: ``ST``; format version (upper four bits) and coding (lower four bits); as varints, the clip's number of frames
F, height H and width W, and the number a of kept frames; the indices of the kept frames; the mask (see ``masks``); the
values, coded as stated, up to the last four bytes; CRC-32 of all bytes before it, big-endian. The indices take no byte
if all frames are kept. If a <= F / 8, each is a varint, the number of frames skipped since the kept frame before. Else
there is one bit for each frame of the clip.

Kept frames with more than ``SEGMENT_PIXELS`` pixels are cut (see ``segments``) into parts that are coded separately,
which limits the memory needed beyond the clip itself. Each part then has its mask, the number of bytes of its values,
and its values.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import NamedTuple, cast

import numpy as np

from edgevision.arrays import BoolArray, ByteClip, IntArray
from edgevision.checks import checked_bytes
from edgevision.codecs.stae.bitstream import lossless, masks, prefix
from edgevision.codecs.stae.bitstream.elementary_streams import H264, H265
from edgevision.codecs.stae.bitstream.wire import Reader, section, varint
from edgevision.codecs.stae.selection import Selection
from edgevision.errors import BitstreamError, CodecInputError

MAX_FRAMES = 2**12
MAX_SIDE = 2**14  # [pixel]
MAX_PIXELS = 2**27  # of all kept frames together, with pixels not kept: 16 frames of 2896 x 2896, or 4096 of 181 x 181
SEGMENT_PIXELS = 2**22  # 16 frames of 512 x 512
_MAGIC = b"ST"
_FORMAT = 1
_CHECKSUM = 4  # [byte]
_ALIGNED = 16  # cuts are at multiples of this row, a multiple of the sides of all blocks of masks


class Coding(IntEnum):
    """How values and mask are coded.

    ``plain``: values as bytes, the mask as bits. ``huffman``: as published, a Huffman code, sent with its table, of the
    values' bytes and of the mask's run lengths. ``range``: prediction and range coding of both. ``h264``, ``h265``: a
    video of the kept frames, all of whose pixels must be kept; values change, the more the higher the CRF.
    """

    plain = 0
    huffman = 1
    range = 2
    # 3 was a lossy coding of earlier versions.
    h264 = 4
    h265 = 5


#: The codings that decode to the very values that were packed.
LOSSLESS = (Coding.plain, Coding.huffman, Coding.range)
#: The video codecs, with presets at which a frame of 112 x 112 pixels takes a few milliseconds to encode.
MOTION = {Coding.h264: replace(H264, preset="veryfast"), Coding.h265: replace(H265, preset="ultrafast")}
#: Quality of a video where none is given: constant rate factor, 0 (best) to 51.
CRF = 28.0
_FORMS = {Coding.huffman: masks.HUFFMAN, Coding.range: masks.RANGE}


@dataclass(frozen=True, eq=False)
class Received:
    """An unpacked bitstream.

    Attributes:
        clip: the kept frames, zero where no pixel was kept, (a, H, W, 3) uint8. From ``h264`` and ``h265`` they are not
            quite what was packed.
        selection: which frames and pixels were kept.
    """

    clip: ByteClip
    selection: Selection

    @property
    def frames(self) -> IntArray:
        """Indices of the kept frames, (a,)."""
        return self.selection.frames

    @property
    def mask(self) -> BoolArray:
        """Which pixels were kept, (a, H, W) bool."""
        return self.selection.mask

    @property
    def length(self) -> int:
        """Number of frames of the whole clip."""
        return self.selection.length


@dataclass(frozen=True)
class PartSizes:
    """Sizes of a bitstream's parts [byte].

    Attributes:
        coding: of values and mask.
        header: size of magic, version, shape and checksum.
        indices: size of the indices of kept frames.
        mask: size of the mask, with the counts that delimit parts.
        values: size of the values.
    """

    coding: Coding
    header: int
    indices: int
    mask: int
    values: int

    @property
    def total(self) -> int:
        """Size of the whole bitstream [byte]."""
        return self.header + self.indices + self.mask + self.values


def pack(clip: ByteClip, selection: Selection, coding: Coding, *, crf: float = CRF) -> bytes:
    """Code the frames and pixels of a clip that ``selection`` keeps.

    Args:
        clip: all frames, (F, H, W, 3) uint8.
        selection: which frames and pixels to keep.
        coding: how to code values and mask.
        crf: quality of ``h264`` and ``h265``, 0 (best) to 51; no other coding uses it.

    Raises:
        CodecInputError: clip and selection do not fit together, or exceed the limits; or a video codec gets a selection
            that leaves out pixels of its frames, or a ``crf`` out of range.
    """
    _check(clip, selection)
    if coding in MOTION and not selection.mask.all():
        raise CodecInputError(f"{coding.name} codes whole frames; keep all pixels (pixels=1)")
    frames = selection.frames
    head = _MAGIC + bytes([_FORMAT << 4 | coding])
    head += b"".join(varint(number) for number in (*clip.shape[:3], len(frames)))
    parts = [head + _pack_indices(frames, len(clip))]
    cuts = list(segments(*selection.mask.shape))
    for rows, lines in cuts:
        mask = selection.mask[rows, lines]
        values = _pack_values(clip[frames[rows], lines], mask, coding, crf)
        parts += [masks.pack(mask, _FORMS.get(coding, masks.PLAIN)), values if len(cuts) == 1 else section(values)]
    return seal(b"".join(parts))


def unpack(data: bytes, *, max_pixels: int = SEGMENT_PIXELS) -> Received:
    """Decode a bitstream written by ``pack``.

    Args:
        data: the bytes.
        max_pixels: largest number of pixels, of all kept frames together, to decode; at most ``MAX_PIXELS`` can occur.
            A few bytes can state many pixels, so this limits time and memory.

    Raises:
        BitstreamError: the bytes are damaged, of another format or beyond the limits.
    """
    coding, reader, frames, shape = _read_head(data, max_pixels)
    clip, mask = np.zeros((*shape.kept, 3), np.uint8), np.zeros(shape.kept, np.bool_)
    for (rows, lines), part, values in _read_segments(reader, shape.kept):
        mask[rows, lines] = part
        clip[rows, lines] = _unpack_values(values, part, coding)
    return Received(clip, Selection(frames, mask, shape.length))


def inspect(data: bytes, *, max_pixels: int = SEGMENT_PIXELS) -> PartSizes:
    """Size of each part of a bitstream; does not decode the values.

    Args:
        data: the bytes.
        max_pixels: see ``unpack``.

    Raises:
        BitstreamError: the bytes, apart from the values, are damaged, of another format or beyond the limits.
    """
    coding, reader, _, shape = _read_head(data, max_pixels)
    start = reader.position
    values = sum(len(values) for _, _, values in _read_segments(reader, shape.kept))
    return PartSizes(
        coding, shape.head_bytes + _CHECKSUM, start - shape.head_bytes, reader.position - start - values, values
    )


def seal(content: bytes) -> bytes:
    """``content`` followed by its checksum."""
    return content + _checksum(content)


def segments(count: int, height: int, width: int) -> Iterator[tuple[slice, slice]]:
    """Cut kept frames (a, H, W) into parts of at most ``SEGMENT_PIXELS``: a slice of frames and a slice of rows each.

    A part has as many whole frames as fit. If not even one fits, it is a strip of a frame, with as many rows as fit in
    a multiple of 16; 16 whole rows always fit.
    """
    lines = height if height * width <= SEGMENT_PIXELS else SEGMENT_PIXELS // width // _ALIGNED * _ALIGNED
    frames = max(1, SEGMENT_PIXELS // (lines * width))
    for first in range(0, count, frames):
        for top in range(0, height, lines):
            yield slice(first, first + frames), slice(top, top + lines)


class _Shape(NamedTuple):
    """Content of the header: frames of the clip, shape (a, H, W) of the kept frames, and the header's size [byte]."""

    length: int
    kept: tuple[int, int, int]
    head_bytes: int


def _read_head(data: bytes, max_pixels: int) -> tuple[Coding, Reader, IntArray, _Shape]:
    """Coding, a reader at the first byte of the first mask, indices of the kept frames, and the header's content."""
    data = checked_bytes(data, BitstreamError)
    if len(data) < 8 or data[:2] != _MAGIC or data[2] >> 4 != _FORMAT:
        raise BitstreamError("not a clip's bitstream, or one of another format version")
    if data[-_CHECKSUM:] != _checksum(data[:-_CHECKSUM]):
        raise BitstreamError("checksum is wrong: the bitstream is damaged")
    if data[2] & 15 not in set(Coding):
        raise BitstreamError(f"coding {data[2] & 15} is unknown")
    reader = Reader(data[:-_CHECKSUM])
    reader.take(3)
    length, height, width = (reader.varint(1, limit) for limit in (MAX_FRAMES, MAX_SIDE, MAX_SIDE))
    kept = reader.varint(1, length)
    if kept * height * width > max_pixels:
        raise BitstreamError(
            f"{kept} frames of {height} x {width} pixels are more than the {max_pixels} allowed; raise max_pixels if "
            "you expect so many"
        )
    shape = _Shape(length, (kept, height, width), reader.position)
    return Coding(data[2] & 15), reader, _unpack_indices(reader, kept, length), shape


def _read_segments(
    reader: Reader, shape: tuple[int, int, int]
) -> Iterator[tuple[tuple[slice, slice], BoolArray, bytes]]:
    """Slices, mask and coded values of each part."""
    count, height, width = shape
    cuts = list(segments(*shape))
    for rows, lines in cuts:
        size = (min(rows.stop, count) - rows.start, min(lines.stop, height) - lines.start, width)
        mask = masks.unpack(reader, size)
        yield (rows, lines), mask, reader.rest() if len(cuts) == 1 else reader.section()
    if reader.rest():
        raise BitstreamError("bytes follow the last values")


def _check(clip: ByteClip, selection: Selection) -> None:
    if not isinstance(clip, np.ndarray) or clip.dtype != np.uint8 or clip.ndim != 4 or clip.shape[3] != 3:
        raise CodecInputError(f"clip must be uint8 (F, H, W, 3), got {getattr(clip, 'dtype', type(clip).__name__)}")
    kept, *size = selection.mask.shape
    if [len(clip), *size] != [selection.length, *clip.shape[1:3]]:
        raise CodecInputError(
            f"clip {clip.shape} does not fit a selection from {selection.length} frames of {size} pixels"
        )
    if len(clip) > MAX_FRAMES or max(size) > MAX_SIDE or not 0 < kept * size[0] * size[1] <= MAX_PIXELS:
        raise CodecInputError(
            f"clip must have at most {MAX_FRAMES} frames, sides of {MAX_SIDE} and {MAX_PIXELS} kept frames' pixels"
        )


def _checksum(content: bytes) -> bytes:
    return zlib.crc32(content).to_bytes(_CHECKSUM, "big")


def _pack_indices(frames: IntArray, length: int) -> bytes:
    if len(frames) == length:
        return b""
    if 8 * len(frames) <= length:
        return b"".join(varint(skipped) for skipped in (np.diff(frames, prepend=-1) - 1).tolist())
    return np.packbits(np.isin(np.arange(length), frames)).tobytes()


def _unpack_indices(reader: Reader, kept: int, length: int) -> IntArray:
    if kept == length:
        return np.arange(length)
    if 8 * kept <= length:
        frames = np.cumsum([reader.varint(0, length) + 1 for _ in range(kept)]) - 1
    else:
        frames = np.flatnonzero(np.unpackbits(np.frombuffer(reader.take(-(-length // 8)), np.uint8), count=length))
    if len(frames) != kept or frames[-1] >= length:
        raise BitstreamError("indices of kept frames do not fit their number")
    return frames


def _pack_values(kept: ByteClip, mask: BoolArray, coding: Coding, crf: float) -> bytes:
    match coding:
        case Coding.h264 | Coding.h265:
            return MOTION[coding].encode(kept, crf)
        case Coding.huffman:
            return prefix.pack(kept[mask].ravel())
        case Coding.range:
            return lossless.pack(kept, mask)
        case _:
            return kept[mask].tobytes()


def _unpack_values(data: bytes, mask: BoolArray, coding: Coding) -> ByteClip:
    if coding == Coding.range:
        return lossless.unpack(data, mask)
    if coding in MOTION:
        if not mask.all():
            raise BitstreamError(f"{coding.name} has whole frames, but the mask leaves out pixels")
        return MOTION[coding].decode(data, cast(tuple[int, int, int], mask.shape))
    count = 3 * int(np.count_nonzero(mask))
    if coding == Coding.plain and len(data) != count:
        raise BitstreamError(f"{count} values expected, {len(data)} found")
    values = prefix.unpack(data, count) if coding == Coding.huffman else np.frombuffer(data, np.uint8)
    clip = np.zeros((*mask.shape, 3), np.uint8)
    clip[mask] = values.reshape(-1, 3)
    return clip
