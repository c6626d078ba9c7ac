"""Quantising each region by its own level, and back.

A coefficient's step is its table entry times its region's level, at least 1; DC coefficients take the asked level
everywhere, so that their prediction from one block to the next works across regions.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgevision.codecs.dct import BlockArray, Coefficients
from edgevision.codecs.jpegfile import IndexArray
from edgevision.codecs.segment import LevelPlan
from edgevision.codecs.tables import CHROMINANCE, LUMINANCE, FloatArray, baseline_table

_MAX_INDEX = 1023  # largest AC index that baseline JPEG can store


def quantise(coefficients: Coefficients, plan: LevelPlan) -> tuple[IndexArray, ...]:
    """Index of each coefficient in its region's quantiser, per component (rows, columns, 8, 8)."""
    steps = _steps(plan, len(coefficients.planes))
    return tuple(_round(plane / step) for plane, step in zip(coefficients.planes, steps, strict=True))


def dequantise(indices: tuple[IndexArray, ...], plan: LevelPlan, height: int, width: int) -> Coefficients:
    """The coefficients that ``indices`` stand for."""
    steps = _steps(plan, len(indices))
    planes = tuple(index * step for index, step in zip(indices, steps, strict=True))
    return Coefficients(height, width, planes)


def requantise(coefficients: Coefficients, tables: list[NDArray[np.int64]]) -> tuple[IndexArray, ...]:
    """Index of each coefficient under one table per component; both chroma planes share theirs."""
    steps: list[BlockArray] = [table.astype(np.float32) for table in tables]
    return tuple(_round(plane / steps[min(number, 1)]) for number, plane in enumerate(coefficients.planes))


def file_tables(plan: LevelPlan, level: float, components: int) -> list[NDArray[np.int64]]:
    """Quantisation tables as a baseline file states them, at one level: one for grey, two for colour."""
    tables = []
    for reference in _references(plan)[: min(components, 2)]:
        table = baseline_table(reference, level)
        table[0, 0] = baseline_table(reference, plan.target)[0, 0]
        tables.append(table)
    return tables


def _references(plan: LevelPlan) -> tuple[FloatArray, FloatArray]:
    luminance, chrominance = LUMINANCE.copy(), CHROMINANCE * plan.chroma_scale
    luminance[0, 0] *= plan.dc_scale
    chrominance[0, 0] *= plan.dc_scale
    return luminance, chrominance


def _steps(plan: LevelPlan, components: int) -> list[BlockArray]:
    """Step of each coefficient, per component (rows, columns, 8, 8)."""
    by_level = []
    for reference in _references(plan):
        step = np.asarray(plan.levels)[:, None, None] * reference
        step[:, 0, 0] = plan.target * reference[0, 0]
        by_level.append(np.maximum(step, 1.0).astype(np.float32))
    luminance = by_level[0][plan.level_map.repeat(2, axis=0).repeat(2, axis=1)]
    if components == 1:
        return [luminance]
    chrominance = by_level[1][plan.level_map]
    return [luminance, chrominance, chrominance]


def _round(values: BlockArray) -> IndexArray:
    """Nearest indices; overwrites ``values``."""
    np.rint(values, out=values)
    return np.clip(values, -_MAX_INDEX, _MAX_INDEX, out=values).astype(np.int16)
