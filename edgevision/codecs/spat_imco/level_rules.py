"""How many regions get which level: problem P3 by branch and bound, and other rules, by name.

A rule is told the levels, the level asked of the whole image and the number of regions, and answers with the number
of regions at each level; ``regions.assign_levels`` then hands the strongest levels to the least important regions.

    ``thirds``   equal shares of the regions per level, whatever their mean (a third each for three levels)
    ``p3``       shares whose mean level is as near to the asked one as whole regions allow (P3, Algorithm 2)
    ``uniform``  all regions at the level nearest to the asked one

P3 has many optima where three levels or more are given, plain ``uniform`` often among them, and the paper names no
choice. Ours is stated at ``solve_p3``: the optimum nearest to equal shares, the split that SpaT-IMCO's default
spread was chosen with.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np

from edgevision.arrays import IntArray
from edgevision.registry import Registry

LevelStrategy = Callable[[Sequence[float], float, int], IntArray]

LEVEL_UNIT = 64  # P3 takes levels to the nearest 1 / LEVEL_UNIT
#: Rules by name: each maps levels (L,), most to least compressed, asked level and R to counts (L,), sum R.
LEVEL_RULES: Registry[LevelStrategy] = Registry("level strategy")


@LEVEL_RULES.register("thirds")
def equal_shares(levels: Sequence[float], target: float, regions: int) -> IntArray:
    """Of R regions the r-th least important, r = 0 .. R-1, gets level r L // R; ``target`` has no effect."""
    edges = -(-np.arange(len(levels) + 1) * regions // len(levels))
    return np.diff(edges).astype(np.int64)


@LEVEL_RULES.register("uniform")
def nearest_level(levels: Sequence[float], target: float, regions: int) -> IntArray:
    """All regions at the level nearest to ``target``, of two the less compressed."""
    distance = np.abs(np.asarray(levels, np.float64) - target)
    counts = np.zeros(len(levels), np.int64)
    counts[len(levels) - 1 - int(distance[::-1].argmin())] = regions
    return counts


@LEVEL_RULES.register("p3")
def solve_p3(levels: Sequence[float], target: float, regions: int) -> IntArray:
    """Minimise (s_img - (1/R) sum_l s_l z_l)^2 over whole z_l >= 0 with sum z_l = R, exactly. Source: eqs. 26, 27.

    Levels and target are taken to the nearest 1/64. Among the optima the answer is the one whose z_1 is nearest to
    zhat_1 (the smaller of two), among those the one whose z_2 is nearest to zhat_2, and so on. zhat is an optimum
    without the integer constraint, rounded to whole regions: equal shares mixed with all regions at the strongest
    (or weakest) level in the one proportion that gives the asked mean.

    Branches on z_1, z_2, .. in the order just stated. What the later levels can still add up to is bounded by the
    relaxed problem (an interval) and by divisibility (a residue class). Where levels share a coarse common unit, as
    the published 1, 2, .. do, hardly a branch is taken back; many unrelated fine levels can take seconds.

    Args:
        levels: s_1 >= .. >= s_L, any positive numbers.
        target: s_img, the mean level asked for.
        regions: R.

    Returns:
        z, (L,).

    Raises:
        ValueError: no levels, levels that increase, or no regions.
    """
    units = [round(level * LEVEL_UNIT) for level in levels]
    if not units or any(a < b for a, b in itertools.pairwise(units)) or regions < 1:
        raise ValueError(f"need levels that do not increase and at least one region, got {levels} and {regions}")
    total = round(target * LEVEL_UNIT) * regions
    search = _Search(units, _relaxed(units, total, regions))
    least = int(search.bounds(0, np.array(regions), np.array(total)))
    search.branch(0, regions, total, limit=least + 1)
    if not search.best:  # seldom: whole regions cannot do what the bounds allow
        search.branch(0, regions, total, limit=regions * max(units) + abs(total) + 1)
    return np.array(search.best, np.int64)


def _relaxed(units: Sequence[int], total: int, regions: int) -> list[int]:
    """zhat of ``solve_p3``, in whole numbers throughout so that every machine rounds alike."""
    L, plain = len(units), sum(units) * regions  # L times what equal shares add up to
    end = 0 if L * total > plain else L - 1
    span = L * units[end] * regions - plain
    pull = min(Fraction(L * total - plain, span), Fraction(1)) if span else Fraction(0)
    return [math.floor(regions * ((1 - pull) / L + pull * (level == end)) + Fraction(1, 2)) for level in range(L)]


class _Search:
    """Depth-first branch and bound over z. Of equally good answers the first one met stays.

    Attributes:
        best: the best z met so far, empty before any.
    """

    def __init__(self, units: Sequence[int], wish: Sequence[int]) -> None:
        self.best: tuple[int, ...] = ()
        self._units, self._wish = units, wish
        # What level l and its successors add up to differs from all of them at s_L by multiples of this.
        self._step = [max(math.gcd(*(s - units[-1] for s in units[first:])), 1) for first in range(len(units))]

    def branch(self, first: int, regions: int, total: int, limit: int, chosen: tuple[int, ...] = ()) -> int:
        """Fix z_first, z_first+1, .. so that they share ``regions`` and add up to ``total`` within less than ``limit``.

        Returns:
            The error of the best z met, or ``limit`` if none was better.
        """
        if first == len(self._units) - 1:
            self.best = (*chosen, regions)
            return abs(total - regions * self._units[-1])
        floor = int(self.bounds(first, np.array(regions), np.array(total)))
        counts = np.arange(regions + 1)
        bounds = self.bounds(first + 1, regions - counts, total - counts * self._units[first])
        counts, bounds = counts[bounds < limit], bounds[bounds < limit]
        wish = self._wish[first]
        order = np.argsort(2 * np.abs(counts - wish) + (counts > wish))
        for count, bound in zip(counts[order].tolist(), bounds[order].tolist(), strict=True):
            if bound < limit:
                rest = regions - count, total - count * self._units[first]
                limit = self.branch(first + 1, *rest, limit, (*chosen, count))
            if limit <= floor:
                break
        return limit

    def bounds(self, first: int, regions: IntArray, total: IntArray) -> IntArray:
        """No z_first .. z_L brings levels nearer to ``total`` than this; with one level left it is the error."""
        step, last = self._step[first], self._units[-1]
        excess, largest = total - regions * last, regions * (self._units[first] - last)
        inside = np.minimum(excess % step, -excess % step)
        return np.where(excess <= 0, -excess, np.where(excess >= largest, excess - largest, inside))
