"""Policies that ignore the scenes: cameras in turn, and the oldest answer first."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from edgevision.baselines.policy_registry import register
from edgevision.baselines.stream.frame_values import paced_share
from edgevision.baselines.stream.memory import Memory, State
from edgevision.baselines.stream.slot_solver import fill_in_order, to_allocation
from edgevision.checks import whole_number
from edgevision.envs.allocation import Allocation
from edgevision.envs.problem import SlotProblem
from edgevision.envs.stream.stream_outlook import StreamOutlook
from edgevision.errors import PolicyOptionError

LEVELS = tuple(range(6))
MAX_LEVEL = 10_000


@register
class RoundRobin:
    """Cameras send in turn, as many per slot as the band carries at one level. Source: ours."""

    name = "round-robin"
    families = ("stream",)
    search: ClassVar[dict[str, tuple[int, ...]]] = {"level": LEVELS}

    def __init__(self, level: int = 3) -> None:
        """Set the level; the most compressed one stands for what is beyond it."""
        self.level = whole_number("level", level, 0, MAX_LEVEL, PolicyOptionError)
        self._memory = Memory(lambda outlook: {"turn": np.zeros(len(outlook.slot), np.int64)})

    def act(self, problem: SlotProblem) -> Allocation:
        """Allocate for every slot of the batch.

        Raises:
            SlotProblemError: these are no slots of ``EdgeVision/Stream-v0``, or not in order.
        """
        users, level = problem.users, min(self.level, problem.points - 1)

        def advance(state: State, outlook: StreamOutlook) -> State:
            behind = np.mod(np.arange(users) - state["turn"][:, None], users)
            send, chosen = fill_in_order(paced_share(outlook), -behind.astype(np.float64), level)
            last = np.where(send, behind, -1).max(axis=1)
            return {"turn": np.mod(state["turn"] + last + 1, users), "send": send, "chosen": chosen}

        after = self._memory.follow(problem.street, advance)
        return to_allocation(problem, after["send"], after["chosen"])


@register
class MaxAge:
    """The cameras with the oldest answers send, as many as the band carries at one level. Source: ours."""

    name = "max-age"
    families = ("stream",)
    search: ClassVar[dict[str, tuple[int, ...]]] = {"level": LEVELS}

    def __init__(self, level: int = 3) -> None:
        """Set the level; the most compressed one stands for what is beyond it."""
        self.level = whole_number("level", level, 0, MAX_LEVEL, PolicyOptionError)

    def act(self, problem: SlotProblem) -> Allocation:
        """Allocate for every slot of the batch.

        Raises:
            SlotProblemError: these are no slots of ``EdgeVision/Stream-v0``.
        """
        street = problem.street
        level = min(self.level, problem.points - 1)
        return to_allocation(problem, *fill_in_order(paced_share(street), street.age.astype(np.float64), level))
