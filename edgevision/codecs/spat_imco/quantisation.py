"""Quantising the coefficients of each region by its own level, and dequantising them.

A coefficient's step is its table entry times its region's level, and at least 1. DC coefficients use the requested
level in all regions, so that their prediction from one block to the next works across regions. The order of blocks is
that of ``transform``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from edgevision.arrays import Float32Array, IntArray
from edgevision.codecs.jpeg.quantisation_tables import baseline_table, scaled_tables
from edgevision.codecs.jpeg.transform import GREY_BLOCKS, ZIGZAG, BlockSource, Coefficients, strips
from edgevision.codecs.spat_imco.level_plan import LevelPlan

IndexArray = NDArray[np.int16]

_MAX_INDEX = 1023  # largest AC index that baseline JPEG can store


def quantise(coefficients: Coefficients, plan: LevelPlan) -> IndexArray:
    """Index of each coefficient in its region's quantiser, (rows, columns, B, 64)."""
    rows, columns, count = coefficients.grid
    indices = np.empty(coefficients.blocks.shape, np.int16)
    inverse_steps = 1 / _steps(plan, count)
    for strip in strips(rows, columns):
        scaled = np.take(inverse_steps, plan.level_map[strip], axis=0)
        indices[strip] = _round(np.multiply(scaled, coefficients.blocks[strip], out=scaled))
    return indices


@dataclass(frozen=True, eq=False)
class Dequantised:
    """The coefficients of an image, each its index times its step; see ``BlockSource``.

    Attributes:
        indices: by region, (rows, columns, B, 64).
        plan: levels of the regions.
        height: of the image [pixel].
        width: of the image [pixel].
    """

    indices: IndexArray
    plan: LevelPlan
    height: int
    width: int

    @property
    def grid(self) -> tuple[int, int, int]:
        """Rows and columns of regions, and blocks per region."""
        rows, columns, count, _ = self.indices.shape
        return rows, columns, count

    @cached_property
    def _steps(self) -> Float32Array:
        return _steps(self.plan, self.indices.shape[2])

    def part(self, rows: slice, blocks: slice) -> Float32Array:
        """Some blocks of the regions in some rows, (rows, columns, blocks, 64)."""
        steps = np.take(self._steps[:, blocks], self.plan.level_map[rows], axis=0)
        return np.multiply(steps, self.indices[rows, :, blocks], out=steps)


def requantise(coefficients: BlockSource, tables: list[IntArray]) -> IndexArray:
    """Index of each coefficient under one table per component, (rows, columns, B, 64); see ``file_tables``."""
    rows, columns, count = coefficients.grid
    indices = np.empty((rows, columns, count, 64), np.int16)
    steps = _per_block([table.reshape(64)[ZIGZAG].astype(np.float32) for table in tables], count)
    for strip in strips(rows, columns):
        indices[strip] = _round(coefficients.part(strip, slice(count)) / steps)
    return indices


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
