"""Policies without a solver: equal shares with fixed or enumerated compression, and random allocations."""

from __future__ import annotations

import numpy as np

from edgevision.arrays import FloatArray, IntArray
from edgevision.baselines.operating_points import FixedCompression, best_operating_points
from edgevision.baselines.policy_registry import register
from edgevision.baselines.shares import fill_budgets
from edgevision.checks import whole_number
from edgevision.envs.allocation import Allocation
from edgevision.envs.config import SuccessModel
from edgevision.envs.problem import SlotProblem, equal_shares
from edgevision.errors import PolicyOptionError


@register
class Fixed(FixedCompression):
    """Equal shares and one operating point for all users: the simplest controller. Source: ours.

    ``baselines.operating_points`` holds its base class, and the search for the point that scores best.
    """

    name = "fixed"

    def shares(self, problem: SlotProblem, points: IntArray) -> tuple[FloatArray, FloatArray]:
        """Equal shares: bandwidth [Hz] and power [W], (N, U) each; ``points`` are not used."""
        return equal_shares(problem)


@register
class FRACR:
    """Fixed resource allocation for compression ratio decision: equal shares, and each user's compression by P1.

    As published, P1 maximises the approximation 2 Q(x) ~ exp(-x^2/2).
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
    """FRACR with P1 on the scenario's own success model, which is optimal for equal shares. Source: ours."""

    name = "fracr-exact"
    model = None


@register
class Random:
    """Random feasible allocations: uniform operating points; a flat Dirichlet distribution divides what minima leave.

    Every call of ``act`` draws new numbers from the policy's generator. Source: ours.
    """

    name = "random"
    families = ("bandit", "dynamic", "stream")

    def __init__(self, seed: int = 0) -> None:
        self._random = np.random.default_rng(whole_number("seed", seed, 0, 2**63, PolicyOptionError))

    def act(self, problem: SlotProblem) -> Allocation:
        """Draw a feasible allocation for every slot of the batch."""
        shape = problem.active.shape
        points = np.where(problem.active, self._random.integers(problem.points, size=shape), 0)
        extra = self._random.exponential(size=(2, *shape))
        bandwidth = problem.min_bandwidth[:, None] + problem.bandwidth_budget[:, None] * extra[0]
        power = problem.min_power[:, None] + problem.power_budget[:, None] * extra[1]
        return Allocation(points, *fill_budgets(problem, bandwidth, power))
