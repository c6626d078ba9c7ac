"""Policies without a solver: equal shares with enumerated or fixed compression, and a random one."""

from __future__ import annotations

import numpy as np

from edgevision.arrays import FloatArray, IntArray
from edgevision.baselines.operating_points import FixedCompression, best_operating_points
from edgevision.baselines.policy_registry import register
from edgevision.baselines.shares import fill_budgets
from edgevision.envs.config import SuccessModel
from edgevision.envs.problem import Allocation, SlotProblem, equal_shares


@register
class Fixed(FixedCompression):
    """Equal shares and one operating point for everybody: the least a controller can do. Source: ours."""

    name = "fixed"

    def shares(self, problem: SlotProblem, points: IntArray) -> tuple[FloatArray, FloatArray]:
        """Equal shares, whatever the points."""
        return equal_shares(problem)


@register
class FRACR:
    """Fixed resource allocation for compression ratio decision: equal shares, each user's compression by P1.

    P1 is solved as published, on the approximation 2 Q(x) ~ exp(-x^2/2).
    Source: Co-CRRA paper, section VI-B (baseline FRACR), eq. 10 and Algorithm 1, lines 4-10.
    """

    name = "fracr"
    model: SuccessModel | None = "chernoff"

    def act(self, problem: SlotProblem) -> Allocation:
        """Allocate for every slot of the batch."""
        shares = equal_shares(problem)
        return Allocation(best_operating_points(problem, *shares, self.model), *shares)


@register
class FRACRExact(FRACR):
    """FRACR with P1 on the success model that the scenario is scored with; optimal for equal shares. Source: ours."""

    name = "fracr-exact"
    model = None


@register
class Random:
    """Uniform operating points and flat-Dirichlet shares of what the minimum shares leave: always feasible.

    The generator is the policy's own and advances with every call. Source: ours.
    """

    name = "random"

    def __init__(self, seed: int = 0) -> None:
        self._random = np.random.default_rng(seed)

    def act(self, problem: SlotProblem) -> Allocation:
        """Draw a feasible allocation for every slot of the batch."""
        shape = problem.active.shape
        points = np.where(problem.active, self._random.integers(problem.points, size=shape), 0)
        extra = self._random.exponential(size=(2, *shape))
        bandwidth = problem.min_bandwidth[:, None] + problem.bandwidth_budget[:, None] * extra[0]
        power = problem.min_power[:, None] + problem.power_budget[:, None] * extra[1]
        return Allocation(points, *fill_budgets(problem, bandwidth, power))
