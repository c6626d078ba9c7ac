"""Certificate of ``joint``: an upper bound on the best value of every slot, valid for any policy.

For any prices lambda, nu >= 0

    g(lambda, nu) = sum_i max over k, b, p of [eta_k P_k(b, p) - lambda b - nu p] + lambda B_max + nu P_max

is at least the best sum of task successes under C1..C5: the Lagrangian bound. The inner maxima are bounded on
intervals, not sampled (``inner_bound``). Each user has at least its minimum shares and leaves the others theirs. A
slack is added to cover rounding. Source: ours.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgevision.arrays import FloatArray, IntArray
from edgevision.baselines.joint.inner_bound import Users, inner_maxima
from edgevision.baselines.joint.ladder_points import point_choice
from edgevision.baselines.joint.power_table import power_table
from edgevision.baselines.joint.prices import clear_prices
from edgevision.baselines.joint.scaled_slots import scale_slots
from edgevision.baselines.ladder import frontier, with_points
from edgevision.envs.config import SuccessModel
from edgevision.envs.problem import SlotProblem

_TOLERANCE = 2e-5
_SLACK = 1e-7  # per user; covers rounding and the relative excess of 1e-9 that ``Allocation.check`` tolerates
_ENTRIES_AT_A_TIME = 200_000
_RADIUS = 0.15


@dataclass(frozen=True, eq=False)
class UpperBound:
    """Upper bounds on the value of N slots.

    Attributes:
        value: no feasible allocation has a larger mean Phi over the active users, (N,); 0 if no user is active.
        prices: lambda and nu that prove the bound, per whole budget, (2, N).
    """

    value: FloatArray
    prices: FloatArray


def upper_bound(
    problem: SlotProblem,
    success_model: SuccessModel | None = None,
    prices: FloatArray | None = None,
    refinements: int = 6,
) -> UpperBound:
    """Bound the best value of every slot.

    Args:
        problem: N slots.
        success_model: model that values are scored with; ``None`` is the scenario's own.
        prices: start for lambda and nu, per whole budget, (2, N); any are valid, good ones make the bound tight.
            ``None`` starts from ``clear_prices``.
        refinements: steps that improve the prices; each costs one evaluation of the bound.

    Returns:
        Bounds on ``problem.value(allocation, success_model)`` and the prices.
    """
    if len(problem.grid) > 1:
        problem = with_points(problem, frontier(problem))
    at_a_time = max(_ENTRIES_AT_A_TIME // (problem.users * problem.points), 1)
    parts = []
    for start in range(0, max(problem.slots, 1), at_a_time):
        group = slice(start, start + at_a_time)
        given = None if prices is None else prices[:, group]
        parts.append(_bound_group(problem[group], success_model, given, refinements))
    return UpperBound(
        np.concatenate([part.value for part in parts]), np.concatenate([part.prices for part in parts], axis=1)
    )


def _bound_group(
    problem: SlotProblem, model: SuccessModel | None, prices: FloatArray | None, refinements: int
) -> UpperBound:
    """Minimise the bound over the logarithms of both prices by the ellipsoid method."""
    if prices is None:
        with np.errstate(divide="ignore", invalid="ignore", over="ignore", under="ignore"):
            slots = scale_slots(problem, model)
            prices = clear_prices(slots, point_choice(slots)).prices[:, 0]
    slot, users = active_users(problem, model)
    best, best_prices = np.full(problem.slots, np.inf), prices
    shape = np.broadcast_to(np.eye(2) * _RADIUS**2, (problem.slots, 2, 2))
    for _ in range(refinements + 1):
        bound, rest = _lagrangian_bound(problem, slot, users, prices)
        better = bound < best
        best, best_prices = np.where(better, bound, best), np.where(better, prices, best_prices)
        slope = (prices * rest).T
        direction = (shape @ slope[:, :, None])[..., 0]
        length = np.sqrt(np.maximum((slope * direction).sum(axis=1), 0.0))[:, None]
        direction = np.divide(direction, length, out=np.zeros_like(direction), where=length > 0)
        prices = prices * np.exp(-direction.T / 3)
        shape = 4 / 3 * (shape - 2 / 3 * direction[:, :, None] * direction[:, None, :])
    count = np.maximum(problem.active.sum(axis=1), 1)
    highest = np.where(problem.active, problem.accuracy.max(axis=2), 0.0).sum(axis=1)
    value = np.minimum(best / count + _SLACK, highest / count)
    return UpperBound(np.where(problem.active.any(axis=1), value, 0.0), best_prices)


def _lagrangian_bound(
    problem: SlotProblem, slot: IntArray, users: Users, prices: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """g (N,) and the parts of both budgets that the maximisers leave, (2, N)."""
    value, bandwidth, power = inner_maxima(users, prices[:, slot], _TOLERANCE)

    def total(of: FloatArray) -> FloatArray:
        return np.asarray(np.bincount(slot, of, problem.slots), np.float64)

    return total(value) + prices.sum(axis=0), 1.0 - np.stack([total(bandwidth), total(power)])


def active_users(problem: SlotProblem, model: SuccessModel | None = None) -> tuple[IntArray, Users]:
    """The slot (M,) of each active user, and the active users of all slots in one batch."""
    slot, user = np.nonzero(problem.active)
    others = problem.active.sum(axis=1)[slot] - 1
    budget_b, budget_p = problem.bandwidth_budget[slot], problem.power_budget[slot]
    least = problem.min_bandwidth[slot] / budget_b, problem.min_power[slot] / budget_p
    payload = problem.raw_size[slot, user, None] * problem.size_fraction[slot, user]
    airtime = problem.deadline[slot, user, None] - problem.compute_time[slot, user]
    most_power = np.maximum(1.0 - others * least[1], least[1])
    if problem.max_power is not None:
        most_power = np.minimum(most_power, problem.max_power[slot, user] / budget_p)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        exponent = np.where(airtime > 0, np.log(2.0) * payload / (airtime * budget_b[:, None]), np.inf)
        noise = problem.noise_density[slot] * budget_b / (problem.gain_scale[slot, user] * budget_p)
    return slot, Users(
        exponent=np.where((payload > 0) | (airtime < 0), exponent, 0.0),
        accuracy=problem.accuracy[slot, user],
        noise=noise,
        least=least,
        most=(np.maximum(1.0 - others * least[0], least[0]), most_power),
        table=power_table(problem.fading, model or problem.success_model),
        modulation=problem.modulation,
    )
