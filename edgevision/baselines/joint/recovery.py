"""A feasible allocation from what users want on either side of the clearing prices: which upgrades to grant.

Demand jumps where users are indifferent between two answers, a cheap and a dear one. Left of the jump the budgets are
overdrawn, right of it some of them lies idle. Every user starts from its answer that fits; upgrades to the other
answers are granted in the order of what they gain per cost, as in the knapsack's relaxation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgevision.baselines.joint.best_points import success
from edgevision.baselines.joint.response import PointChoice, Response
from edgevision.baselines.joint.scaled_slots import DualSlots, fill
from edgevision.envs.problem import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Shares:
    """A feasible answer in shares of the budgets.

    Attributes:
        points: operating points, (U, N).
        bandwidth: share of B_max, (U, N).
        power: share of P_max, (U, N).
        value: sum of eta P over the users, (1, N).
    """

    points: IntArray
    bandwidth: FloatArray
    power: FloatArray
    value: FloatArray

    def only(self, chosen: BoolArray) -> Shares:
        """The chosen slots (N,)."""
        return Shares(*(array[:, chosen] for array in vars(self).values()))

    def or_better(self, other: Shares) -> Shares:
        """The better of the two in every slot."""
        return self._where(other.value > self.value, other)

    def or_worse(self, other: Shares) -> Shares:
        """The one of the two that is not the better, in every slot."""
        return self._where(~(other.value > self.value), other)

    def _where(self, taken: BoolArray, other: Shares) -> Shares:
        """The other's answer in the slots where it is ``taken``, (1, N)."""
        return Shares(*(np.where(taken, getattr(other, name), mine) for name, mine in vars(self).items()))


def recover(slots: DualSlots, choice: PointChoice, under: Response, over: Response, prices: FloatArray) -> Shares:
    """The best of three ways to grant upgrades: those that fit, one more in part, one more at everybody's expense.

    Args:
        slots: the batch.
        choice: finds the best points.
        under: answers that fit the budgets.
        over: answers that overdraw one.
        prices: lambda and nu, (2, 1, N).
    """
    extra = over.bandwidth - under.bandwidth, over.power - under.power
    cost = prices[0] * extra[0] + prices[1] * extra[1]
    gain = over.gain - under.gain
    worth = np.where((cost > 0) & (gain > 0), gain / np.maximum(cost, 1e-12), 0.0)
    order = np.argsort(-worth, axis=0) * worth.shape[1] + np.arange(worth.shape[1])
    useful = worth.take(order) > 0
    extra = extra[0].take(order), extra[1].take(order)
    free = tuple(1.0 - share.sum(axis=0, keepdims=True) for share in (under.bandwidth, under.power))
    fitting = np.logical_and.accumulate(_fit(extra, free, np.ones_like(useful)), axis=0)
    fitting, rank = fitting.sum(axis=0, keepdims=True), np.arange(slots.users)[:, None]
    first = (rank < fitting) & useful
    rest = tuple(f - (e * first).sum(axis=0, keepdims=True) for e, f in zip(extra, free, strict=True))
    small = useful & ~first & (extra[0] <= rest[0]) & (extra[1] <= rest[1])
    small &= _fit(extra, rest, small)
    partial = (rank == fitting) & useful
    grants = [
        tuple(e * (first | small) for e in extra),
        tuple(np.where(partial, np.minimum(e, r), e * first) for e, r in zip(extra, rest, strict=True)),
        tuple(e * ((rank <= fitting) & useful) for e in extra),
    ]
    best = _granted(slots, choice, under, order, grants[0])
    for grant in grants[1:]:
        best = best.or_better(_granted(slots, choice, under, order, grant))
    return best


def _fit(extra: tuple[FloatArray, ...], free: tuple[FloatArray, ...], wanted: BoolArray) -> BoolArray:
    """Whether the wanted upgrades up to each fit what is free of both budgets, (U, N)."""
    sums = [(e * wanted).cumsum(axis=0) <= f + 1e-9 for e, f in zip(extra, free, strict=True)]
    return np.asarray(sums[0] & sums[1])


def _granted(
    slots: DualSlots, choice: PointChoice, under: Response, order: IntArray, grant: tuple[FloatArray, ...]
) -> Shares:
    """Shares that fill the budgets after adding ``grant`` (U, N) each, given in ``order``, and the best points."""
    shares: list[FloatArray] = []
    for share, ordered, least in zip((under.bandwidth, under.power), grant, slots.least, strict=True):
        added = np.empty_like(ordered)
        added.ravel()[order.ravel()] = ordered.ravel()
        shares.append(fill(share + added, slots.active, least))

    return valued(slots, choice.at_shares(*shares), *shares)


def valued(slots: DualSlots, points: IntArray, bandwidth: FloatArray, power: FloatArray) -> Shares:
    """Shares with their value."""
    value = np.where(slots.active, success(slots, points, bandwidth, power), 0.0).sum(axis=0, keepdims=True)
    return Shares(points, bandwidth, power, value)
