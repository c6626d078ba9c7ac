"""The bitstream of a clip's kept frames and pixels: header, frame indices, mask, values, checksum.

Layout: ``ST``; format version (upper four bits) and coding (lower four bits); frames F, height H, width W of the clip
and kept frames a as varints; the kept frames' indices; the mask (see ``masks``); the values in the coding's form, to
the last four bytes; CRC-32 of all before, big-endian. The indices take no byte if all frames are kept; one varint each,
the number of frames skipped since the one before, if a <= F / 8; else a bit for each frame of the clip.

Kept frames of more than ``SEGMENT_PIXELS`` are cut (see ``segments``) into parts that are coded for themselves, which
bounds the memory beyond the clip itself: mask and values of each part lie one after the other, with the number of bytes
of the values before these.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

import numpy as np

from edgevision.arrays import BoolArray, ByteClip, IntArray
from edgevision.codecs.stae.bitstream import lossless, masks, prefix
from edgevision.codecs.stae.bitstream.wire import Reader, section, varint
from edgevision.codecs.stae.selection import Selection
from edgevision.errors import BitstreamError

MAX_FRAMES = 2**12
MAX_SIDE = 2**14  # [pixel]
MAX_PIXELS = 2**27  # of all kept frames together, kept or not: 16 frames of 2896 x 2896, or 4096 of 181 x 181
SEGMENT_PIXELS = 2**22  # 16 frames of 512 x 512
_MAGIC = b"ST"
_FORMAT = 1
_CHECKSUM = 4  # [byte]
_ALIGNED = 16  # rows that a cut keeps together: a multiple of the sides of all blocks


class Coding(IntEnum):
    """How the values are coded.

    ``plain``: as bytes, the mask as bits. ``huffman``: as published, a Huffman code over the bytes with its table;
    runs of the mask likewise. ``range``: prediction and range coding of both.
    """

    plain = 0
    huffman = 1
    range = 2


_FORMS = {Coding.plain: masks.PLAIN, Coding.huffman: masks.HUFFMAN, Coding.range: masks.RANGE}


@dataclass(frozen=True, eq=False)
class Received:
    """What the edge knows of a clip.

    Attributes:
        clip: the kept frames, zero where no pixel was kept, (a, H, W, 3).
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
        """The kept pixels, (a, H, W)."""
        return self.selection.mask

    @property
    def length(self) -> int:
        """Frames of the whole clip."""
        return self.selection.length


@dataclass(frozen=True)
class PartSizes:
    """Bytes of a bitstream's parts.

    Attributes:
        coding: of the values.
        header: magic, version, shape and checksum.
        indices: which frames were kept.
        mask: which pixels were kept; with it, the counts that delimit segments.
        values: theirs.
    """

    coding: Coding
    header: int
    indices: int
    mask: int
    values: int

    @property
    def total(self) -> int:
        """Bytes of the whole bitstream."""
        return self.header + self.indices + self.mask + self.values


def pack(clip: ByteClip, selection: Selection, coding: Coding) -> bytes:
    """Code what ``selection`` keeps of a clip.

    Args:
        clip: all frames, (F, H, W, 3) uint8.
        selection: which frames and pixels to keep.
        coding: how to code the values.

    Raises:
        ValueError: clip and selection do not fit together, or are beyond the limits.
    """
    _check(clip, selection)
    frames = selection.frames
    head = _MAGIC + bytes([_FORMAT << 4 | coding])
    head += b"".join(varint(number) for number in (*clip.shape[:3], len(frames)))
    parts = [head + _pack_indices(frames, len(clip))]
    cuts = list(segments(*selection.mask.shape))
    for rows, lines in cuts:
        mask = selection.mask[rows, lines]
        values = _pack_values(clip[frames[rows], lines], mask, coding)
        parts += [masks.pack(mask, _FORMS[coding]), values if len(cuts) == 1 else section(values)]
    return seal(b"".join(parts))


def unpack(data: bytes, *, max_pixels: int = SEGMENT_PIXELS) -> Received:
    """Decode what ``pack`` wrote.

    Args:
        data: the bytes.
        max_pixels: most pixels, of all kept frames together, to spend time and memory on: few bytes can state many
            pixels. Up to ``MAX_PIXELS`` make sense.

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
    """Bytes of each part of a bitstream; reads everything but the values.

    Args:
        data: the bytes.
        max_pixels: as for ``unpack``.

    Raises:
        BitstreamError: as ``unpack``, as far as the values are not concerned.
    """
    coding, reader, _, shape = _read_head(data, max_pixels)
    start = reader.position
    values = sum(len(values) for _, _, values in _read_segments(reader, shape.kept))
    return PartSizes(
        coding, shape.head_bytes + _CHECKSUM, start - shape.head_bytes, reader.position - start - values, values
    )


def seal(content: bytes) -> bytes:
    """``content`` with its checksum at the end."""
    return content + _checksum(content)


def segments(count: int, height: int, width: int) -> Iterator[tuple[slice, slice]]:
    """Cut kept frames (a, H, W) into parts of at most ``SEGMENT_PIXELS``: slices of the frames and of the rows.

    Whole frames while one fits; else strips of a frame, of as many rows as fit, a multiple of 16. A part with all
    columns of 16 rows always fits.
    """
    lines = height if height * width <= SEGMENT_PIXELS else SEGMENT_PIXELS // width // _ALIGNED * _ALIGNED
    frames = max(1, SEGMENT_PIXELS // (lines * width))
    for first in range(0, count, frames):
        for top in range(0, height, lines):
            yield slice(first, first + frames), slice(top, top + lines)


class _Shape(NamedTuple):
    """What the header states: frames of the clip, shape of the kept ones, and its own bytes."""

    length: int
    kept: tuple[int, int, int]
    head_bytes: int


def _read_head(data: bytes, max_pixels: int) -> tuple[Coding, Reader, IntArray, _Shape]:
    """Coding, the reader at the first byte of the first mask, and which frames were kept."""
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
    """Place, mask and bytes of the values of each segment."""
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
        raise ValueError(f"clip must be uint8 (F, H, W, 3), got {getattr(clip, 'dtype', type(clip).__name__)}")
    kept, *size = selection.mask.shape
    if [len(clip), *size] != [selection.length, *clip.shape[1:3]]:
        raise ValueError(f"clip {clip.shape} does not fit a selection from {selection.length} frames of {size} pixels")
    if len(clip) > MAX_FRAMES or max(size) > MAX_SIDE or not 0 < kept * size[0] * size[1] <= MAX_PIXELS:
        raise ValueError(
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


def _pack_values(kept: ByteClip, mask: BoolArray, coding: Coding) -> bytes:
    match coding:
        case Coding.huffman:
            return prefix.pack(kept[mask].ravel())
        case Coding.range:
            return lossless.pack(kept, mask)
        case _:
            return kept[mask].tobytes()


def _unpack_values(data: bytes, mask: BoolArray, coding: Coding) -> ByteClip:
    if coding == Coding.range:
        return lossless.unpack(data, mask)
    count = 3 * int(np.count_nonzero(mask))
    if coding == Coding.plain and len(data) != count:
        raise BitstreamError(f"{count} values expected, {len(data)} found")
    values = prefix.unpack(data, count) if coding == Coding.huffman else np.frombuffer(data, np.uint8)
    clip = np.zeros((*mask.shape, 3), np.uint8)
    clip[mask] = values.reshape(-1, 3)
    return clip
