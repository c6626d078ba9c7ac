"""`play`: runs whole episodes under a policy; evaluation, validation and tuning use it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from gymnasium.utils import seeding

from edgevision.arrays import BoolArray, IntArray
from edgevision.envs.allocation import Allocation
from edgevision.envs.problem import SlotProblem
from edgevision.envs.simulation.episode_simulator import EpisodeSimulator, SlotOutcome

#: Allocates for a batch of slots; the mask (N,) marks the episodes that still run.
Decide = Callable[[SlotProblem, BoolArray], Allocation]


@dataclass(frozen=True, eq=False)
class PlayedSlot:
    """One slot of E episodes.

    Attributes:
        problem: what the policy saw.
        allocation: what it decided.
        outcome: what resulted.
        content: index of the content of the request that each user may send, (E, U).
        arrived: whose requests count from this slot on, (E, U).
        arrived_content: the contents of these requests, (E, U).
        running: which episodes were still running, (E,); ignore the others.
    """

    problem: SlotProblem
    allocation: Allocation
    outcome: SlotOutcome
    content: IntArray
    arrived: BoolArray
    arrived_content: IntArray
    running: BoolArray

    @property
    def asked(self) -> BoolArray:
        """Active users of running episodes, (E, U)."""
        return self.problem.active & self.running[:, None]

    @property
    def sent(self) -> BoolArray:
        """Users of running episodes whose request was decided in this slot, (E, U)."""
        return self.outcome.sent & self.running[:, None]


def start(simulator: EpisodeSimulator, seeds: Sequence[int]) -> None:
    """Draw the episode of each seed, exactly as the scenario's environments do."""
    simulator.reset(np.arange(len(seeds)), [seeding.np_random(int(seed))[0] for seed in seeds])


def play(simulator: EpisodeSimulator, decide: Decide, seeds: Sequence[int]) -> Iterator[PlayedSlot]:
    """Run one episode per seed to its end.

    Args:
        simulator: simulator of E environments.
        decide: allocates for all of them in every slot.
        seeds: one seed per episode, E in total.
    """
    start(simulator, seeds)
    running = np.ones(len(seeds), bool)
    while running.any():
        problem, content = simulator.problem, simulator.content
        arrived, arrived_content = simulator.arrivals
        allocation = decide(problem, running)
        outcome = simulator.step(allocation, running)
        yield PlayedSlot(problem, allocation, outcome, content, arrived, arrived_content, running)
        running = running & ~outcome.truncated
