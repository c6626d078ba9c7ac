"""Step 7 of ``joint``: exchange of shares between users in the middle of their ladders.

A user's gain along its ladder is nearly linear in its resources, and often convex. Several users in the middle are then
not optimal, although Newton steps hardly change them: moving one user up and the others down has a higher value. A move
multiplies the shares of one user by A' / A, with A' of its best upgrade, or reduces them to the minimum. The others pay
for the difference or receive it. A move is kept if it raises sum_i eta_i P_i.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from edgevision.arrays import BoolArray, FloatArray
from edgevision.baselines.joint.best_points import success, valued
from edgevision.baselines.joint.ladder_points import PointChoice, point_choice
from edgevision.baselines.joint.newton import settle
from edgevision.baselines.joint.scaled_slots import ScaledSlots, Shares, at

_ROUNDS = 3
_CLEARLY_ABOVE = 1.02
_LARGEST_PART = 0.9  # of what users have above their minima, if all of them pay
_WORTHWHILE = 1e-5


def exchange(slots: ScaledSlots, shares: Shares, prices: FloatArray) -> Shares:
    """Try moves in every slot with at least two users in the middle of their ladders; the value never falls.

    Args:
        slots: the batch.
        shares: a feasible start.
        prices: estimates of lambda and nu, (2, 1, N).
    """
    answer = Shares(*(array.copy() for array in vars(shares).values()))
    left = np.arange(slots.active.shape[1])
    for _ in range(_ROUNDS):
        chosen = _halfway(slots, shares).sum(axis=0) > 1
        if not chosen.any():
            break
        left, slots, shares, prices = left[chosen], slots.only(chosen), shares.only(chosen), prices[..., chosen]
        better = shares.or_better(settle(slots, _best_move(slots, point_choice(slots), shares, prices), prices))
        for name, array in vars(answer).items():
            array[:, left] = getattr(better, name)
        chosen = (better.value > shares.value + _WORTHWHILE)[0]
        left, slots, shares, prices = left[chosen], slots.only(chosen), better.only(chosen), prices[..., chosen]
    return answer


def _halfway(slots: ScaledSlots, shares: Shares) -> BoolArray:
    """Users strictly between the ends of their ladder with more than their minimum shares, (U, N)."""
    above = (shares.bandwidth > _CLEARLY_ABOVE * slots.least[0]) | (shares.power > _CLEARLY_ABOVE * slots.least[1])
    return slots.active & above & (shares.points > 0) & (shares.points < slots.points - 1)


def _best_move(slots: ScaledSlots, choice: PointChoice, shares: Shares, prices: FloatArray) -> Shares:
    """Shares after the best move, judged before Newton steps follow; a move alone may gain little."""
    target = choice.upgrade(shares.points)
    growth = at(slots.relative, target) / at(slots.relative, shares.points)
    best = None
    for user, payers, part, factor in _moves(slots, choice, shares, prices):
        bandwidth, all_bandwidth = _moved(shares.bandwidth, slots.least[0], user, payers, part, growth * factor)
        power, all_power = _moved(shares.power, slots.least[1], user, payers, part, growth * factor)
        arrived = user & all_bandwidth & all_power & (factor > 0)
        points = np.where(arrived, target, choice.at_shares(bandwidth, power))
        after = valued(slots, points, bandwidth, power)
        best = after if best is None else best.or_better(after)
    return shares if best is None else best


def _moves(
    slots: ScaledSlots, choice: PointChoice, shares: Shares, prices: FloatArray
) -> Iterator[tuple[BoolArray, BoolArray, float, float]]:
    """Moves: who moves (U, N), who pays or receives (U, N), the largest part they pay, and 1 for up or 0 for down."""
    middle = _halfway(slots, shares)
    worth = success(slots, shares.points, shares.bandwidth, shares.power)
    worth -= success(slots, choice.at_shares(*slots.least), *slots.least)
    cost = prices[0] * (shares.bandwidth - slots.least[0]) + prices[1] * (shares.power - slots.least[1])
    score = np.where(middle, worth / np.maximum(cost, 1e-12), -np.inf)
    rank = np.argsort(np.argsort(-score, axis=0, kind="stable"), axis=0)
    first, second, last = (middle & (rank == place) for place in (0, 1, middle.sum(axis=0) - 1))
    yield last, slots.active, _LARGEST_PART, 0.0
    for user in (first, second, last):
        yield user, middle, 1.0, 1.0


def _moved(
    share: FloatArray, least: FloatArray, user: BoolArray, payers: BoolArray, part: float, growth: FloatArray
) -> tuple[FloatArray, BoolArray]:
    """Shares after ``user`` moves to ``growth`` times its share, or its minimum, and whether it gets all of that.

    The other payers pay in proportion to what they have above their minima; after a move down they receive.
    """
    room = np.where(payers & ~user, share - least, 0.0)
    total = room.sum(axis=0, keepdims=True)
    wanted = np.where(user, np.maximum(growth * share, least) - share, 0.0).sum(axis=0, keepdims=True)
    amount = np.where(total > 0, np.minimum(wanted, part * total), 0.0)
    return share + amount * (user - room / np.maximum(total, 1e-300)), wanted <= part * total
