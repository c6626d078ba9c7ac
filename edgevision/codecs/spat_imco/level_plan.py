"""`LevelPlan`: which level each region of a picture gets, and the grid of numbers that a file can state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgevision.codecs.spat_imco.regions import LevelMap

LEVEL_UNIT, FACTOR_UNIT, SCALE_UNIT = 512, 128, 100


@dataclass(frozen=True, eq=False)
class LevelPlan:
    """How an image's regions are quantised and coded; all numbers are whole multiples of their units in a segment.

    Attributes:
        target: the asked level; DC coefficients are quantised by it everywhere.
        factors: on the asked level, from the most to the least compressed regions, at most 8.
        level_map: index into ``factors`` per region, (rows, columns).
        chroma_scale: factor on the chrominance table.
        dc_scale: factor on the tables' DC entries.
        table_set: number of the shared Huffman table set of the file, 0 if it brings its own.
    """

    target: float
    factors: tuple[float, ...]
    level_map: LevelMap
    chroma_scale: float
    dc_scale: float
    table_set: int = 0

    @property
    def levels(self) -> tuple[float, ...]:
        """The levels, most to least compressed."""
        return tuple(self.target * factor for factor in self.factors)


def nearest_plan(
    target: float, factors: Sequence[float], level_map: LevelMap, chroma_scale: float, dc_scale: float
) -> LevelPlan:
    """The plan nearest to the asked numbers that a segment can state."""
    return LevelPlan(
        target=in_units(target, LEVEL_UNIT) / LEVEL_UNIT,
        factors=tuple(in_units(factor, FACTOR_UNIT) / FACTOR_UNIT for factor in factors),
        level_map=level_map,
        chroma_scale=in_units(chroma_scale, SCALE_UNIT) / SCALE_UNIT,
        dc_scale=in_units(dc_scale, SCALE_UNIT) / SCALE_UNIT,
    )


def in_units(number: float, unit: int) -> int:
    """The whole multiple of 1 / ``unit`` nearest to a positive number, at least 1."""
    return max(round(number * unit), 1)
