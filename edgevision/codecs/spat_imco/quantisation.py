"""Quantising the coefficients of each region by its own level, and dequantising them.

A coefficient's step is its table entry times its region's level, and at least 1. DC coefficients use the requested
level in all regions, so that their prediction from one block to the next works across regions. The order of blocks is
that of ``transform``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgevision.arrays import Float32Array, IntArray
from edgevision.codecs.jpeg.quantisation_tables import baseline_table, scaled_tables
from edgevision.codecs.jpeg.transform import GREY_BLOCKS, ZIGZAG, Coefficients
from edgevision.codecs.spat_imco.level_plan import LevelPlan

IndexArray = NDArray[np.int16]

_MAX_INDEX = 1023  # largest AC index that baseline JPEG can store


def quantise(coefficients: Coefficients, plan: LevelPlan) -> IndexArray:
    """Index of each coefficient in its region's quantiser, (rows, columns, B, 64)."""
    scaled = np.take(1 / _steps(plan, coefficients.blocks.shape[2]), plan.level_map, axis=0)
    return _round(np.multiply(scaled, coefficients.blocks, out=scaled))


def dequantise(indices: IndexArray, plan: LevelPlan, height: int, width: int) -> Coefficients:
    """The coefficients, each its index times its step."""
    steps = np.take(_steps(plan, indices.shape[2]), plan.level_map, axis=0)
    return Coefficients(height, width, np.multiply(steps, indices, out=steps))


def requantise(coefficients: Coefficients, tables: list[IntArray]) -> IndexArray:
    """Index of each coefficient under one table per component, (rows, columns, B, 64); see ``file_tables``."""
    zigzag = [table.reshape(64)[ZIGZAG].astype(np.float32) for table in tables]
    return _round(coefficients.blocks / _per_block(zigzag, coefficients.blocks.shape[2]))


def file_tables(plan: LevelPlan, level: float, colour: bool) -> list[IntArray]:
    """Quantisation tables (8, 8) of a baseline file at one level: one for grey, two for colour."""
    tables = []
    for reference in scaled_tables(plan.chroma_scale, plan.dc_scale)[: 1 + colour]:
        table = baseline_table(reference, level)
        table[0, 0] = baseline_table(reference, plan.target)[0, 0]
        tables.append(table)
    return tables


def _steps(plan: LevelPlan, count: int) -> Float32Array:
    """Quantisation step of each coefficient at each level, (L, B, 64)."""
    by_table = []
    for reference in scaled_tables(plan.chroma_scale, plan.dc_scale):
        zigzag = reference.reshape(64)[ZIGZAG]
        step = np.asarray(plan.levels)[:, None] * zigzag
        step[:, 0] = plan.target * zigzag[0]
        by_table.append(np.maximum(step, 1.0).astype(np.float32))
    return _per_block(by_table, count)


def _per_block(tables: list[Float32Array], count: int) -> Float32Array:
    """The table of each of a region's blocks, (.., B, 64), from luminance's and chrominance's tables (.., 64)."""
    return np.stack([tables[block >= GREY_BLOCKS] for block in range(count)], axis=-2)


def _round(values: Float32Array) -> IndexArray:
    """Round to indices that baseline JPEG can store; overwrites ``values``."""
    np.rint(values, out=values)
    indices = values.astype(np.int16)
    return np.clip(indices, -_MAX_INDEX, _MAX_INDEX, out=indices)
