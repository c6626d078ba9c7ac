"""Stand-in policies for tests."""

from __future__ import annotations

import numpy as np

from edgevision.envs import Allocation, SlotProblem, equal_shares


class EqualShares:
    """Equal shares at one operating point, counting how it is asked."""

    def __init__(self, name: str = "equal", point: int = 0, batched: bool = True) -> None:
        self.name, self.point, self.batched = name, point, batched
        self.asked: list[int] = []

    def act(self, problem: SlotProblem) -> Allocation:
        self.asked.append(problem.slots)
        return Allocation(np.where(problem.active, self.point, 0), *equal_shares(problem))


class Greedy(EqualShares):
    """Breaks the bandwidth budget."""

    def act(self, problem: SlotProblem) -> Allocation:
        fair = super().act(problem)
        return Allocation(fair.operating_point, 2 * fair.bandwidth, fair.power)
