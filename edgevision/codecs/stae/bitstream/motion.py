"""Where patches came from: motion vectors in half pixels, and the pixels they point to.

The search is the encoder's and looks at the pictures as they were, not as decoded. A vector's reach is what the steps
of ``lossy`` allow: the patches that it touches in the frame before are always decided.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgevision.arrays import Float32Array, FloatArray, IntArray
from edgevision.codecs.stae.bitstream.transform import SIDE

REACH = 2 * SIDE - 1  # largest component of a vector [half pixel]
_NEAR = 0.75  # grey levels a pixel that a vector must save for each doubling of its length


def window(pictures: NDArray[Any], frame: IntArray, row: IntArray, column: IntArray) -> FloatArray:
    """Patches with their upper left corner at (row, column) [half pixel], (n, C, 64) of pictures (F, C, H, W).

    Between pixels stands the mean of the nearest two or four, rounded half up.
    """
    span = np.arange(SIDE)
    total = np.zeros((len(frame), pictures.shape[1], SIDE, SIDE))
    channel = np.arange(pictures.shape[1])[:, None, None]
    where = frame[:, None, None, None]
    for rows in (row >> 1, (row + 1) >> 1):
        for columns in (column >> 1, (column + 1) >> 1):
            y, x = rows[:, None] + span, columns[:, None] + span
            total += pictures[where, channel, y[:, None, :, None], x[:, None, None, :]]
    return np.floor(total.reshape(len(frame), -1, SIDE * SIDE) / 4 + 0.5)


def search(luminance: FloatArray) -> IntArray:
    """For each patch of each frame but the first the vector to its like in the frame before, (a, rows, columns, 2).

    Args:
        luminance: (a, 8 rows, 8 columns).
    """
    frames, height, width = luminance.shape
    shape = (frames, height // SIDE, width // SIDE)
    best, found = np.full(shape, np.inf), np.zeros((*shape, 2), np.int64)
    padded = np.pad(luminance, ((0, 0), (SIDE, SIDE), (SIDE, SIDE)), mode="edge").astype(np.float32)
    for vector in sorted(np.ndindex(SIDE * 2 - 1, SIDE * 2 - 1), key=lambda v: (v[0] - 7) ** 2 + (v[1] - 7) ** 2):
        row, column = vector[0] + 1, vector[1] + 1
        before = padded[:-1, row : row + height, column : column + width]
        error = np.abs(padded[1:, SIDE:-SIDE, SIDE:-SIDE] - before)
        sums = np.add.reduceat(np.add.reduceat(error, np.arange(0, height, SIDE), 1), np.arange(0, width, SIDE), 2)
        size = np.hypot(row - SIDE, column - SIDE)
        cost = np.full(shape, np.inf)
        cost[1:] = sums / SIDE**2 + _NEAR * np.log2(1 + size)
        better = cost < best
        best = np.where(better, cost, best)
        found[better] = 2 * (row - SIDE), 2 * (column - SIDE)
    return _half_pixels(padded, found)


def _half_pixels(padded: Float32Array, found: IntArray) -> IntArray:
    frame, row, column = np.indices(found.shape[:3]).reshape(3, -1)
    pictures, before = padded[:, None], np.maximum(frame - 1, 0)
    wanted = window(pictures, frame, 2 * SIDE * (row + 1), 2 * SIDE * (column + 1))
    start = found.reshape(-1, 2)
    options = [np.clip(start + np.array((r, c)), -REACH, REACH) for r in (0, -1, 1) for c in (0, -1, 1)]
    errors = [
        np.abs(window(pictures, before, *(2 * SIDE * (np.stack((row, column)) + 1) + vector.T)) - wanted).sum(
            axis=(1, 2)
        )
        for vector in options
    ]
    chosen = np.stack(options)[np.argmin(errors, axis=0), np.arange(len(start))]
    return np.where(frame[:, None] > 0, chosen, 0).reshape(found.shape)
