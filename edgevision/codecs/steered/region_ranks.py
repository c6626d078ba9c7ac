"""Ranks of a picture's square regions by importance."""

from __future__ import annotations

import numpy as np

from edgevision.arrays import FloatArray

REGION = 16  # side of a region in pictures of up to MOST x REGION pixels a side [pixel]
MOST = 32  # regions along a side of larger pictures
_STEPS = (
    4096  # to which weights are rounded, so that a network's rounding errors, which differ by machine, rarely matter
)
_ROUNDING = 1e-6  # relative to the largest weight: a map that is resized is equal only up to rounding


def region_side(height: int, width: int) -> int:
    """Side of the regions of a picture [pixel], a multiple of 16."""
    return REGION * -(-max(height, width) // (MOST * REGION))


def region_ranks(weights: FloatArray, side: int) -> FloatArray:
    """Rank of each region by its mean weight, from 0 (least important) to 1, (rows, columns).

    Regions of equal weight share their mean rank. If all are equal, or there is one alone, ranks are 1/2.

    Args:
        weights: importance per pixel, (H, W); regions at the edge may be cut.
        side: of a region [pixel].
    """
    height, width = weights.shape
    rows, columns = -(-height // side), -(-width // side)
    padded = np.pad(weights, ((0, rows * side - height), (0, columns * side - width)), mode="edge")
    means = padded.reshape(rows, side, columns, side).mean(axis=(1, 3))
    span = float(np.ptp(means))
    if span <= _ROUNDING * float(np.abs(means).max()):
        return np.full(means.shape, 0.5)
    steps = np.rint((means - means.min()) * (_STEPS / span)).ravel()
    ordered = np.sort(steps)
    twice = np.searchsorted(ordered, steps, "left") + np.searchsorted(ordered, steps, "right") - 1
    ranks: FloatArray = twice / (2 * (means.size - 1))
    return ranks.reshape(means.shape)
