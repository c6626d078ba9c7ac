"""`EpisodeSimulator`: what the simulators of all ids share: the episodes, the slot counter, and the current problem."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Self

import numpy as np
from gymnasium.error import ResetNeeded
from numpy.typing import NDArray

from edgevision.arrays import BoolArray, FloatArray, IntArray
from edgevision.envs.computing.compute_time import compute_time, warn_if_always_late
from edgevision.envs.problem import Allocation, SlotProblem
from edgevision.errors import ScenarioError
from edgevision.profiles.profile import OperatingPointProfile

#: Most requests that are drawn at a time; each array that describes them then has 2 GiB.
MAX_NUMBERS = 2**28

#: What couples the slots of an environment. ``bandit``: nothing; ``dynamic``: queues and batteries; ``stream``: the
#: answers that the edge keeps.
Family = Literal["bandit", "dynamic", "stream"]


@dataclass(frozen=True, eq=False)
class SlotOutcome:
    """Result of one slot, for N environments with U users.

    Attributes:
        reward: sum over the users of ``share`` x ``in_time`` x ``accuracy``, (N,).
        in_time: success probability, or whether the payload arrived in time (``sampled``), (N, U).
        accuracy: population accuracy, or whether the answer was right (``replay``, ``live``), (N, U).
        energy: what each camera spent on its request, (N, U) [J].
        truncated: whether the episode has reached its end, (N,).
        share: what a right answer of each user adds to the reward, (N, U).
        offered: what the slot counts in the episode's score, the sum of rewards over the sum of ``offered``, (N,).
        sent: whose request this slot decides, (N, U).
        terms: more entries for ``info``, each (N,) or (N, U).
    """

    reward: FloatArray
    in_time: FloatArray
    accuracy: FloatArray
    energy: FloatArray
    truncated: BoolArray
    share: FloatArray
    offered: FloatArray
    sent: BoolArray
    terms: dict[str, NDArray[Any]] = field(default_factory=dict)


class EpisodeSimulator(ABC):
    """State and dynamics of N independent environments.

    Attributes:
        trace_type: class of the episodes that it plays.
        family: kind of environment, by which policies say where they can decide; see ``Family``.
        config: the scenario, a frozen dataclass.
        n: number of environments N.
        profile: the operating points.
        slot: index of the current slot of each environment, (N,).
        compute_time: device plus edge time of each operating point, (K,) [s].
    """

    trace_type: ClassVar[type[Any]]
    family: ClassVar[Family] = "bandit"
    #: Type of each of ``SlotOutcome.terms``, and whether it has an entry per user.
    term_types: ClassVar[Mapping[str, tuple[type, bool]]] = {}
    #: Names of the arrays (N, ..) that ``copies`` copies: those that change from slot to slot.
    state_names: ClassVar[tuple[str, ...]] = ()

    def __init__(self, config: Any, n: int, profile: OperatingPointProfile) -> None:
        """Prepare N environments without episodes.

        Raises:
            ScenarioError: the accuracy mode needs data that the profile lacks, or the episodes need too much memory.
        """
        self.config, self.n, self.profile = config, n, profile
        numbers = n * config.users * config.slots[1]
        if numbers > MAX_NUMBERS:
            raise ScenarioError(
                f"{n} environments x {config.users} users x {config.slots[1]} slots are {numbers} "
                f"requests to draw at a time, the limit is {MAX_NUMBERS}; take fewer environments or shorter episodes"
            )
        if config.accuracy == "replay" and profile.correct is None:
            raise ScenarioError(
                f"accuracy='replay' needs recorded outcomes, profile {profile.name!r} has none; use 'mean'"
            )
        self._members = profile.members(config.content_split)
        self.compute_time = compute_time(config, profile)
        warn_if_always_late(config, profile)
        self._rows = np.arange(n)
        self.slot = np.zeros(n, np.int64)
        self._episodes: dict[str, NDArray[Any]] = {}
        self._problem: SlotProblem | None = None

    @property
    def trace(self) -> Any:
        """A copy of the current episodes."""
        return self.trace_type(**{name: value.copy() for name, value in self._running().items()})

    def reset(self, rows: IntArray, generators: Sequence[np.random.Generator]) -> None:
        """Draw a new episode for each environment in ``rows``, each from its own generator."""
        self.install(rows, self._draw(generators))

    def install(self, rows: IntArray, trace: Any) -> None:
        """Start the episodes of ``trace`` in the environments ``rows``.

        Raises:
            ScenarioError: the trace does not match the number of environments, the users or the contents.
        """
        shape = trace.content.shape
        if shape[0] != len(rows) or shape[2] != self.config.users:
            raise ScenarioError(
                f"trace has {shape[0]} episodes of {shape[2]} users, needed {len(rows)} of {self.config.users}"
            )
        if (trace.content >= self.profile.contents).any():
            raise ScenarioError(f"trace names contents beyond the {self.profile.contents} of {self.profile.name!r}")
        if not self._episodes and len(rows) != self.n:
            raise ScenarioError("the first reset must reset every environment")
        for name, value in vars(trace).items():
            self._episodes[name] = _write_rows(
                self._episodes.get(name),
                value,
                rows,
                per_slot=value.shape[:2] == shape[:2] and name not in ("position", "settings"),
            )
        self.slot[rows] = 0
        self._problem = None

    def _check_length(self, trace: Any) -> None:
        """Check that the episodes have ``episode_slots`` slots, and the one that is seen after the last.

        Raises:
            ScenarioError: they have not.
        """
        slots = self.config.episode_slots + 1
        if trace.content.shape[1] != slots:
            raise ScenarioError(f"trace must hold episode_slots + 1 = {slots} slots, got {trace.content.shape[1]}")

    def copies(self, rows: IntArray) -> Self:
        """A simulator whose environment i is a copy of environment ``rows[i]``, in the middle of its episode."""
        other = copy.copy(self)
        other.n, other._rows, other._problem = len(rows), np.arange(len(rows)), None
        other._episodes = {name: value[rows] for name, value in self._running().items()}
        for name in self.state_names:
            setattr(other, name, getattr(self, name)[rows])
        return other

    @property
    def problem(self) -> SlotProblem:
        """The current slot of each environment, the input of policies."""
        if self._problem is None:
            self._problem = self._build_problem()
            self._problem.freeze()
        return self._problem

    def _running(self) -> dict[str, NDArray[Any]]:
        if not self._episodes:
            raise ResetNeeded("no episode has begun; call reset()")
        return self._episodes

    def _now(self, name: str) -> NDArray[Any]:
        """An array of the episodes in the current slot, (N, U)."""
        stored, first = self._running()[name], self.slot[0]
        if (self.slot == first).all():  # in step, as episodes of equal length are: no index per environment
            return stored[:, first].copy()
        return np.asarray(stored[self._rows, self.slot])

    @property
    @abstractmethod
    def content(self) -> IntArray:
        """Index of the content of each request in the current slot, (N, U); hidden from policies."""

    @property
    @abstractmethod
    def arrivals(self) -> tuple[BoolArray, IntArray]:
        """Whose requests count from this slot on, and their contents, (N, U) each."""

    @abstractmethod
    def step(self, allocation: Allocation, running: BoolArray | None = None) -> SlotOutcome:
        """Score the current slot and advance the environments in ``running`` (all by default)."""

    @abstractmethod
    def _draw(self, generators: Sequence[np.random.Generator]) -> Any:
        """A trace with one new episode from each generator."""

    @abstractmethod
    def _build_problem(self) -> SlotProblem:
        """The problem of the current slot."""


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
