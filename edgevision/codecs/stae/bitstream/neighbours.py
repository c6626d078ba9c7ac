"""The neighbourhood of a value: the values coded before it from which its prediction and expected error are computed.

The three planes of a clip (green, red - green, blue - green) are stored in one float32 array with margins. All numbers
in it and all weights are small whole numbers, so that sums are exact in any order. The value at plane p, frame f, row
r, column c belongs to step c + 2 r + 4 f + 4 p. Its neighbourhood lies in earlier steps, for any mask.
"""

from __future__ import annotations

import numpy as np

from edgevision.arrays import BoolArray, Float32Array

Offset = tuple[int, int, int, int]  # plane, frame, row, column

KINDS, PLANES = 2, 3  # a value is of kind 0 in the first frame, and of kind 1 in all others
_OWN: tuple[Offset, ...] = tuple((0, 0, *o) for o in ((0, -1), (-1, 0), (-1, -1), (-1, 1), (0, -2), (-2, 0)))
_BEFORE: tuple[Offset, ...] = tuple((0, -1, *o) for o in ((0, 0), (0, -1), (-1, 0), (0, 1), (1, 0)))
_SQUARE = ((0, 0), *((r, c) for r in (-1, 0, 1) for c in (-1, 0, 1) if r or c))
_OTHERS: tuple[Offset, ...] = tuple(
    offset for p in (-1, -2) for offset in (*((p, 0, *o) for o in _SQUARE), (p, -1, 0, 0))
)
#: The K places of the neighbourhood, relative to the value.
PLACES = _OWN + _BEFORE + _OTHERS
WEST = PLACES.index((0, 0, 0, -1))


def _difference(first: Offset, second: Offset) -> Float32Array:
    row = np.zeros(len(PLACES), np.float32)
    row[PLACES.index(first)], row[PLACES.index(second)] = 1, -1
    return row


def _inputs() -> tuple[Float32Array, BoolArray]:
    """Differences whose weighted sum is a prediction, (I, K), and which of them exist by kind and plane, (2, 3, I)."""
    rows, used = [], []
    always = np.ones((KINDS, PLANES), np.bool_)
    later = np.array([[False], [True]]) & always
    for offset in _OWN[1:]:
        rows.append(_difference(offset, _OWN[0]))
        used.append(always)
    for offset in _BEFORE:
        rows.append(_difference(offset, _OWN[0] if offset == _BEFORE[0] else _BEFORE[0]))
        used.append(later)
    for plane in (-1, -2):
        exists = always & (np.arange(PLANES) >= -plane)
        centre = (plane, 0, 0, 0)
        for square in _SQUARE[1:]:
            rows.append(_difference((plane, 0, *square), centre))
            used.append(exists)
        rows.append(_difference(centre, (plane, -1, 0, 0)))
        used.append(exists & later)
    return np.stack(rows), np.stack(used, axis=-1)


def _signs() -> tuple[Float32Array, BoolArray]:
    """Differences whose magnitudes give an expected error, (S, K), and which exist by kind and plane, (2, 3, S)."""
    always = np.ones((KINDS, PLANES), np.bool_)
    later = np.array([[False], [True]]) & always
    coloured = np.array([False, True, True]) & always
    signs = [(_OWN[a], _OWN[b], always) for a, b in ((0, 2), (1, 2), (1, 3), (0, 4), (1, 5))]
    signs += [(_OWN[0], _BEFORE[1], later), (_OWN[1], _BEFORE[2], later)]
    signs += [((-1, 0, *o), (-1, 0, 0, 0), coloured) for o in ((0, -1), (-1, 0), (0, 1), (1, 0))]
    signs += [((-1, 0, 0, 0), (-1, -1, 0, 0), coloured & later)]
    return np.stack([_difference(a, b) for a, b, _ in signs]), np.stack([used for *_, used in signs], axis=-1)


#: Differences whose weighted sums are predictions, and where they exist.
INPUTS, USED = _inputs()
#: Differences whose magnitudes give expected errors, and where they exist.
SIGNS, SIGNS_USED = _signs()
