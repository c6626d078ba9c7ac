"""Writing the entropy-coded data of a baseline JPEG scan, with array operations only.

An *event* is a block's DC difference, a nonzero AC coefficient, or a run of sixteen zeros before one (ZRL). The code of
an event's symbol, its extra bits and, after the last event of a block, the end-of-block code make one word of at most
16 + 11 + 16 bits. Source: ITU-T T.81, Annex F.1.2; order of the blocks, Annex A.2.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgevision.codecs.jpeg.huffman import SYMBOLS, IntArray, TableSet
from edgevision.codecs.jpeg.transform import COLOUR_BLOCKS, GREY_BLOCKS
from edgevision.codecs.spat_imco.quantisation import IndexArray

_AC, _CHROMA = 256, 512  # offsets of AC tables and of chrominance tables in a set
# At index v, the number of bits of |v|; a negative index counts from the end.
_CATEGORY = np.array([abs(v).bit_length() for v in (*range(2048), *range(-2048, 0))])


@dataclass(frozen=True, eq=False)
class Events:
    """Content of a scan before entropy coding.

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


def events(units: IndexArray) -> Events:
    """Events of blocks in ``scan_order``; overwrites ``units``."""
    per_unit = units.shape[1]
    luminance = GREY_BLOCKS if per_unit == COLOUR_BLOCKS["4:2:0"] else 1
    for component in (slice(0, luminance), *(slice(block, block + 1) for block in range(luminance, per_unit))):
        direct = units[:, component, 0]
        direct[...] = np.diff(direct.ravel(), prepend=np.int16(0)).reshape(direct.shape)
    occupied = units != 0
    occupied[..., 0] = True
    places = _with_long_runs(np.flatnonzero(occupied))
    values = units.ravel()[places]
    starts = np.flatnonzero(places & 63 == 0)
    gaps = np.diff(places, prepend=-1)
    gaps[starts] = 1  # a DC symbol codes no run of zeros
    tables = np.full((per_unit, 64), _AC)
    tables[:, 0] = 0
    tables[luminance:] += _CHROMA
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


def write_scan(found: Events, tables: TableSet) -> bytes:
    """The entropy-coded bytes of a scan, padded with ones, with a zero byte after each byte 255."""
    lengths = tables.lengths[found.symbols] + found.categories
    words = tables.codes[found.symbols] << found.categories.view(np.uint64) | found.extras.view(np.uint64)
    end_lengths = tables.lengths[found.end_symbols]
    words[found.block_ends] <<= end_lengths.view(np.uint64)
    words[found.block_ends] |= tables.codes[found.end_symbols]
    lengths[found.block_ends] += end_lengths
    padding = -int(lengths.sum()) % 8
    words[-1] = int(words[-1]) << padding | (1 << padding) - 1
    lengths[-1] += padding
    return _concatenate(words, lengths).replace(b"\xff", b"\xff\x00")


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


def _concatenate(words: NDArray[np.uint64], lengths: IntArray) -> bytes:
    """Join the lower ``lengths`` bits, 1 to 50, of all words; the total must be a whole number of bytes."""
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
    return cells.astype(">u8").tobytes()[: int(ends[-1]) // 8]
