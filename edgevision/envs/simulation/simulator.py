"""`Simulator`: dynamics of the ids in which no decision changes a later slot; N environments, by array operations.

The scalar environment uses it with N = 1 and the vector environment with N = n; only this module scores their slots.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Protocol

import numpy as np

from edgevision.arrays import BoolArray, FloatArray, IntArray
from edgevision.envs.allocation import Allocation
from edgevision.envs.channel.gain_trace import load_gain_trace
from edgevision.envs.config import ScenarioConfig
from edgevision.envs.groups import by_groups
from edgevision.envs.problem import SlotProblem
from edgevision.envs.randomisation import of_episodes, varied
from edgevision.envs.simulation.episode_simulator import EpisodeSimulator, SlotOutcome
from edgevision.envs.simulation.slot_rules import SLOT_FIELDS, SlotRules
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
        self._rules = SlotRules.of(config, self.profile)

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
        return self.rules.problem({name: self._now(name) for name in SLOT_FIELDS})

    @property
    def _settings(self) -> ScenarioConfig:
        """The settings of the current episodes; see ``of_episodes``."""
        return of_episodes(self.config, self._running()["settings"])

    @property
    def rules(self) -> SlotRules:
        """What the current slots are scored by."""
        return SlotRules.of(self._settings, self.profile) if varied(self.config) else self._rules

    def step(self, allocation: Allocation, running: BoolArray | None = None) -> SlotOutcome:
        """Score the current slot and advance the environments in ``running`` (all by default)."""
        problem = self.problem
        payload, answer = (None, None) if self._outcomes is None else self._run(self._outcomes, allocation, problem)
        hidden = (self.content, self._now("fading"))
        # The tables of settings that vary have rows for all environments, so that these stay one group.
        users = 0 if varied(self.config) else problem.users
        score = by_groups(self.rules.score, users, problem, allocation, *hidden, payload, answer)
        self._advance(running)
        return SlotOutcome(
            reward=score.reward,
            in_time=score.in_time,
            accuracy=score.accuracy,
            energy=score.energy,
            truncated=self.slot >= self._running()["length"],
            share=problem.active / np.maximum(problem.count, 1.0)[:, None],
            offered=np.ones(self.n),
            sent=problem.active,
            terms={"computing_energy": score.computing_energy},
        )

    def _run(
        self, source: OutcomeSource, allocation: Allocation, problem: SlotProblem
    ) -> tuple[FloatArray, FloatArray]:
        """Payload [bit] and accuracy as codec and classifier give them, (N, U) each."""
        active, point = problem.active, allocation.operating_point
        size, correct = source.outcomes(self.content[active], point[active])
        payload, accuracy = np.zeros((2, *point.shape))
        payload[active], accuracy[active] = 8.0 * size, correct
        return payload, accuracy
