"""`joint`: operating point, bandwidth and power of all users at once, near the optimum and with a certificate. Ours.

Dual decomposition finds prices and a feasible start, Newton steps polish it. Slots are worked on in groups that fit
the cache; no slot's answer depends on another's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgevision.baselines.dual import solve_dual
from edgevision.baselines.dual_slots import dual_slots
from edgevision.baselines.polish import polish
from edgevision.baselines.registry import register
from edgevision.baselines.shares import fill_budgets
from edgevision.baselines.upper_bound import upper_bound
from edgevision.envs.config import SuccessModel
from edgevision.envs.problem import Allocation, FloatArray, SlotProblem

_USERS_AT_A_TIME = 8192


@dataclass(frozen=True, eq=False)
class JointSolution:
    """An allocation with its certificate.

    Attributes:
        allocation: the answer.
        value: mean Phi over the active users, (N,).
        bound: no feasible allocation has a larger value, (N,).
        prices: what the sum of Phi would gain from twice the bandwidth or power, to first order, (2, N).
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
    """Near-optimal joint choice of compression, bandwidth and power.

    Batched NumPy, deterministic, for the scenario's own success model unless another is given. Source: ours.
    """

    name = "joint"
    batched = True

    def __init__(self, model: SuccessModel | None = None) -> None:
        """Choose the objective.

        Args:
            model: success model to maximise; ``None`` is the scenario's own.
        """
        self.model = model

    def act(self, problem: SlotProblem) -> Allocation:
        """Allocate for every slot of the batch."""
        return self._act(problem)[0]

    def solve(self, problem: SlotProblem) -> JointSolution:
        """Allocate for every slot and certify how far from the optimum that can be."""
        allocation, prices = self._act(problem)
        bound = upper_bound(problem, self.model, prices)
        return JointSolution(allocation, problem.value(allocation, self.model), bound.value, bound.prices)

    def _act(self, problem: SlotProblem) -> tuple[Allocation, FloatArray]:
        """Allocations, and prices per unit of the whole budgets, (2, N)."""
        at_a_time = max(_USERS_AT_A_TIME // problem.users, 1)
        groups = [slice(start, start + at_a_time) for start in range(0, max(problem.slots, 1), at_a_time)]
        parts = [self._act_on(problem[group]) for group in groups]
        points, bandwidth, power, prices = (np.concatenate(column, axis=-2) for column in zip(*parts, strict=True))
        return Allocation(points, *fill_budgets(problem, bandwidth, power)), prices[..., 0]

    def _act_on(self, problem: SlotProblem) -> tuple[np.ndarray, ...]:
        with np.errstate(divide="ignore", over="ignore", under="ignore", invalid="ignore"):
            slots = dual_slots(problem, self.model)
            dual = solve_dual(slots)
            shares = polish(slots, dual.shares, dual.prices)
        bandwidth = shares.bandwidth * problem.bandwidth_budget[:, None]
        power = shares.power * problem.power_budget[:, None]
        return np.where(problem.active, shares.points, 0), bandwidth, power, dual.prices
