"""What is known around a value when it is coded: values decided before it, prediction and expected error from them.

A clip's three planes (green, red - green, blue - green) lie in one float32 array with a margin; all numbers in it and
all weights are small whole numbers, so that sums are exact in any order. Value (plane p, frame f, row r, column c)
belongs to step c + 2 r + 4 f + 4 p: all that its neighbourhood takes in lies in earlier steps, whatever the mask.
"""

from __future__ import annotations

import numpy as np

from edgevision.arrays import BoolArray, Float32Array

Offset = tuple[int, int, int, int]  # plane, frame, row, column

KINDS, PLANES = 2, 3  # first frame or not
_OWN: tuple[Offset, ...] = tuple((0, 0, *o) for o in ((0, -1), (-1, 0), (-1, -1), (-1, 1), (0, -2), (-2, 0)))
_BEFORE: tuple[Offset, ...] = tuple((0, -1, *o) for o in ((0, 0), (0, -1), (-1, 0), (0, 1), (1, 0)))
_SQUARE = ((0, 0), *((r, c) for r in (-1, 0, 1) for c in (-1, 0, 1) if r or c))
_OTHERS: tuple[Offset, ...] = tuple(
    offset for p in (-1, -2) for offset in (*((p, 0, *o) for o in _SQUARE), (p, -1, 0, 0))
)
#: Places around a value, relative to it.
PLACES = _OWN + _BEFORE + _OTHERS
WEST = PLACES.index((0, 0, 0, -1))


def _difference(first: Offset, second: Offset) -> Float32Array:
    row = np.zeros(len(PLACES), np.float32)
    row[PLACES.index(first)], row[PLACES.index(second)] = 1, -1
    return row


def _inputs() -> tuple[Float32Array, BoolArray]:
    """Differences that a prediction weighs, (I, K), and which of them each kind and plane has, (2, 3, I)."""
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
    """As ``_inputs``, for the differences whose magnitudes say how wrong a prediction may be."""
    always = np.ones((KINDS, PLANES), np.bool_)
    later = np.array([[False], [True]]) & always
    coloured = np.array([False, True, True]) & always
    signs = [(_OWN[a], _OWN[b], always) for a, b in ((0, 2), (1, 2), (1, 3), (0, 4), (1, 5))]
    signs += [(_OWN[0], _BEFORE[1], later), (_OWN[1], _BEFORE[2], later)]
    signs += [((-1, 0, *o), (-1, 0, 0, 0), coloured) for o in ((0, -1), (-1, 0), (0, 1), (1, 0))]
    signs += [((-1, 0, 0, 0), (-1, -1, 0, 0), coloured & later)]
    return np.stack([_difference(a, b) for a, b, _ in signs]), np.stack([used for *_, used in signs], axis=-1)


#: Differences that predictions are weighted sums of, and where they exist.
INPUTS, USED = _inputs()
#: Differences that tell of errors, and where they exist.
SIGNS, SIGNS_USED = _signs()
