"""`joint`: near-optimal operating points, bandwidth and power of all users, with a certificate. Source: ours.

It maximises sum_i eta_i P_i over k, b, p under C1 to C5. Steps for one slot:

    step  file                           what it does
    0     scaled_slots                   express the slot in units of its budgets
    1     power_table, response_table    tabulate closed forms, once per fading and success model
    2     best_points, ladder_points     find a user's best operating point, enumerated or tabulated
    3     response                       a user's best choice at given prices of bandwidth and power
    4     prices                         search clearing prices, at which demand meets both budgets
    5     recovery                       make a feasible allocation from the choices at these prices
    6     newton                         improve all shares at once by Newton steps
    7     exchange                       move shares between users in the middle of their ladders
    8     pair_splits                    try many splits of the budgets between two users
          inner_bound, upper_bound       certificate: an upper bound for any allocation

Each file imports only from files above it. Operating points of a grid are first converted to a ladder
(``baselines.ladder``). Slots are solved in groups that fit the cache; no slot's allocation depends on another's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import get_args

import numpy as np

from edgevision.arrays import FloatArray
from edgevision.baselines.joint.exchange import exchange
from edgevision.baselines.joint.ladder_points import point_choice
from edgevision.baselines.joint.newton import polish
from edgevision.baselines.joint.pair_splits import split_pairs
from edgevision.baselines.joint.prices import clear_prices
from edgevision.baselines.joint.recovery import recover
from edgevision.baselines.joint.scaled_slots import scale_slots
from edgevision.baselines.joint.upper_bound import upper_bound
from edgevision.baselines.ladder import frontier, with_points
from edgevision.baselines.policy_registry import register
from edgevision.baselines.shares import fill_budgets
from edgevision.envs.allocation import Allocation
from edgevision.envs.config import SuccessModel
from edgevision.envs.problem import SlotProblem
from edgevision.errors import PolicyOptionError, shown

_LOOSE = 0.005  # relative gap above which a second bound is tried
_USERS_AT_A_TIME = 16384


@dataclass(frozen=True, eq=False)
class JointSolution:
    """An allocation with its certificate.

    Attributes:
        allocation: the answer.
        value: mean Phi over the active users, (N,).
        bound: no feasible allocation has a larger value, (N,).
        prices: gain in the sum of Phi from twice the bandwidth and from twice the power, to first order, (2, N).
    """

    allocation: Allocation
    value: FloatArray
    bound: FloatArray
    prices: FloatArray

    @property
    def gap(self) -> FloatArray:
        """Certified distance from the optimum relative to the bound, (N,)."""
        return (self.bound - self.value) / np.maximum(self.bound, np.finfo(float).tiny)


@register
class Joint:
    """Near-optimal joint choice of compression, bandwidth and power; deterministic, batched NumPy. Source: ours."""

    name = "joint"
    kind = "solver"

    def __init__(self, model: SuccessModel | None = None) -> None:
        """Choose the objective.

        Args:
            model: success model to maximise; ``None`` is the scenario's own.

        Raises:
            PolicyOptionError: there is no such model.
        """
        if model not in (None, *get_args(SuccessModel)):
            raise PolicyOptionError(f"model must be one of {', '.join(get_args(SuccessModel))}, got {shown(model)}")
        self.model = model

    def act(self, problem: SlotProblem) -> Allocation:
        """Allocate for every slot of the batch.

        Raises:
            SlotProblemError: see ``SlotProblem.check``.
        """
        return self._act(problem)[0]

    def solve(self, problem: SlotProblem) -> JointSolution:
        """Allocate for every slot, with an upper bound that certifies the distance from the optimum.

        Raises:
            SlotProblemError: see ``SlotProblem.check``.
        """
        allocation, prices = self._act(problem)
        value = problem.value(allocation, self.model)
        found = upper_bound(problem, self.model, prices)
        bound, prices = found.value, found.prices
        loose = bound - value > _LOOSE * bound
        if loose.any():  # a slot's prices can be far from its best; slots of one scenario have similar best prices
            typical = np.repeat(np.median(prices, axis=1, keepdims=True), int(loose.sum()), axis=1)
            again = upper_bound(problem[loose], self.model, typical, refinements=12)
            better = again.value < bound[loose]
            bound[loose] = np.where(better, again.value, bound[loose])
            prices[:, loose] = np.where(better, again.prices, prices[:, loose])
        return JointSolution(allocation, value, bound, prices)

    def _act(self, problem: SlotProblem) -> tuple[Allocation, FloatArray]:
        """Allocations, and prices per unit of the whole budgets, (2, N)."""
        problem.check()
        if len(problem.grid) > 1:
            ladder = frontier(problem)
            allocation, prices = self._act(with_points(problem, ladder))
            points = np.where(problem.active, problem.at(allocation, ladder), 0)
            return replace(allocation, operating_point=points), prices
        at_a_time = max(_USERS_AT_A_TIME // problem.users, 1)
        groups = [slice(start, start + at_a_time) for start in range(0, max(problem.slots, 1), at_a_time)]
        parts = [self._act_on(problem[group]) for group in groups]
        points, bandwidth, power, prices = (np.concatenate(column, axis=-1) for column in zip(*parts, strict=True))
        return Allocation(points.T, *fill_budgets(problem, bandwidth.T, power.T)), prices[:, 0]

    def _act_on(self, problem: SlotProblem) -> tuple[np.ndarray, ...]:
        with np.errstate(divide="ignore", over="ignore", under="ignore", invalid="ignore"):
            slots = scale_slots(problem, self.model)
            choice = point_choice(slots)
            found = clear_prices(slots, choice)
            shares = recover(slots, choice, found)
            shares = polish(slots, choice, shares, found.prices)
            shares = exchange(slots, shares, found.prices)
            if problem.max_power is None:  # no step knows it, and shares may move far here
                shares = split_pairs(slots, choice, shares, found.prices)
        bandwidth = shares.bandwidth * problem.bandwidth_budget
        power = shares.power * problem.power_budget
        return np.where(slots.active, shares.points, 0), bandwidth, power, found.prices
