"""``LevelPlan``: the level of each region of a picture, in numbers that a file can store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgevision.codecs.spat_imco.regions import LevelMap

LEVEL_UNIT, FACTOR_UNIT, SCALE_UNIT = 512, 128, 100


@dataclass(frozen=True, eq=False)
class LevelPlan:
    """How an image's regions are quantised and coded; all numbers are multiples of the units that a file stores.

    Attributes:
        target: the requested level; DC coefficients of all regions are quantised by it.
        factors: factors on the requested level, from the most to the least compressed regions, at most 8.
        level_map: index into ``factors`` per region, (rows, columns).
        chroma_scale: factor on the chrominance table.
        dc_scale: factor on the tables' DC entries.
        table_set: number of the file's shared Huffman table set, 0 if the file has its own tables.
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
    """The plan with the given numbers, each rounded to the nearest one that a file can store."""
    return LevelPlan(
        target=in_units(target, LEVEL_UNIT) / LEVEL_UNIT,
        factors=tuple(in_units(factor, FACTOR_UNIT) / FACTOR_UNIT for factor in factors),
        level_map=level_map,
        chroma_scale=in_units(chroma_scale, SCALE_UNIT) / SCALE_UNIT,
        dc_scale=in_units(dc_scale, SCALE_UNIT) / SCALE_UNIT,
    )


def in_units(number: float, unit: int) -> int:
    """A positive number in multiples of 1 / ``unit``, rounded to a whole number of at least 1."""
    return max(round(number * unit), 1)
