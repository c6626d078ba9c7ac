"""Policies for video profiles: the budget rule of the STAE paper and what the paper compares it with.

``stae-budget`` enumerates objective (5): the best accuracy whose completion time t = S / gamma + t_cmp (eq. 4) meets
the deadline. ``stae-budget-joint`` also optimises the shares. ``full-offload``, ``local`` and ``fixed-budget`` send
everything, nothing or fixed budgets. Source: STAE paper, sections II-D and IV-B.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from edgevision.arrays import BoolArray, FloatArray, IntArray
from edgevision.baselines.joint import Joint
from edgevision.baselines.ladder import with_points
from edgevision.baselines.policy_registry import register
from edgevision.envs.allocation import Allocation
from edgevision.envs.channel import radio
from edgevision.envs.problem import SlotProblem, equal_shares
from edgevision.errors import AllocationError, SlotProblemError
from edgevision.profiles.video_grid import AXES, FRAMES, GRID, MODES, PIXELS, point_index


def mean_rate(problem: SlotProblem, bandwidth: FloatArray, power: FloatArray) -> FloatArray:
    """gamma: Shannon rate at the mean gain, (N, U) [bit/s]; E|h| is delta sqrt(2 / pi), or delta for Rayleigh."""
    mean = 1.0 if problem.fading == "rayleigh" else np.sqrt(2.0 / np.pi)
    return radio.data_rate(bandwidth, power, mean * problem.gain_scale, problem.noise_density[:, None])


def best_budgets(
    problem: SlotProblem, bandwidth: FloatArray, power: FloatArray, allowed: BoolArray | None = None
) -> IntArray:
    """Solve objective (5) for every user, at the rate of the mean gain.

    Args:
        problem: N slots of U users with K points.
        bandwidth: b [Hz], (N, U).
        power: p [W], (N, U).
        allowed: mask of the operating points that may be used, (K,); all by default.

    Returns:
        Indices (N, U). Of equally accurate points the fastest is chosen, so that entropy coding is used only if it
        saves more time than it takes (section IV-B.2). If no point meets the deadline, the fastest of all is chosen.
        Inactive users get 0.
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
    axes = AXES

    def act(self, problem: SlotProblem) -> Allocation:
        """Allocate for every slot of the batch."""
        shares = equal_shares(problem)
        return Allocation(best_budgets(problem, *shares), *shares)


@register
class StaeBudgetJoint:
    """The frames, pixels and mode of ``stae-budget``, with bandwidth and power optimised by ``joint``.

    Each user's operating point is the one that objective (5) chooses at equal shares. The value is never below that of
    ``stae-budget``. Source: ours.
    """

    name = "stae-budget-joint"
    kind = "solver"
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


@register
class FixedBudget:
    """Equal shares and the same budgets for all users.

    By default these are the smallest, which the paper reports as 104 x compression. Source: STAE paper, section IV-B.
    """

    name = "fixed-budget"
    axes = AXES

    def __init__(self, frames: int = min(FRAMES), pixels: float = min(PIXELS), mode: str = "entropy") -> None:
        """Fix the budgets.

        Args:
            frames: alpha, one of 16, 8, 4, 2, 1.
            pixels: beta, one of 1.0, 0.9 .. 0.4.
            mode: ``plain``, ``entropy`` or ``local``.

        Raises:
            AllocationError: a budget is not in the grid.
        """
        try:
            self._point = point_index(frames, pixels, mode)
        except ValueError as error:
            raise AllocationError(f"C5: {error}") from None

    def act(self, problem: SlotProblem) -> Allocation:
        """Allocate for every slot of the batch.

        Raises:
            SlotProblemError: the operating points are not those of a video profile.
        """
        _check_grid(self.name, problem)
        return Allocation(np.where(problem.active, self._point, 0), *equal_shares(problem))


@register
class FullOffload(FixedBudget):
    """Equal shares; every user sends the whole clip uncompressed. Source: STAE paper, section IV-B.2, Fig. 5(a)."""

    name = "full-offload"

    def __init__(self) -> None:
        super().__init__(max(FRAMES), max(PIXELS), "plain")


@register
class Local:
    """Devices classify locally: the frame budget with the best accuracy within the deadline, or else the fastest.

    Source: STAE paper, section IV-B.2 (local computing), with objective (5) over the frames.
    """

    name = "local"
    axes = AXES

    def act(self, problem: SlotProblem) -> Allocation:
        """Allocate for every slot of the batch.

        Raises:
            SlotProblemError: the operating points are not those of a video profile.
        """
        _check_grid(self.name, problem)
        shares = equal_shares(problem)
        mode = np.unravel_index(np.arange(problem.points), GRID)[-1]
        return Allocation(best_budgets(problem, *shares, allowed=mode == MODES.index("local")), *shares)


def _check_grid(name: str, problem: SlotProblem) -> None:
    """Check that the operating points are those of a video profile.

    Raises:
        SlotProblemError: they are not.
    """
    if problem.grid != GRID:
        raise SlotProblemError(
            f"policy {name!r} needs operating points {' x '.join(AXES)} {GRID}, got {problem.grid}; "
            "use it in EdgeVision/Video-v0"
        )
