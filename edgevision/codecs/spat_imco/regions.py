"""Importance of each region, and the level that each region gets for it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgevision.arrays import FloatArray, IntArray
from edgevision.codecs.jpeg.transform import REGION, region_grid, strips

LevelMap = NDArray[np.uint8]


def region_weights(importance: FloatArray) -> FloatArray:
    """Mean importance of each 16 x 16 region, (rows, columns); the map is padded by repeating its edge."""
    height, width = importance.shape
    rows, columns = region_grid(height, width)
    weights = np.empty((rows, columns))
    for strip in strips(rows, columns):
        part = importance[strip.start * REGION : strip.stop * REGION]
        lines = (strip.stop - strip.start) * REGION
        padded = np.pad(part, ((0, lines - len(part)), (0, columns * REGION - width)), mode="edge")
        weights[strip] = padded.reshape(-1, REGION, columns, REGION).mean(axis=(1, 3))
    return weights


def assign_levels(weights: FloatArray, counts: IntArray) -> LevelMap:
    """Index of each region's level, from 0 (most compressed) for the least important regions upwards.

    Regions of equal weight are ranked in raster order. Weights are first rounded to 1/4096 of their span, so that
    rounding errors of a network, which differ between machines, rarely matter.

    Args:
        weights: importance of each region, (rows, columns).
        counts: how many regions get each level, see ``level_rules``; their sum is the number of regions.
    """
    span = float(np.ptp(weights))
    scaled = np.rint((weights - weights.min()) / span * 4096) if span > 0 else np.zeros_like(weights)
    level_map = np.empty(weights.size, np.uint8)
    level_map[np.argsort(scaled, axis=None, kind="stable")] = np.arange(len(counts), dtype=np.uint8).repeat(counts)
    return level_map.reshape(weights.shape)
