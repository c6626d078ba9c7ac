"""Rectangles of equal numbers in a grid."""

from __future__ import annotations

import numpy as np

from edgevision.arrays import IntArray


def rectangles(numbers: IntArray) -> list[tuple[int, int, int, int, int]]:
    """Cover the cells of a grid (rows, columns) that are not 0 with rectangles of equal numbers, without overlap.

    Each rectangle is as wide as it can be, then as high; cells are visited in raster order.

    Returns:
        First row, first column, rows, columns and number of each rectangle.
    """
    left = numbers != 0
    found = []
    for row, column in np.argwhere(left).tolist():
        if not left[row, column]:
            continue
        same = left & (numbers == numbers[row, column])
        columns = _run(same[row, column:])
        rows = _run(same[row:, column : column + columns].all(axis=1))
        left[row : row + rows, column : column + columns] = False
        found.append((row, column, rows, columns, int(numbers[row, column])))
    return found


def _run(flags: np.ndarray) -> int:
    """How many leading flags are set."""
    return len(flags) if flags.all() else int(flags.argmin())
