"""The level map's entropy code: an adaptive binary range coder whose contexts are the neighbours' levels.

A region's level is sent as a run of ones closed by a zero (no zero after the last level). Each bit's probability
is learnt per context: which bit it is, and the levels of the left and the upper region.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from edgevision.codecs.regions import LevelMap

_TOP = 1 << 32
_RENORMALISE = 1 << 24
# Per context the zeros and all bits seen so far, in fifths of a bit; 2 and 4 before any.
_ZEROS, _BITS, _SEEN = 2, 4, 5
_CONTEXTS = 9 * 9 * 8  # lower and higher neighbour (one more value: none), place in the run


def pack(level_map: LevelMap, levels: int) -> bytes:
    """Code a map (rows, columns) of level indices 0 .. ``levels`` - 1, at most 8 levels."""
    zeros, bits = [_ZEROS] * _CONTEXTS, [_BITS] * _CONTEXTS
    low, span, length = 0, _TOP, 4
    for line, column, first in _contexts(level_map.tolist()):
        symbol = line[column]
        for context in range(first, first + min(symbol + 1, levels - 1)):
            bound = span * zeros[context] // bits[context] or 1
            bits[context] += _SEEN
            if context < first + symbol:
                low, span = low + bound, span - bound
            else:
                span = bound
                zeros[context] += _SEEN
            while span < _RENORMALISE:
                low, span, length = low << 8, span << 8, length + 1
    # The fewest leading bytes that, continued by zeros, name a number in [low, low + span).
    dropped = next(d for d in range(length, -1, -1) if -(-low >> 8 * d) << 8 * d < low + span)
    return (-(-low >> 8 * dropped)).to_bytes(length - dropped, "big")


def unpack(data: bytes, rows: int, columns: int, levels: int) -> LevelMap:
    """Read what ``pack`` wrote; bytes that are missing count as zeros, so any ``data`` gives some map."""
    zeros, bits = [_ZEROS] * _CONTEXTS, [_BITS] * _CONTEXTS
    value, span, position = int.from_bytes(data[:4].ljust(4, b"\0"), "big"), _TOP, 4
    grid = [[0] * columns for _ in range(rows)]
    for line, column, first in _contexts(grid):
        for context in range(first, first + levels - 1):
            bound = span * zeros[context] // bits[context] or 1
            bits[context] += _SEEN
            one = value >= bound
            if one:
                value, span = value - bound, span - bound
                line[column] += 1
            else:
                span = bound
                zeros[context] += _SEEN
            while span < _RENORMALISE:
                following = data[position] if position < len(data) else 0
                value, span, position = value << 8 | following, span << 8, position + 1
            if not one:
                break
    return np.array(grid, np.uint8)


def _contexts(grid: list[list[int]]) -> Iterator[tuple[list[int], int, int]]:
    """Row, column and first bit's context of every region in raster order; reads only what came before it."""
    above_line: list[int] = []
    for line in grid:
        for column in range(len(line)):
            left = line[column - 1] if column else -1
            above = above_line[column] if above_line else -1
            # Beyond the border, the neighbour that exists speaks for both.
            left, above = (above if left < 0 else left), (left if above < 0 else above)
            low, high = (left, above) if left < above else (above, left)
            yield line, column, ((low + 1) * 9 + high + 1) * 8
        above_line = line
