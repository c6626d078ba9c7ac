"""Entropy coding of the level map: an adaptive binary range coder whose contexts are the neighbours' levels.

A region's level is coded in unary: as many ones as the level's index, then a zero, which is left out after the last
level. The probability of each bit adapts to its context: the bit's place in the code, and the levels of the left and
the upper region.
"""

from __future__ import annotations

import numpy as np

from edgevision.codecs.spat_imco.regions import LevelMap

_TOP = 1 << 32
_RENORMALISE = 1 << 24
_SIDE = 9  # values of a neighbour: 8 levels, or no neighbour
_PLACES = 8  # places in the unary code
_SEEN = 3  # weight of each bit coded so far, on the scale of the weights in _prior


def _prior() -> tuple[list[int], list[int]]:
    """Initial weights of the zeros and of all bits, per context; levels tend to equal those of their neighbours."""
    zeros, bits = [], []
    for low in range(-1, _SIDE - 1):
        for high in range(-1, _SIDE - 1):
            for place in range(_PLACES):
                undecided = low < 0 or low <= place < high
                zeros.append(3 if undecided else 1 if place < low else 11)
                bits.append(6 if undecided else 12)
    return zeros, bits


_ZEROS, _BITS = _prior()
_LEVELS = [*range(_SIDE - 1), -1]  # "no neighbour" (-1) comes last, where an index of -1 finds it
_FIRST = [[((min(a, b) + 1) * _SIDE + max(a, b) + 1) * _PLACES for a in _LEVELS] for b in _LEVELS]


def pack(level_map: LevelMap, levels: int) -> bytes:
    """Code a map (rows, columns) of level indices 0 .. ``levels`` - 1, for at most 8 levels."""
    low, span, out = 0, _TOP, bytearray()
    for is_one, zeros, bits in zip(*_bits(level_map, levels), strict=True):
        bound = span * zeros // bits
        if is_one:
            low, span = low + bound, span - bound
        else:
            span = bound
        while span < _RENORMALISE:
            low = _emit(out, low)
            span <<= 8
    # The number in [low, low + span) with the most zero bytes at its end, which need not be written.
    low = next(up for d in (32, 24, 16, 8, 0) if (up := -(-low >> d) << d) < low + span)
    for _ in range(4):
        low = _emit(out, low)
    return bytes(out).rstrip(b"\0")


def unpack(data: bytes, rows: int, columns: int, levels: int) -> LevelMap:
    """Read what ``pack`` wrote. Missing bytes count as zeros, so any ``data`` gives a valid map."""
    zeros, bits = _ZEROS.copy(), _BITS.copy()
    value, span, position = int.from_bytes(data[:4].ljust(4, b"\0"), "big"), _TOP, 4
    grid: list[list[int]] = []
    above_line = [-1] * columns
    for _ in range(rows):
        line, left = [], -1
        for above in above_line:
            # At the border, the one neighbour that exists stands for both.
            first = _FIRST[left if above < 0 else above][above if left < 0 else left]
            context, last = first, first + levels - 1
            while context < last:
                bound = span * zeros[context] // bits[context]
                bits[context] += _SEEN
                is_one = value >= bound
                if is_one:
                    value, span, context = value - bound, span - bound, context + 1
                else:
                    span = bound
                    zeros[context] += _SEEN
                while span < _RENORMALISE:
                    value = value << 8 | (data[position] if position < len(data) else 0)
                    span, position = span << 8, position + 1
                if not is_one:
                    break
            left = context - first
            line.append(left)
        grid.append(line)
        above_line = line
    return np.array(grid, np.uint8)


def _bits(level_map: LevelMap, levels: int) -> tuple[list[bool], list[int], list[int]]:
    """Every bit of the unary codes in raster order, and its context's weights (zeros, all bits) when it is coded."""
    symbols = level_map.astype(np.int64)
    left, above = np.full_like(symbols, -1), np.full_like(symbols, -1)
    left[:, 1:], above[1:] = symbols[:, :-1], symbols[:-1]
    first = np.array(_FIRST)[np.where(left < 0, above, left), np.where(above < 0, left, above)].ravel()
    lengths = np.minimum(symbols.ravel() + 1, levels - 1)
    region = np.repeat(np.arange(symbols.size), lengths)
    place = np.arange(region.size) - (np.cumsum(lengths) - lengths)[region]
    context, is_one = first[region] + place, place < symbols.ravel()[region]
    order = np.argsort(context, kind="stable")
    inside = context[order]
    start = np.searchsorted(inside, inside)
    zeros_before = np.concatenate(([0], np.cumsum(~is_one[order])))
    zeros, bits = np.empty_like(context), np.empty_like(context)
    zeros[order] = np.array(_ZEROS)[inside] + _SEEN * (zeros_before[:-1] - zeros_before[start])
    bits[order] = np.array(_BITS)[inside] + _SEEN * (np.arange(inside.size) - start)
    return is_one.tolist(), zeros.tolist(), bits.tolist()


def _emit(out: bytearray, low: int) -> int:
    """Append the highest of ``low``'s four bytes to ``out``, propagate a carry, and return the rest of ``low``."""
    if low >= _TOP:
        place = len(out) - 1
        while out[place] == 255:
            out[place] = 0
            place -= 1
        out[place] += 1
    out.append(low >> 24 & 255)
    return low << 8 & (_TOP - 1)
