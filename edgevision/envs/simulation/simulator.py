"""`Simulator`: dynamics of the ids in which no decision changes a later slot; N environments, by array operations.

The scalar environment uses it with N = 1 and the vector environment with N = n; only this module scores their slots.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Protocol, cast

import numpy as np

from edgevision.arrays import BoolArray, FloatArray, IntArray
from edgevision.envs.computing.energy import computing_energy, request_energy
from edgevision.envs.config import ScenarioConfig
from edgevision.envs.content_rows import ContentRows
from edgevision.envs.problem import Allocation, SlotProblem
from edgevision.envs.simulation.episode_simulator import EpisodeSimulator, SlotOutcome
from edgevision.envs.simulation.trace import EpisodeTrace, draw_traces
from edgevision.errors import ScenarioError
from edgevision.profiles.profile import load_profile


class OutcomeSource(Protocol):
    """Runs codec and classifier on contents, for the accuracy mode ``live``."""

    def outcomes(self, content: IntArray, point: IntArray) -> tuple[FloatArray, BoolArray]:
        """Bytes sent and whether the answer was right, (M,) each, for (M,) contents and operating points."""
        ...


class Simulator(EpisodeSimulator):
    """State and dynamics of N independent environments of one scenario.

    Raises:
        ScenarioError: the accuracy mode needs data that the profile or the caller does not provide, or the episodes
            need too much memory.
    """

    trace_type = EpisodeTrace
    config: ScenarioConfig

    term_types: ClassVar[Mapping[str, tuple[type, bool]]] = {"computing_energy": (float, True)}

    def __init__(self, config: ScenarioConfig, n: int, outcomes: OutcomeSource | None = None) -> None:
        super().__init__(config, n, load_profile(config.profile))
        if (config.accuracy == "live") != (outcomes is not None):
            raise ScenarioError(
                "accuracy='live' and an outcome source (outcomes=...) go together; give both or neither"
            )
        self._outcomes = outcomes
        self._computing_energy = computing_energy(config, self.profile)
        # At a point at which the device answers itself, no content sends anything, so its camera does not radiate.
        self._sends_after = np.where(self.profile.size.any(axis=0), self.compute_time, np.inf)

    def _draw(self, generators: Sequence[np.random.Generator]) -> EpisodeTrace:
        return draw_traces(self.config, self.profile, self._members, generators)

    @property
    def content(self) -> IntArray:
        """Index of the content of each request in the current slot, (N, U); hidden from policies."""
        return self._now("content")

    @property
    def arrivals(self) -> tuple[BoolArray, IntArray]:
        """The active users and the contents of their requests, since each slot is scored for itself."""
        return self.problem.active, self.content

    def _build_problem(self) -> SlotProblem:
        config, profile, content = self.config, self.profile, self.content
        shape = (self.n, config.users, profile.points)
        active = self._now("pool") > 0
        power_budget, min_power = self._power_limits(active)
        return SlotProblem(
            active=active,
            raw_size=self._now("raw_size"),
            deadline=self._now("deadline"),
            gain_scale=self._now("gain_scale"),
            size_fraction=cast(FloatArray, ContentRows(profile.size_fraction, content)),
            accuracy=np.broadcast_to(profile.accuracy, shape),
            compute_time=np.broadcast_to(self.compute_time, shape),
            features=profile.features.take(content, axis=0),
            bandwidth_budget=np.full(self.n, config.bandwidth),
            power_budget=power_budget,
            min_bandwidth=np.full(self.n, config.min_bandwidth),
            min_power=min_power,
            noise_density=np.full(self.n, config.noise_density),
            grid=profile.grid,
            fading=config.fading,
            success_model=config.success_model,
            content_fingerprint=profile.content_fingerprint,
        )

    def _power_limits(self, active: BoolArray) -> tuple[FloatArray, FloatArray]:
        """P_max and P_min of the slot, (N,) each [W].

        Success rises with power, so that each user sends with all it may if that is no concern of the others. A minimum
        that uses up the budget says so to every policy.
        """
        config = self.config
        if config.power_limit == "shared":
            return np.full(self.n, config.power), np.full(self.n, config.min_power)
        least = np.full(self.n, config.power / config.users)
        return np.maximum(active.sum(axis=1), 1) * least, least

    def step(self, allocation: Allocation, running: BoolArray | None = None) -> SlotOutcome:
        """Score the current slot and advance the environments in ``running`` (all by default)."""
        problem = self.problem
        payload, accuracy = self._accuracy(allocation, problem, self.content)
        in_time = problem.success_probability(allocation, payload=payload)
        if self.config.transmission == "sampled":
            in_time = (self._now("fading") < in_time).astype(np.float64)
        accuracy = np.where(problem.active, accuracy, 0.0)
        energy, computing = self._energy(allocation, problem)
        self.slot = self.slot + (1 if running is None else running)
        self._problem = None
        return SlotOutcome(
            reward=problem.mean_over_active(in_time * accuracy),
            in_time=in_time,
            accuracy=accuracy,
            energy=energy,
            truncated=self.slot >= self._running()["length"],
            share=problem.active / np.maximum(problem.active.sum(axis=1, keepdims=True), 1),
            offered=np.ones(self.n),
            sent=problem.active,
            terms={"computing_energy": computing},
        )

    def _energy(self, allocation: Allocation, problem: SlotProblem) -> tuple[FloatArray, FloatArray]:
        """Energy of each user's request, and the part of it that is spent on computing, (N, U) each [J]."""
        point = allocation.operating_point
        computing = np.where(problem.active, self._computing_energy[point], 0.0)
        airtime = np.maximum(problem.deadline - self._sends_after[point], 0.0)
        return request_energy(np.where(problem.active, allocation.power, 0.0), airtime, computing), computing

    def _accuracy(
        self, allocation: Allocation, problem: SlotProblem, content: IntArray
    ) -> tuple[FloatArray | None, FloatArray]:
        """Payload [bit] if it is measured live, else ``None``, and the accuracy term, (N, U) each."""
        point = allocation.operating_point
        if self._outcomes is not None:
            size, correct = self._outcomes.outcomes(content[problem.active], point[problem.active])
            payload, accuracy = np.zeros(point.shape), np.zeros(point.shape)
            payload[problem.active], accuracy[problem.active] = 8.0 * size, correct
            return payload, accuracy
        if self.config.accuracy == "replay" and self.profile.correct is not None:
            return None, self.profile.correct[content, point].astype(np.float64)
        return None, problem.at(allocation, problem.accuracy)
