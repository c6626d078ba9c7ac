"""Rules for video profiles that the STAE paper compares with: everything, nothing or fixed budgets are sent."""

from __future__ import annotations

import numpy as np

from edgevision.baselines.policy_registry import register
from edgevision.baselines.stae_budget import best_budgets
from edgevision.envs.problem import Allocation, SlotProblem, equal_shares
from edgevision.errors import AllocationError, SlotProblemError
from edgevision.profiles.video_grid import AXES, FRAMES, GRID, MODES, PIXELS, point_index


def check_grid(name: str, problem: SlotProblem) -> None:
    """Refuse operating points that are not those of a video profile.

    Raises:
        SlotProblemError: names the policy and both grids.
    """
    if problem.grid != GRID:
        raise SlotProblemError(
            f"policy {name!r} needs operating points {' x '.join(AXES)} {GRID}, got {problem.grid}; "
            "use it in EdgeVision/Video-v0"
        )


@register
class FixedBudget:
    """Equal shares and the same budgets for everybody, by default the paper's 104 x. Source: section IV-B of STAE."""

    name = "fixed-budget"
    batched = True
    axes = AXES

    def __init__(self, frames: int = min(FRAMES), pixels: float = min(PIXELS), mode: str = "entropy") -> None:
        """Fix the budgets.

        Args:
            frames: alpha, one of 16, 8, 4, 2, 1.
            pixels: beta, one of 1.0, 0.9 .. 0.4.
            mode: ``plain``, ``entropy`` or ``local``.

        Raises:
            AllocationError: a budget that does not exist.
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
        check_grid(self.name, problem)
        return Allocation(np.where(problem.active, self._point, 0), *equal_shares(problem))


@register
class FullOffload(FixedBudget):
    """Equal shares; the whole clip is sent as it is. Source: STAE paper, section IV-B.2, Fig. 5(a)."""

    name = "full-offload"

    def __init__(self) -> None:
        super().__init__(max(FRAMES), max(PIXELS), "plain")


@register
class Local:
    """Nothing is sent: each device classifies the number of frames that is most accurate in time, or else one.

    Source: STAE paper, section IV-B.2 (local computing), with objective (5) over the frames.
    """

    name = "local"
    batched = True
    axes = AXES

    def act(self, problem: SlotProblem) -> Allocation:
        """Allocate for every slot of the batch.

        Raises:
            SlotProblemError: the operating points are not those of a video profile.
        """
        check_grid(self.name, problem)
        shares = equal_shares(problem)
        mode = np.unravel_index(np.arange(problem.points), GRID)[-1]
        return Allocation(best_budgets(problem, *shares, allowed=mode == MODES.index("local")), *shares)
