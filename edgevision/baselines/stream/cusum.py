"""`Cusum`: cumulative sums of change scores, and the age of answers."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from edgevision.baselines.policy_registry import register
from edgevision.baselines.stream.frame_values import paced_share
from edgevision.baselines.stream.memory import Memory, State
from edgevision.baselines.stream.rotation import LEVELS, MAX_LEVEL
from edgevision.baselines.stream.slot_solver import fill_in_order, to_allocation
from edgevision.checks import real_number, whole_number
from edgevision.envs.allocation import Allocation
from edgevision.envs.problem import SlotProblem
from edgevision.envs.stream.stream_outlook import StreamOutlook
from edgevision.errors import PolicyOptionError

_FIRST = 1e6  # priority of cameras whose scene the edge has never seen


@register
class Cusum:
    """Cameras whose scores have summed up send first, then those with old answers.

    The sum of scores minus half their mean never falls below 0 and starts anew with a delivery. Above a threshold it
    is the priority, to which the age adds. Source: Page, Continuous inspection schemes, 1954.
    """

    name = "cusum"
    families = ("stream",)
    search: ClassVar[dict[str, tuple[float, ...]]] = {
        "level": LEVELS,
        "threshold": (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0),
        "aging": (0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32),
    }

    def __init__(self, level: int = 4, threshold: float = 1.0, aging: float = 0.08) -> None:
        """Set level, threshold of the sum, and what a slot of age adds to the priority."""
        self.level = whole_number("level", level, 0, MAX_LEVEL, PolicyOptionError)
        self.threshold = real_number("threshold", threshold, 0.0, 1e6, PolicyOptionError)
        self.aging = real_number("aging", aging, 0.0, 1e3, PolicyOptionError)
        self._memory = Memory(lambda outlook: {"sum": np.zeros(outlook.score.shape)})

    def act(self, problem: SlotProblem) -> Allocation:
        """Allocate for every slot of the batch.

        Raises:
            SlotProblemError: these are no slots of ``EdgeVision/Stream-v0``, or not in order.
        """

        def advance(state: State, outlook: StreamOutlook) -> State:
            before = np.where(outlook.delivered, 0.0, state["sum"])
            return {"sum": np.maximum(before + outlook.score - 0.5 * outlook.score_mean[:, None], 0.0)}

        street = problem.street
        total = self._memory.follow(street, advance)["sum"]
        alarm = np.where(total > self.threshold, total, 0.0)
        priority = np.where(street.empty, _FIRST, alarm + self.aging * street.age)
        level = min(self.level, problem.points - 1)
        return to_allocation(problem, *fill_in_order(paced_share(street), priority, level))
