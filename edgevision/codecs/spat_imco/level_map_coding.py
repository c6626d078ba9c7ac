"""The level map's entropy code: an adaptive binary range coder whose contexts are the neighbours' levels.

A region's level is sent as a run of ones closed by a zero (no zero after the last level). Each bit's probability
is learnt per context: which bit it is, and the levels of the left and the upper region.
"""

from __future__ import annotations

import numpy as np

from edgevision.codecs.spat_imco.regions import LevelMap

_TOP = 1 << 32
_RENORMALISE = 1 << 24
_SIDE = 9  # a neighbour's level, or none
_PLACES = 8  # in the run
_SEEN = 3  # weight of one bit that was seen, to compare with those of _prior


def _prior() -> tuple[list[int], list[int]]:
    """Weights of the zeros and of all bits before any was seen, per context: levels tend to equal their neighbours'."""
    zeros, bits = [], []
    for low in range(-1, _SIDE - 1):
        for high in range(-1, _SIDE - 1):
            for place in range(_PLACES):
                open_question = low < 0 or low <= place < high
                zeros.append(3 if open_question else 1 if place < low else 11)
                bits.append(6 if open_question else 12)
    return zeros, bits


_ZEROS, _BITS = _prior()
_LEVELS = [*range(_SIDE - 1), -1]  # so that an index of -1 finds what -1 stands for
_FIRST = [[((min(a, b) + 1) * _SIDE + max(a, b) + 1) * _PLACES for a in _LEVELS] for b in _LEVELS]


def pack(level_map: LevelMap, levels: int) -> bytes:
    """Code a map (rows, columns) of level indices 0 .. ``levels`` - 1, at most 8 levels."""
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
    # The fewest leading bytes that, continued by zeros, name a number in [low, low + span).
    low = next(up for d in (32, 24, 16, 8, 0) if (up := -(-low >> d) << d) < low + span)
    for _ in range(4):
        low = _emit(out, low)
    return bytes(out).rstrip(b"\0")


def unpack(data: bytes, rows: int, columns: int, levels: int) -> LevelMap:
    """Read what ``pack`` wrote; bytes that are missing count as zeros, so any ``data`` gives some map."""
    zeros, bits = _ZEROS.copy(), _BITS.copy()
    value, span, position = int.from_bytes(data[:4].ljust(4, b"\0"), "big"), _TOP, 4
    grid: list[list[int]] = []
    above_line = [-1] * columns
    for _ in range(rows):
        line, left = [], -1
        for above in above_line:
            # Beyond the border, the neighbour that exists speaks for both.
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
    """Every bit of the runs in raster order, and what its context's weights (zeros, all) are by then."""
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
    """Append the top one of ``low``'s four bytes, after a carry if it has grown beyond them; what is left of it."""
    if low >= _TOP:
        place = len(out) - 1
        while out[place] == 255:
            out[place] = 0
            place -= 1
        out[place] += 1
    out.append(low >> 24 & 255)
    return low << 8 & (_TOP - 1)
