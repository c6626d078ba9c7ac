"""Step 8 of ``joint``: slots with two requests are searched for the best split of both budgets.

Newton steps end at the nearest optimum, and exchanges move one user by one step. Two users alone can so end at the
wrong optimum: prices tell little about them, because each is a large part of the demand. Splits of both budgets are
tried on a grid, coarse and then finer around the best, each with the best points. Slots are left out in which both
users are about as well off as if each had all that the minimum of the other leaves.
"""

from __future__ import annotations

import numpy as np

from edgevision.arrays import FloatArray, IntArray
from edgevision.baselines.joint.best_points import valued
from edgevision.baselines.joint.ladder_points import PointChoice, point_choice
from edgevision.baselines.joint.newton import settle
from edgevision.baselines.joint.scaled_slots import ScaledSlots, Shares

_ROOM = 5e-4  # of the sum of eta P, to what both would reach without each other; less is not worth a search
# Parts of the pool that the first user gets; users far apart need the ends.
_HALF = np.array([0.0, 0.005, 0.02, 0.05, 0.1, 0.17, 0.26, 0.37])
_SPLITS = np.concatenate([_HALF, [0.5], 1.0 - _HALF[::-1]])
_ENTRIES_AT_A_TIME = 1_000_000  # splits x points of all pairs
_KEPT = 4  # splits around which finer ones are tried
_FINER = np.linspace(-0.8, 0.8, 5)  # in units of the distance to the next split


def split_pairs(slots: ScaledSlots, choice: PointChoice, shares: Shares, prices: FloatArray) -> Shares:
    """Split both budgets anew in every slot with two requests; the value never falls.

    Args:
        slots: the batch.
        choice: finds the best points.
        shares: a feasible start.
        prices: estimates of lambda and nu, (2, 1, N).
    """
    pairs = slots.active.sum(axis=0) == 2
    if not pairs.any():
        return shares
    most = valued(slots, choice.at_shares(*slots.most), *slots.most).value
    chosen = pairs & (most - shares.value > _ROOM)[0]
    if not chosen.any():
        return shares
    part, start, prices = slots.only(chosen), shares.only(chosen), prices[..., chosen]
    who = np.argsort(~part.active, axis=0, kind="stable")[:2]
    column = np.arange(who.shape[1])
    pair = part.busy(column, who)
    pooled = tuple(share[who, column].sum(axis=0) for share in (start.bandwidth, start.power))
    splits = np.array([(b, p) for b in _SPLITS for p in _SPLITS]).T[..., None] * np.ones(who.shape[1])
    best = _best_splits(pair, pooled, splits, _KEPT)
    near = np.array([(b, p) for b in _FINER for p in _FINER]).T[:, None, :, None]
    distance = np.gradient(_SPLITS)
    step = np.stack([np.interp(of, _SPLITS, distance) for of in best])
    finer = np.clip(best[:, :, None] + near * step[:, :, None], 0.0, 1.0).reshape(2, -1, who.shape[1])
    best = _best_splits(pair, pooled, finer, 1)
    bandwidth, power = start.bandwidth.copy(), start.power.copy()
    for share, half in zip((bandwidth, power), _shared(pair, pooled, best), strict=True):
        share[who, column] = half[:, 0]
    chooser = point_choice(part)
    points = chooser.refined(chooser.at_shares(bandwidth, power), bandwidth, power)
    better = start.or_better(settle(part, Shares(points, bandwidth, power, start.value), prices))
    answer = Shares(*(array.copy() for array in vars(shares).values()))
    for name, array in vars(answer).items():
        array[:, chosen] = getattr(better, name)
    return answer


def _shared(pair: ScaledSlots, pooled: tuple[FloatArray, ...], splits: FloatArray) -> list[FloatArray]:
    """Shares (2, S, N) of both users at S splits (2, S, N) of bandwidth and power."""
    answer = []
    for least, pool, split in zip(pair.least, pooled, splits, strict=True):
        free = np.maximum(pool - least.sum(axis=0), 0.0)
        answer.append(least[:, None] + np.stack([split, 1.0 - split]) * free)
    return answer


def _best_splits(pair: ScaledSlots, pooled: tuple[FloatArray, ...], splits: FloatArray, kept: int) -> FloatArray:
    """The ``kept`` splits of the largest values, (2, kept, N), among S splits (2, S, N)."""
    count, slots = splits.shape[1:]
    at_a_time = max(_ENTRIES_AT_A_TIME // (2 * count * (1 if pair.common else pair.points)), 1)
    shares, found = _shared(pair, pooled, splits), []
    for start in range(0, slots, at_a_time):
        here: IntArray = np.arange(start, min(start + at_a_time, slots))
        column = np.tile(here, count)
        many = pair.busy(column, np.broadcast_to(np.arange(2)[:, None], (2, len(column))))
        bandwidth, power = (share[..., here].reshape(2, -1) for share in shares)
        value = valued(many, point_choice(many).at_shares(bandwidth, power), bandwidth, power).value
        best = np.argsort(-value.reshape(count, -1), axis=0, kind="stable")[:kept]
        found.append(np.take_along_axis(splits[..., here], best[None], axis=1))
    return np.concatenate(found, axis=2)
