"""`Simulator`: state and dynamics of N environments, which advance one slot by array operations.

The scalar environment uses it with N = 1 and the vector environment with N = n; only this module scores slots.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from gymnasium.error import ResetNeeded
from numpy.typing import NDArray

from edgevision.arrays import BoolArray, FloatArray, IntArray
from edgevision.envs.computing import compute_time, warn_if_always_late
from edgevision.envs.config import ScenarioConfig
from edgevision.envs.problem import Allocation, SlotProblem
from edgevision.envs.simulation.trace import EpisodeTrace, draw_traces
from edgevision.errors import ScenarioError
from edgevision.profiles.profile import load_profile

#: Most requests that are drawn at a time; each array that describes them then has 2 GiB.
MAX_NUMBERS = 2**28


class OutcomeSource(Protocol):
    """Runs codec and classifier on contents, for the accuracy mode ``live``."""

    def outcomes(self, content: IntArray, point: IntArray) -> tuple[FloatArray, BoolArray]:
        """Bytes sent and whether the answer was right, (M,) each, for (M,) contents and operating points."""
        ...


@dataclass(frozen=True, eq=False)
class SlotOutcome:
    """Result of one slot, for N environments with U users.

    Attributes:
        reward: mean over the active users of ``in_time`` x ``accuracy``, (N,).
        in_time: success probability, or whether the payload arrived in time (``sampled``), (N, U).
        accuracy: population accuracy, or whether the answer was right (``replay``, ``live``), (N, U).
        truncated: whether the episode has reached its end, (N,).
    """

    reward: FloatArray
    in_time: FloatArray
    accuracy: FloatArray
    truncated: BoolArray


class Simulator:
    """State and dynamics of N independent environments of one scenario.

    Raises:
        ScenarioError: the accuracy mode needs data that the profile or the caller does not provide, or the episodes
            need too much memory.
    """

    def __init__(self, config: ScenarioConfig, n: int, outcomes: OutcomeSource | None = None) -> None:
        self.config = config
        self.n = n
        self._check_memory()
        self.profile = load_profile(config.profile)
        if config.accuracy == "replay" and self.profile.correct is None:
            raise ScenarioError(
                f"accuracy='replay' needs recorded outcomes, profile {self.profile.name!r} has none; use 'mean'"
            )
        if (config.accuracy == "live") != (outcomes is not None):
            raise ScenarioError(
                "accuracy='live' and an outcome source (outcomes=...) go together; give both or neither"
            )
        self._outcomes = outcomes
        self._members = self.profile.members(config.content_split)
        self._compute_time = compute_time(config, self.profile)
        warn_if_always_late(config, self.profile)
        self._rows = np.arange(n)
        self.slot = np.zeros(n, np.int64)
        self._episodes: dict[str, NDArray[Any]] = {}
        self._problem: SlotProblem | None = None

    def _check_memory(self) -> None:
        numbers = self.n * self.config.users * self.config.slots[1]
        if numbers > MAX_NUMBERS:
            raise ScenarioError(
                f"{self.n} environments x {self.config.users} users x {self.config.slots[1]} slots are {numbers} "
                f"requests to draw at a time, the limit is {MAX_NUMBERS}; take fewer environments or shorter episodes"
            )

    @property
    def trace(self) -> EpisodeTrace:
        """A copy of the current episodes."""
        return EpisodeTrace(**{name: value.copy() for name, value in self._running().items()})

    def reset(self, rows: IntArray, generators: Sequence[np.random.Generator]) -> None:
        """Draw a new episode for each environment in ``rows``, each from its own generator."""
        self.install(rows, draw_traces(self.config, self.profile, self._members, generators))

    def install(self, rows: IntArray, trace: EpisodeTrace) -> None:
        """Start the episodes of ``trace`` in the environments ``rows``.

        Raises:
            ScenarioError: the trace does not match the number of environments, the users or the contents.
        """
        if trace.pool.shape[0] != len(rows) or trace.pool.shape[2] != self.config.users:
            raise ScenarioError(
                f"trace has {trace.pool.shape[0]} episodes of {trace.pool.shape[2]} users, "
                f"needed {len(rows)} of {self.config.users}"
            )
        if (trace.content >= self.profile.contents).any():
            raise ScenarioError(f"trace names contents beyond the {self.profile.contents} of {self.profile.name!r}")
        if not self._episodes and len(rows) != self.n:
            raise ScenarioError("the first reset must reset every environment")
        for name, value in vars(trace).items():
            self._episodes[name] = _write_rows(
                self._episodes.get(name), value, rows, per_slot=value.ndim == 3 and name != "position"
            )
        self.slot[rows] = 0
        self._problem = None

    @property
    def problem(self) -> SlotProblem:
        """The current slot of each environment, the input of policies."""
        if self._problem is None:
            self._problem = self._build_problem()
            for value in vars(self._problem).values():
                if isinstance(value, np.ndarray):
                    value.setflags(write=False)  # a policy must not change what it is scored by
        return self._problem

    @property
    def content(self) -> IntArray:
        """Index of the content of each request in the current slot, (N, U); hidden from policies."""
        content: IntArray = self._running()["content"][self._rows, self.slot]
        return content

    def _running(self) -> dict[str, NDArray[Any]]:
        if not self._episodes:
            raise ResetNeeded("no episode has begun; call reset()")
        return self._episodes

    def _build_problem(self) -> SlotProblem:
        config, profile, episodes, now = self.config, self.profile, self._running(), (self._rows, self.slot)
        content = episodes["content"][now]
        shape = (self.n, config.users, profile.points)
        # A closed form has only one content; a broadcast view avoids a copy of its K sizes for each user.
        closed = profile.contents == 1
        fraction = (
            np.broadcast_to(profile.size_fraction[0], shape) if closed else profile.size_fraction.take(content, axis=0)
        )
        return SlotProblem(
            active=episodes["pool"][now] > 0,
            raw_size=episodes["raw_size"][now],
            deadline=episodes["deadline"][now],
            gain_scale=episodes["gain_scale"][now],
            size_fraction=fraction,
            accuracy=np.broadcast_to(profile.accuracy, shape),
            compute_time=np.broadcast_to(self._compute_time, shape),
            features=profile.features.take(content, axis=0),
            bandwidth_budget=np.full(self.n, config.bandwidth),
            power_budget=np.full(self.n, config.power),
            min_bandwidth=np.full(self.n, config.min_bandwidth),
            min_power=np.full(self.n, config.min_power),
            noise_density=np.full(self.n, config.noise_density),
            grid=profile.grid,
            fading=config.fading,
            success_model=config.success_model,
        )

    def step(self, allocation: Allocation, running: BoolArray | None = None) -> SlotOutcome:
        """Score the current slot and advance the environments in ``running`` (all by default)."""
        problem, episodes, now = self.problem, self._running(), (self._rows, self.slot)
        payload, accuracy = self._accuracy(allocation, problem, episodes["content"][now])
        in_time = problem.success_probability(allocation, payload=payload)
        if self.config.transmission == "sampled":
            in_time = (episodes["fading"][now] < in_time).astype(np.float64)
        accuracy = np.where(problem.active, accuracy, 0.0)
        self.slot = self.slot + (1 if running is None else running)
        self._problem = None
        return SlotOutcome(
            reward=problem.mean_over_active(in_time * accuracy),
            in_time=in_time,
            accuracy=accuracy,
            truncated=self.slot >= episodes["length"],
        )

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


def _write_rows(stored: NDArray[Any] | None, new: NDArray[Any], rows: IntArray, per_slot: bool) -> NDArray[Any]:
    """Write ``new`` into ``rows`` of the stored array; arrays with a slot axis grow if the new episodes are longer."""
    if stored is None:
        return np.array(new)
    if not per_slot:
        stored[rows] = new
        return stored
    growth = new.shape[1] - stored.shape[1]
    if growth > 0:
        # Slots after the end of an episode are never read; copies of the last slot keep them valid.
        stored = np.pad(stored, ((0, 0), (0, growth), (0, 0)), mode="edge")
    stored[rows, : new.shape[1]] = new
    return stored
