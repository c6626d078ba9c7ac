"""`play`: runs whole episodes under a policy; evaluation, validation and tuning use it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from gymnasium.utils import seeding

from edgevision.arrays import BoolArray, IntArray
from edgevision.envs.problem import Allocation, SlotProblem
from edgevision.envs.simulation.simulator import Simulator, SlotOutcome

#: Allocates for a batch of slots; the mask (N,) marks the episodes that still run.
Decide = Callable[[SlotProblem, BoolArray], Allocation]


@dataclass(frozen=True, eq=False)
class PlayedSlot:
    """One slot of E episodes.

    Attributes:
        problem: what the policy saw.
        allocation: what it decided.
        outcome: what resulted.
        content: index of each request's content, (E, U).
        running: which episodes were still running, (E,); ignore the others.
    """

    problem: SlotProblem
    allocation: Allocation
    outcome: SlotOutcome
    content: IntArray
    running: BoolArray

    @property
    def asked(self) -> BoolArray:
        """Active users of running episodes, (E, U)."""
        return self.problem.active & self.running[:, None]


def play(simulator: Simulator, decide: Decide, seeds: Sequence[int]) -> Iterator[PlayedSlot]:
    """Run one episode per seed to its end, exactly as the scenario's environments do.

    Args:
        simulator: simulator of E environments.
        decide: allocates for all of them in every slot.
        seeds: one seed per episode, E in total.
    """
    simulator.reset(np.arange(len(seeds)), [seeding.np_random(int(seed))[0] for seed in seeds])
    running = np.ones(len(seeds), bool)
    while running.any():
        problem, content = simulator.problem, simulator.content
        allocation = decide(problem, running)
        outcome = simulator.step(allocation, running)
        yield PlayedSlot(problem, allocation, outcome, content, running)
        running = running & ~outcome.truncated
