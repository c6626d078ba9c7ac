"""Selection by whole patches: the mask costs next to nothing, and the values can be transformed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgevision.arrays import BoolArray
from edgevision.codecs.stae.selection import kept_pixels, top


def patch_mask(scores: NDArray[np.floating], beta: float, patch: int = 8) -> BoolArray:
    """Keep the patches with the highest mean scores, as many in each frame as come nearest to the budget.

    Patches are aligned with the upper left corner. Of n patches of a frame round(beta n) are kept, at least one; where
    the sides are multiples of ``patch``, that is the budget round(beta H W) rounded to whole patches. Patches that the
    lower or right border cuts count like whole ones.

    Args:
        scores: importance of each pixel, (a, H, W).
        beta: share to keep, in (0, 1].
        patch: side of a patch [pixel].

    Returns:
        (a, H, W) bool.

    Raises:
        ValueError: the budget is not in (0, 1] or ``patch`` is not positive.
    """
    if patch < 1:
        raise ValueError(f"patch must be at least 1 pixel, got {patch!r}")
    frames, height, width = scores.shape
    row_starts, column_starts = np.arange(0, height, patch), np.arange(0, width, patch)
    sums = np.add.reduceat(np.add.reduceat(scores.astype(np.float64), row_starts, axis=1), column_starts, axis=2)
    sizes = np.multiply.outer(np.diff(row_starts, append=height), np.diff(column_starts, append=width))
    means = (sums / sizes).reshape(frames, -1)
    kept = top(means, kept_pixels(beta, len(row_starts), len(column_starts))).reshape(sums.shape)
    rows, columns = np.arange(height) // patch, np.arange(width) // patch
    return kept[:, rows[:, None], columns]
