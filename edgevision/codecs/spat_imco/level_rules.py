"""Rules, by name, that decide how many regions get each level: problem P3 by branch and bound, and simpler rules.

A rule takes the levels, the level requested for the whole image and the number of regions, and returns the number of
regions at each level. ``regions.assign_levels`` then gives the strongest levels to the least important regions.

    ``thirds``   the same number of regions at each level (a third each for three levels)
    ``p3``       counts whose mean level is as near to the requested one as whole regions allow (P3, Algorithm 2)
    ``uniform``  all regions at the level nearest to the requested one

With three or more levels, P3 has many optima, often including that of ``uniform``, and the paper does not say which to
take. ``solve_p3`` takes the optimum nearest to equal shares, because SpaT-IMCO's default spread was chosen with equal
shares.
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

LEVEL_UNIT = 64  # P3 rounds levels to the nearest 1 / LEVEL_UNIT
#: Rules by name. Each maps levels (L,), most to least compressed, the requested level and R to counts (L,) of sum R.
LEVEL_RULES: Registry[LevelStrategy] = Registry("level strategy")


@LEVEL_RULES.register("thirds")
def equal_shares(levels: Sequence[float], target: float, regions: int) -> IntArray:
    """Equal shares: the r-th least important of R regions, r = 0 .. R-1, gets level r L // R; ignores ``target``."""
    edges = -(-np.arange(len(levels) + 1) * regions // len(levels))
    return np.diff(edges).astype(np.int64)


@LEVEL_RULES.register("uniform")
def nearest_level(levels: Sequence[float], target: float, regions: int) -> IntArray:
    """All regions at the level nearest to ``target``; of two equally near ones, at the less compressed."""
    distance = np.abs(np.asarray(levels, np.float64) - target)
    counts = np.zeros(len(levels), np.int64)
    counts[len(levels) - 1 - int(distance[::-1].argmin())] = regions
    return counts


@LEVEL_RULES.register("p3")
def solve_p3(levels: Sequence[float], target: float, regions: int) -> IntArray:
    """Minimise (s_img - (1/R) sum_l s_l z_l)^2 over whole z_l >= 0 with sum z_l = R, exactly. Source: eqs. 26, 27.

    Levels and target are rounded to the nearest 1/64. Of all optima, the result has the z_1 nearest to zhat_1 (the
    smaller of two), among those the z_2 nearest to zhat_2, and so on. zhat is an optimum without the integer
    constraint, rounded to whole regions: it mixes equal shares with all regions at the strongest (or weakest) level, in
    the proportion that gives the requested mean.

    The search branches on z_1, z_2, .. in this order. It bounds the possible sums of the later levels by the relaxed
    problem (an interval) and by divisibility (a residue class). If the levels are multiples of a coarse unit, such as
    the published 1, 2, .., it hardly ever backtracks; with many unrelated fine levels it can take seconds.

    Args:
        levels: s_1 >= .. >= s_L, positive.
        target: s_img, the requested mean level.
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
    if not search.best:  # rare: no integer solution attains the lower bound
        search.branch(0, regions, total, limit=regions * max(units) + abs(total) + 1)
    return np.array(search.best, np.int64)


def _relaxed(units: Sequence[int], total: int, regions: int) -> list[int]:
    """zhat of ``solve_p3``, in exact arithmetic, so that every machine rounds in the same way."""
    L, plain = len(units), sum(units) * regions  # L times the sum of levels at equal shares
    end = 0 if L * total > plain else L - 1
    span = L * units[end] * regions - plain
    pull = min(Fraction(L * total - plain, span), Fraction(1)) if span else Fraction(0)
    return [math.floor(regions * ((1 - pull) / L + pull * (level == end)) + Fraction(1, 2)) for level in range(L)]


class _Search:
    """Depth-first branch and bound over z; of equally good solutions it keeps the first.

    Attributes:
        best: the best z found so far, or empty.
    """

    def __init__(self, units: Sequence[int], wish: Sequence[int]) -> None:
        self.best: tuple[int, ...] = ()
        self._units, self._wish = units, wish
        # Sums over level l and the later ones differ from the sum with all regions at s_L by multiples of step l.
        self._step = [max(math.gcd(*(s - units[-1] for s in units[first:])), 1) for first in range(len(units))]

    def branch(self, first: int, regions: int, total: int, limit: int, chosen: tuple[int, ...] = ()) -> int:
        """Choose z_first, z_first+1, .. with sum ``regions`` and weighted sum ``total``, with an error below ``limit``.

        Returns:
            The smallest error found, or ``limit`` if none was smaller.
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
        """Lower bound of the error over all z_first .. z_L; exact if only one level is left."""
        step, last = self._step[first], self._units[-1]
        excess, largest = total - regions * last, regions * (self._units[first] - last)
        inside = np.minimum(excess % step, -excess % step)
        return np.where(excess <= 0, -excess, np.where(excess >= largest, excess - largest, inside))
