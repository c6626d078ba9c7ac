"""The level map's entropy code: an adaptive binary range coder whose contexts are the neighbours' levels.

A region's level is sent as a run of ones closed by a zero (no zero after the last level). Each bit's probability
is learnt per context: which bit it is, and the levels of the left and the upper region.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from edgevision.codecs.regions import LevelMap

_TOP = 1 << 32
_RENORMALISE = 1 << 24

Context = tuple[int, int, int]


class _Model:
    """Counts of zeros and ones per context, each 2/5 before anything was seen (in fifths: 2)."""

    def __init__(self) -> None:
        self._fifths: dict[Context, list[int]] = {}

    def split(self, span: int, context: Context) -> int:
        """The part of ``span`` that belongs to a zero, at least 1 and less than ``span``."""
        zeros, ones = self._fifths.setdefault(context, [2, 2])
        return max(span * zeros // (zeros + ones), 1)

    def update(self, context: Context, bit: int) -> None:
        self._fifths[context][bit] += 5


def _walk(rows: int, columns: int, levels: int, code: Callable[[Context, int, int], int]) -> list[list[int]]:
    """Visit every bit of a map in raster order; ``code`` returns the bit for a context at a position."""
    done: list[list[int]] = []
    for row in range(rows):
        done.append([])
        for column in range(columns):
            left = done[row][column - 1] if column else -1
            above = done[row - 1][column] if row else -1
            # Beyond the border, the neighbour that exists speaks for both.
            left, above = (above if left < 0 else left), (left if above < 0 else above)
            symbol = 0
            while symbol < levels - 1 and code((symbol, min(left, above), max(left, above)), row, column):
                symbol += 1
            done[row].append(symbol)
    return done


def pack(level_map: LevelMap, levels: int) -> bytes:
    """Code a map (rows, columns) of level indices 0 .. ``levels`` - 1."""
    model, low, span, length = _Model(), 0, _TOP, 4

    def code(context: Context, row: int, column: int) -> int:
        nonlocal low, span, length
        bit = int(level_map[row, column] > context[0])
        bound = model.split(span, context)
        low, span = (low + bound, span - bound) if bit else (low, bound)
        model.update(context, bit)
        while span < _RENORMALISE:
            low, span, length = low << 8, span << 8, length + 1
        return bit

    rows, columns = level_map.shape
    _walk(rows, columns, levels, code)
    # The fewest leading bytes that, continued by zeros, name a number in [low, low + span).
    dropped = next(d for d in range(length, -1, -1) if -(-low >> 8 * d) << 8 * d < low + span)
    return (-(-low >> 8 * dropped)).to_bytes(length - dropped, "big")


def unpack(data: bytes, rows: int, columns: int, levels: int) -> LevelMap:
    """Read what ``pack`` wrote; bytes that are missing count as zeros, so any ``data`` gives some map."""
    model, span = _Model(), _TOP
    value, position = int.from_bytes(data[:4].ljust(4, b"\0"), "big"), 4

    def code(context: Context, _row: int, _column: int) -> int:
        nonlocal value, span, position
        bound = model.split(span, context)
        bit = int(value >= bound)
        value, span = (value - bound, span - bound) if bit else (value, bound)
        model.update(context, bit)
        while span < _RENORMALISE:
            following = data[position] if position < len(data) else 0
            value, span, position = value << 8 | following, span << 8, position + 1
        return bit

    return np.array(_walk(rows, columns, levels, code), np.uint8)
