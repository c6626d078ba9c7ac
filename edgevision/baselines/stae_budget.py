"""The budget rule of the STAE paper, with equal shares and with shares of its own.

Objective (5): the best accuracy whose completion time t = S / gamma + t_cmp (eq. 4) meets the deadline, by looking at
every operating point. Source: STAE paper, section II-D.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from edgevision.arrays import BoolArray, FloatArray, IntArray
from edgevision.baselines.joint import Joint
from edgevision.baselines.ladder import with_points
from edgevision.baselines.policy_registry import register
from edgevision.envs import radio
from edgevision.envs.problem import Allocation, SlotProblem, equal_shares
from edgevision.profiles.video_grid import AXES


def mean_rate(problem: SlotProblem, bandwidth: FloatArray, power: FloatArray) -> FloatArray:
    """gamma: Shannon's rate at the mean gain, (N, U) [bit/s]; E|h| is delta sqrt(2 / pi) or, for Rayleigh, delta."""
    mean = 1.0 if problem.fading == "rayleigh" else np.sqrt(2.0 / np.pi)
    return radio.data_rate(bandwidth, power, mean * problem.gain_scale, problem.noise_density[:, None])


def best_budgets(
    problem: SlotProblem, bandwidth: FloatArray, power: FloatArray, allowed: BoolArray | None = None
) -> IntArray:
    """Objective (5) for every user at a deterministic rate, that of the mean gain.

    Args:
        problem: N slots of U users with K points.
        bandwidth: b [Hz], (N, U).
        power: p [W], (N, U).
        allowed: which operating points may be used, (K,); all by default.

    Returns:
        Indices (N, U). Of equally accurate points the one that is done first, so that entropy coding is used only
        where it saves more time than it takes (section IV-B.2); the fastest point of all where none meets the
        deadline; 0 for inactive users.
    """
    payload, rate = problem.payload, mean_rate(problem, bandwidth, power)[..., None]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        time = np.where(payload > 0, payload / rate, 0.0) + problem.compute_time
    if allowed is not None:
        time = np.where(allowed, time, np.inf)
    accuracy = np.where(time <= problem.deadline[..., None], problem.accuracy, -1.0)
    best = accuracy == accuracy.max(axis=2, keepdims=True)
    return np.where(problem.active, np.where(best, time, np.inf).argmin(axis=2), 0)


@register
class StaeBudget:
    """Equal shares, and each user's budgets by objective (5). Source: STAE paper, section II-D, eq. 5."""

    name = "stae-budget"
    batched = True
    axes = AXES

    def act(self, problem: SlotProblem) -> Allocation:
        """Allocate for every slot of the batch."""
        shares = equal_shares(problem)
        return Allocation(best_budgets(problem, *shares), *shares)


@register
class StaeBudgetJoint:
    """The budgets of ``stae-budget``, with the bandwidth and power that serve them best.

    ``joint`` is given one operating point per user, the one that objective (5) chooses at equal shares, and divides
    the budgets so that the payloads arrive; the value is never below that of ``stae-budget``. Source: ours.
    """

    name = "stae-budget-joint"
    batched = True
    axes = AXES

    def __init__(self) -> None:
        self._joint = Joint()

    def act(self, problem: SlotProblem) -> Allocation:
        """Allocate for every slot of the batch.

        Raises:
            SlotProblemError: see ``SlotProblem.check``.
        """
        points = best_budgets(problem, *equal_shares(problem))
        shares = self._joint.act(with_points(problem, points[..., None]))
        return dataclasses.replace(shares, operating_point=points)
