"""`Simulator`: dynamics of the ids in which no decision changes a later slot; N environments, by array operations.

The scalar environment uses it with N = 1 and the vector environment with N = n; only this module scores their slots.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Protocol, cast

import numpy as np

from edgevision.arrays import BoolArray, FloatArray, IntArray
from edgevision.envs.channel.gain_trace import load_gain_trace
from edgevision.envs.computing.compute_time import compute_time
from edgevision.envs.computing.energy import computing_energy, request_energy
from edgevision.envs.config import ScenarioConfig
from edgevision.envs.content_rows import ContentRows
from edgevision.envs.problem import Allocation, SlotProblem
from edgevision.envs.randomisation import of_episodes, varied
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
        ScenarioError: the accuracy mode needs data that the profile or the caller does not provide, the episodes need
            too much memory, or recorded gains cannot be read.
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
        self._gains = None
        if config.gain_trace is not None:
            recorded = Path(config.gain_trace)
            self._gains = load_gain_trace(recorded, 1e-3 * config.slot_ms, config.users, config.slots[1] + 1)
        # At a point at which the device answers itself, no content sends anything, so its camera does not radiate.
        self._sends = np.asarray(self.profile.size.any(axis=0))

    def _draw(self, generators: Sequence[np.random.Generator]) -> EpisodeTrace:
        return draw_traces(self.config, self.profile, self._members, generators, self._gains)

    def install(self, rows: IntArray, trace: EpisodeTrace) -> None:
        """Start the episodes of ``trace`` in the environments ``rows``.

        Raises:
            ScenarioError: the trace does not match the environments, or varies other settings.
        """
        names = varied(self.config)
        if trace.settings.shape[1] != len(names):
            raise ScenarioError(
                f"trace holds {trace.settings.shape[1]} settings of each episode, this scenario varies "
                f"{', '.join(names) or 'none'}"
            )
        super().install(rows, trace)

    @property
    def content(self) -> IntArray:
        """Index of the content of each request in the current slot, (N, U); hidden from policies."""
        return self._now("content")

    @property
    def arrivals(self) -> tuple[BoolArray, IntArray]:
        """The active users and the contents of their requests, since each slot is scored for itself."""
        return self.problem.active, self.content

    def _build_problem(self) -> SlotProblem:
        config, profile, content = self._settings, self.profile, self.content
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
            compute_time=np.broadcast_to(compute_time(config, profile), shape),
            features=profile.features.take(content, axis=0),
            bandwidth_budget=self._each(config.bandwidth),
            power_budget=power_budget,
            min_bandwidth=self._each(config.min_bandwidth),
            min_power=min_power,
            noise_density=self._each(config.noise_density),
            grid=profile.grid,
            fading=config.fading,
            success_model=config.success_model,
            content_fingerprint=profile.content_fingerprint,
        )

    @property
    def _settings(self) -> ScenarioConfig:
        """The settings of the current episodes; see ``of_episodes``."""
        return of_episodes(self.config, self._running()["settings"])

    def _each(self, value: FloatArray | float) -> FloatArray:
        """A setting of the current episodes as (N,)."""
        return np.full(self.n, np.ravel(value))

    def _power_limits(self, active: BoolArray) -> tuple[FloatArray, FloatArray]:
        """P_max and P_min of the slot, (N,) each [W].

        Success rises with power, so that each user sends with all it may if that is no concern of the others. A minimum
        that uses up the budget says so to every policy.
        """
        config = self._settings
        if config.power_limit == "shared":
            return self._each(config.power), self._each(config.min_power)
        least = self._each(config.power / config.users)
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
        table = np.broadcast_to(computing_energy(self._settings, self.profile), problem.accuracy.shape)
        computing = np.where(problem.active, problem.at(allocation, table), 0.0)
        airtime = np.maximum(problem.deadline - problem.at(allocation, problem.compute_time), 0.0)
        airtime = np.where(self._sends[allocation.operating_point], airtime, 0.0)
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
