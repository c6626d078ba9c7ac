"""Choice of operating points: each user's best one at given shares (problem P1), or one for all users.

``best_operating_points`` is the step of Co-CRRA that chooses compression. ``FixedCompression`` is the base of policies
that use one point and choose shares only; ``tune_fixed_point`` finds the best point for such a policy.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable

import numpy as np

from edgevision.arrays import FloatArray, IntArray
from edgevision.checks import whole_number
from edgevision.envs.allocation import Allocation
from edgevision.envs.config import SuccessModel
from edgevision.envs.problem import SlotProblem
from edgevision.errors import AllocationError


def best_operating_points(
    problem: SlotProblem, bandwidth: FloatArray, power: FloatArray, model: SuccessModel | None = None
) -> IntArray:
    """P1: each user's operating point with the largest eta P(t <= t0), by enumeration (Algorithm 1, lines 4-10).

    Args:
        problem: N slots of U users with K points.
        bandwidth: b [Hz], (N, U).
        power: p [W], (N, U).
        model: success model to maximise; ``None`` is the scenario's own.

    Returns:
        Indices (N, U), the least compressed of equally good points; 0 for inactive users.
    """
    task_success = problem.accuracy * problem.success_probabilities(bandwidth, power, model)
    return np.where(problem.active, task_success.argmax(axis=2), 0)


class FixedCompression(ABC):
    """Base of the baselines that use one operating point for every user and slot.

    The papers do not print the point that they use, so it is a parameter; ``tune_fixed_point`` can choose it.

    Attributes:
        name: name in the registry.
        shares_depend_on_point: whether ``shares`` uses the operating points.
    """

    name: str
    shares_depend_on_point = False

    def __init__(self, operating_point: int | None = None) -> None:
        """Fix the operating point by its index.

        Args:
            operating_point: index into the K points; ``None`` is the middle one, K // 2 (o = 0.5 of the published
                curve).

        Raises:
            AllocationError: not an index.
        """
        if operating_point is not None:
            operating_point = whole_number("C5: operating_point", operating_point, 0, 2**31, AllocationError)
        self.operating_point = operating_point

    @abstractmethod
    def shares(self, problem: SlotProblem, points: IntArray) -> tuple[FloatArray, FloatArray]:
        """Bandwidth [Hz] and power [W] of users at operating points ``points`` (N, U), (N, U) each."""

    def act(self, problem: SlotProblem) -> Allocation:
        """Allocate for every slot of the batch.

        Raises:
            AllocationError: the problem has no such operating point.
        """
        point = problem.points // 2 if self.operating_point is None else self.operating_point
        if point >= problem.points:
            raise AllocationError(f"C5: operating_point {point} does not exist, there are {problem.points}")
        points = np.where(problem.active, point, 0)
        return Allocation(points, *self.shares(problem, points))


def tune_fixed_point(
    make_policy: Callable[[int], FixedCompression], problem: SlotProblem, candidates: Iterable[int] | None = None
) -> int:
    """The fixed operating point with the best mean score of a policy on recorded problems.

    Args:
        make_policy: builds the policy for an operating point, e.g. ``lambda k: make("fcrra", operating_point=k)``.
        problem: recorded slots, from validation seeds; scored with the scenario's own success model.
        candidates: indices to choose from; ``None`` is all K. A policy whose shares depend on the point runs once per
            candidate, others run only once.

    Returns:
        The best index, or the least compressed of equally good ones.
    """
    tried = np.unique(np.fromiter(range(problem.points) if candidates is None else candidates, np.int64))
    policy = make_policy(int(tried[0]))
    if policy.shares_depend_on_point:
        scores = np.array([problem.value(make_policy(int(k)).act(problem)).mean() for k in tried])
    else:
        shares = policy.shares(problem, np.zeros(problem.active.shape, np.int64))
        per_user = problem.accuracy * problem.success_probabilities(*shares)
        weight = problem.active / np.maximum(problem.active.sum(axis=1, keepdims=True), 1)
        scores = np.einsum("nu,nuk->k", weight, per_user)[tried]
    return int(tried[scores.argmax()])
