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
from edgevision.envs.allocation import Allocation
from edgevision.envs.computing.compute_time import compute_time, warn_if_always_late
from edgevision.envs.problem import SlotProblem
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
        self._common_slot: int | None = None
        self._episodes: dict[str, NDArray[Any]] = {}
        self._problem: SlotProblem | None = None

    @property
    def trace(self) -> Any:
        """A copy of the current episodes."""
        return self.trace_type(**{name: value.copy() for name, value in self._running().items()})

    def reset(self, rows: IntArray, generators: Sequence[np.random.Generator]) -> None:
        """Draw a new episode for each environment in ``rows``, which ascend, each from its own generator."""
        self._begin(rows, self._draw(generators))

    def install(self, rows: IntArray, trace: Any) -> None:
        """Start the episodes of ``trace`` in the environments ``rows``, which ascend.

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
        self._begin(rows, copy.deepcopy(trace))

    def _begin(self, rows: IntArray, trace: Any) -> None:
        """Start the episodes of a valid trace, whose arrays nobody else has, in the environments ``rows``."""
        if not self._episodes and len(rows) != self.n:
            raise ScenarioError("the first reset must reset every environment")
        slots = trace.content.shape[1]
        for name, new in vars(trace).items():
            by_slot = new.ndim == 3 and new.shape[1] == slots and name not in ("position", "settings")
            if len(rows) == self.n:
                self._episodes[name] = _slots_first(new) if by_slot else new
            elif by_slot:
                stored = _grown(self._episodes[name], slots)
                # While all were in the same slot, problems held views of it, which must not change.
                self._episodes[name] = stored if self._common_slot is None else stored.copy("K")
                self._episodes[name][rows, :slots] = new
            else:
                self._episodes[name][rows] = new
        self.slot = self.slot.copy()
        self.slot[rows] = 0
        self._find_common_slot()

    def _advance(self, running: BoolArray | None) -> None:
        """Go to the next slot in the environments ``running`` (N,), or in all."""
        self.slot = self.slot + (1 if running is None else running)
        self._find_common_slot()

    def _find_common_slot(self) -> None:
        """Note whether all environments are in the same slot, as episodes of equal length are."""
        first = self.slot[0]
        self._common_slot = int(first) if (self.slot == first).all() else None
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
        other.slot = self.slot[rows]
        for name in self.state_names:
            setattr(other, name, getattr(self, name)[rows])
        other._find_common_slot()
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
        """An array of the episodes in the current slot, (N, U), read-only if all are in the same slot."""
        stored = self._running()[name]
        if self._common_slot is None:
            return np.asarray(stored[self._rows, self.slot])
        found = stored[:, self._common_slot]
        found.flags.writeable = False
        return found

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


def _slots_first(values: NDArray[Any]) -> NDArray[Any]:
    """The values (N, T, U) so that each slot (N, U) lies in one piece; a copy if they are not so yet."""
    return np.ascontiguousarray(values.swapaxes(0, 1)).swapaxes(0, 1)


def _grown(stored: NDArray[Any], slots: int) -> NDArray[Any]:
    """(N, T, U) with at least ``slots`` slots; those after the end of an episode are never read, but stay valid."""
    growth = slots - stored.shape[1]
    return _slots_first(np.pad(stored, ((0, 0), (0, growth), (0, 0)), mode="edge")) if growth > 0 else stored
