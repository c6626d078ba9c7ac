"""Means over clips with intervals from resampling groups of clips that belong together (cluster bootstrap).

Clips of one sequence resemble each other, so they are drawn together or not at all. Source: Davison and Hinkley,
Bootstrap Methods and their Application (1997), section 3.8.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

_TAILS = (0.025, 0.975)


class GroupBootstrap:
    """The same draws for every quantity of the same clips, so that differences are paired."""

    def __init__(self, groups: NDArray[np.int64], resamples: int, seed: int = 0) -> None:
        """Draw groups with replacement.

        Args:
            groups: of each clip, (J,).
            resamples: how often.
            seed: of the drawing.
        """
        names, member = np.unique(groups, return_inverse=True)
        count = len(names)
        drawn = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), resamples)
        weights = drawn[:, member].astype(float)
        self._weights = weights / weights.sum(axis=1, keepdims=True)

    def mean(self, values: FloatArray) -> FloatArray:
        """Mean over the clips of (J, ..) with the ends of its 95 % interval, (3, ..)."""
        flat = values.reshape(len(values), -1)
        value = flat.mean(axis=0)
        low, high = np.quantile(self._weights @ flat, _TAILS, axis=0)
        ends = np.minimum(low, value), np.maximum(high, value)  # sums of equal groups differ by rounding
        return np.stack([value, *ends]).reshape(3, *values.shape[1:])


def points(mean: FloatArray) -> str:
    """A share and its interval (3,) in percentage points."""
    value, low, high = 100 * mean
    return f"{value:.1f} [{low:.1f}, {high:.1f}]"


def signed_points(mean: FloatArray) -> str:
    """A difference of shares and its interval (3,) in percentage points."""
    value, low, high = 100 * mean
    return f"{value:+.1f} [{low:+.1f}, {high:+.1f}]"
