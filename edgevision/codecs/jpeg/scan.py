"""Writing the entropy-coded data of a baseline JPEG scan, with array operations only.

A scan is coded in strips of blocks, because the arrays of a whole picture's events take up to 40 times its size.

An *event* is a block's DC difference, a nonzero AC coefficient, or a run of sixteen zeros before one (ZRL). The code of
an event's symbol, its extra bits and, after the last event of a block, the end-of-block code make one word of at most
16 + 11 + 16 bits. Source: ITU-T T.81, Annex F.1.2; order of the blocks, Annex A.2.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from edgevision.codecs.jpeg.huffman import SYMBOLS, IntArray, TableSet
from edgevision.codecs.jpeg.transform import COLOUR_BLOCKS, GREY_BLOCKS
from edgevision.codecs.spat_imco.quantisation import IndexArray

_STRIP = 2048  # blocks coded at a time
_AC, _CHROMA = 256, 512  # offsets of AC tables and of chrominance tables in a set
# At index v, the number of bits of |v|; a negative index counts from the end.
_CATEGORY = np.array([abs(v).bit_length() for v in (*range(2048), *range(-2048, 0))])


@dataclass(frozen=True, eq=False)
class Events:
    """Content of some blocks of a scan before entropy coding.

    Attributes:
        symbols: index of each event's symbol in a table set, (E,).
        categories: number of each event's extra bits, (E,).
        extras: each event's extra bits, (E,).
        block_ends: events that are followed by an end-of-block code, (Z,).
        end_symbols: index of that code's symbol in a table set, (Z,).
    """

    symbols: IntArray
    categories: IntArray
    extras: IntArray
    block_ends: IntArray
    end_symbols: IntArray

    def counts(self) -> IntArray:
        """How often each symbol of a table set occurs, (1024,)."""
        return np.bincount(self.symbols, minlength=SYMBOLS) + np.bincount(self.end_symbols, minlength=SYMBOLS)


@dataclass(frozen=True, eq=False)
class Scan:
    """Content of a scan before entropy coding.

    Attributes:
        units: blocks in the order of ``scan_order``, with differences in place of the DC coefficients, (M, C, 64).
    """

    units: IndexArray

    def strips(self) -> Iterator[Events]:
        """The events of one strip after the other; those of a picture of one strip are kept."""
        step = max(_STRIP // self.units.shape[1], 1)
        if len(self.units) <= step:
            yield self._whole
            return
        for first in range(0, len(self.units), step):
            yield _events(self.units[first : first + step])

    @cached_property
    def _whole(self) -> Events:
        return _events(self.units)

    def counts(self) -> IntArray:
        """How often each symbol of a table set occurs, (1024,)."""
        return np.sum([strip.counts() for strip in self.strips()], axis=0)


def scan_order(indices: IndexArray, height: int, width: int) -> IndexArray:
    """Copy of the blocks in a scan's order: M minimum coded units of C blocks each, (M, C, 64).

    Args:
        indices: quantised coefficients by region, (rows, columns, B, 64).
        height: of the image [pixel].
        width: of the image [pixel].
    """
    rows, columns, count, _ = indices.shape
    stored = -(-height // 8), -(-width // 8)
    if count == COLOUR_BLOCKS["4:2:0"]:
        units = indices.copy()
        _blank(units, stored)
        return units.reshape(-1, count, 64)
    components = count // GREY_BLOCKS
    split = indices.reshape(rows, columns, components, 2, 2, 64).transpose(0, 3, 1, 4, 2, 5)
    grid = split.reshape(2 * rows, 2 * columns, components, 64)
    return grid[: stored[0], : stored[1]].reshape(-1, components, 64).copy()


def _blank(units: IndexArray, stored: tuple[int, int]) -> None:
    """Give luminance blocks outside the picture the cheapest content: no DC difference and no AC coefficients."""
    rows, columns = units.shape[:2]
    if stored[1] < 2 * columns:
        units[:, -1, 1::2][:, :2, 1:] = 0
        units[:, -1, 1:4:2, 0] = units[:, -1, 0:3:2, 0]
    if stored[0] < 2 * rows:
        units[-1, :, 2:4, 1:] = 0
        units[-1, :, 2:4, 0] = units[-1, :, 1:2, 0]


def events(units: IndexArray) -> Scan:
    """Events of blocks in ``scan_order``; overwrites ``units``."""
    per_unit = units.shape[1]
    luminance = _luminance_blocks(per_unit)
    for component in (slice(0, luminance), *(slice(block, block + 1) for block in range(luminance, per_unit))):
        direct = units[:, component, 0]
        direct[...] = np.diff(direct.ravel(), prepend=np.int16(0)).reshape(direct.shape)
    return Scan(units)


def _luminance_blocks(per_unit: int) -> int:
    return GREY_BLOCKS if per_unit == COLOUR_BLOCKS["4:2:0"] else 1


def _events(units: IndexArray) -> Events:
    """Events of some units whose DC coefficients are differences."""
    per_unit = units.shape[1]
    occupied = units != 0
    occupied[..., 0] = True
    places = _with_long_runs(np.flatnonzero(occupied))
    values = units.ravel()[places]
    starts = np.flatnonzero(places & 63 == 0)
    gaps = np.diff(places, prepend=-1)
    gaps[starts] = 1  # a DC symbol codes no run of zeros
    tables = np.full((per_unit, 64), _AC)
    tables[:, 0] = 0
    tables[_luminance_blocks(per_unit) :] += _CHROMA
    categories = _CATEGORY[values]
    symbols = tables.ravel()[places % tables.size] + (gaps - 1 << 4) + categories
    ends = np.append(starts[1:], places.size) - 1
    ends = ends[places[ends] & 63 < 63]
    return Events(
        symbols=symbols,
        categories=categories,
        extras=(values - (values < 0)) & ((1 << categories) - 1),
        block_ends=ends,
        end_symbols=(symbols[ends] & _CHROMA) + _AC,
    )


def write_scan(found: Scan, tables: TableSet) -> bytes:
    """The entropy-coded bytes of a scan, padded with ones, with a zero byte after each byte 255."""
    parts: list[bytes] = []
    rest, bits = 0, 0  # what does not fill a byte yet
    for strip in found.strips():
        words, lengths = _words(strip, tables)
        if bits:
            words, lengths = np.insert(words, 0, rest), np.insert(lengths, 0, bits)
        whole, rest, bits = _concatenate(words, lengths)
        parts.append(whole)
    if bits:
        parts.append(bytes([(rest + 1 << 8 - bits) - 1]))
    return b"".join(part.replace(b"\xff", b"\xff\x00") for part in parts)


def _words(found: Events, tables: TableSet) -> tuple[NDArray[np.uint64], IntArray]:
    """The bits of each event and, after the last of a block, of the end-of-block code; and how many they are."""
    lengths = tables.lengths[found.symbols] + found.categories
    words = tables.codes[found.symbols] << found.categories.view(np.uint64) | found.extras.view(np.uint64)
    end_lengths = tables.lengths[found.end_symbols]
    words[found.block_ends] <<= end_lengths.view(np.uint64)
    words[found.block_ends] |= tables.codes[found.end_symbols]
    lengths[found.block_ends] += end_lengths
    return words, lengths


def _with_long_runs(places: IntArray) -> IntArray:
    """Where more than fifteen zeros precede an AC coefficient, add the place of every sixteenth of them."""
    gaps = np.diff(places, prepend=0)
    long = np.flatnonzero((gaps > 16) & (places & 63 > 0))
    if not long.size:
        return places
    counts = (gaps[long] - 1) // 16
    owner = np.repeat(long, counts)
    number = np.arange(owner.size) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.insert(places, owner, places[owner - 1] + 16 * (number + 1))


def _concatenate(words: NDArray[np.uint64], lengths: IntArray) -> tuple[bytes, int, int]:
    """Join the lower ``lengths`` bits, 1 to 50, of all words: whole bytes, the bits that remain, and their number."""
    ends = np.cumsum(lengths)
    starts = ends - lengths
    cell, phase = starts >> 6, (starts & 63).view(np.uint64)
    aligned = words << (64 - lengths).view(np.uint64)
    # Words are shorter than a cell of 64 bits, so a word starts in every cell, except perhaps in a last one.
    first = np.flatnonzero(np.diff(cell, prepend=-1))
    last = np.append(first[1:], words.size) - 1
    cells = np.zeros(first.size + 1, np.uint64)
    cells[:-1] = np.bitwise_or.reduceat(aligned >> phase, first)
    # Only a cell's last word can reach into the next cell. Two shifts, because a shift by 64 is undefined.
    cells[1:] |= aligned[last] << np.uint64(1) << (np.uint64(63) - phase[last])
    joined = cells.astype(">u8").tobytes()
    count, bits = divmod(int(ends[-1]), 8)
    return joined[:count], joined[count] >> 8 - bits if bits else 0, bits
