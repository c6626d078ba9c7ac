"""From an importance map to a level per region."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgevision.arrays import FloatArray, IntArray
from edgevision.codecs.jpeg.transform import REGION, region_grid

LevelMap = NDArray[np.uint8]


def region_weights(importance: FloatArray) -> FloatArray:
    """Mean importance per 16 x 16 region, (rows, columns); the map is continued beyond its edge."""
    height, width = importance.shape
    rows, columns = region_grid(height, width)
    padded = np.pad(importance, ((0, rows * REGION - height), (0, columns * REGION - width)), mode="edge")
    return padded.reshape(rows, REGION, columns, REGION).mean(axis=(1, 3))


def assign_levels(weights: FloatArray, counts: IntArray) -> LevelMap:
    """Index of each region's level: 0 (most compressed) for the least important, and up by importance.

    ``counts`` says how many regions get each level; it sums to their number (see ``level_rules``).
    Regions of equal weight are ranked in raster order. Weights are first rounded to 1/4096 of their span, so that
    a network's last digits, which differ between machines, seldom matter.
    """
    span = float(np.ptp(weights))
    scaled = np.rint((weights - weights.min()) / span * 4096) if span > 0 else np.zeros_like(weights)
    level_map = np.empty(weights.size, np.uint8)
    level_map[np.argsort(scaled, axis=None, kind="stable")] = np.arange(len(counts), dtype=np.uint8).repeat(counts)
    return level_map.reshape(weights.shape)
