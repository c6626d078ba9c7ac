"""Step 5 of ``joint``: a feasible allocation from the responses on both sides of the clearing prices.

Demand jumps where a user is indifferent between a cheap and an expensive response. On one side of the jump a budget is
exceeded, on the other a part of it is unused. Every user starts from its response that fits. Upgrades to the other
response are granted in the order of gain per cost,

    (gain of i) / (lambda (extra bandwidth of i) + nu (extra power of i)),

as in the linear relaxation of the knapsack problem.
"""

from __future__ import annotations

import numpy as np

from edgevision.arrays import BoolArray, FloatArray, IntArray
from edgevision.baselines.joint.best_points import valued
from edgevision.baselines.joint.ladder_points import PointChoice
from edgevision.baselines.joint.prices import Clearing
from edgevision.baselines.joint.response import Response
from edgevision.baselines.joint.scaled_slots import ScaledSlots, Shares, fill


def recover(slots: ScaledSlots, choice: PointChoice, found: Clearing) -> Shares:
    """The best of equal shares and of three ways to grant upgrades.

    These grant all upgrades that fit, one more in part, or one more by scaling down all shares.

    Args:
        slots: the batch.
        choice: finds the best points.
        found: clearing prices and the responses on both sides of them.
    """
    prices, under, over = found.prices, found.under, found.over
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
    best = found.equal
    for grant in grants:
        best = best.or_better(_granted(slots, choice, under, order, grant))
    return best


def _fit(extra: tuple[FloatArray, ...], free: tuple[FloatArray, ...], wanted: BoolArray) -> BoolArray:
    """Whether all wanted upgrades up to each one fit the unused part of both budgets, (U, N)."""
    sums = [(e * wanted).cumsum(axis=0) <= f + 1e-9 for e, f in zip(extra, free, strict=True)]
    return np.asarray(sums[0] & sums[1])


def _granted(
    slots: ScaledSlots, choice: PointChoice, under: Response, order: IntArray, grant: tuple[FloatArray, ...]
) -> Shares:
    """Shares that fill the budgets after adding ``grant`` (U, N) each, sorted by ``order``; with the best points."""
    shares: list[FloatArray] = []
    for share, ordered, least in zip((under.bandwidth, under.power), grant, slots.least, strict=True):
        added = np.empty_like(ordered)
        added.ravel()[order.ravel()] = ordered.ravel()
        shares.append(fill(share + added, slots.active, least))
    return valued(slots, choice.at_shares(*shares), *shares)
