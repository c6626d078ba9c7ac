"""Run a policy through episodes, and record its scores, decision times and decisions."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgevision.arrays import BoolArray, FloatArray, IntArray
from edgevision.envs import Allocation, EpisodeSimulator, Policy, SlotProblem, equal_shares
from edgevision.envs.policy import show_future
from edgevision.envs.simulation.episodes import PlayedSlot, play, start
from edgevision.experiments.evaluation.asking import ask
from edgevision.experiments.evaluation.scenario import Scenario

#: Edges of the bins of a user's signal-to-noise ratio if it had both whole budgets [dB].
SNR_EDGES = np.arange(-40.0, 121.0, 5.0)
#: Edges of the bins of load: log10 of the raw size over the bits that equal shares carry within the deadline.
LOAD_EDGES = np.arange(-3.0, 3.01, 0.1)
#: Rows of the binned sums: decisions, share of the raw size that is sent, bandwidth and power over equal shares.
BINNED = ("decisions", "sent share", "relative bandwidth", "relative power")


@dataclass(frozen=True, eq=False)
class Rollout:
    """Scores and decisions of a policy in E episodes.

    Attributes:
        seed: seed of each episode, (E,).
        score: mean reward per slot or, in a sequential environment, right answers over requests that arrived, (E,).
        in_time: mean success probability (or share in time) of the requests of the episode, (E,); 0 for requests that
            were never sent.
        accuracy: mean accuracy term of the requests of the episode, (E,); 0 for requests that were never sent.
        energy: what the cameras spent in the episode, over its number of requests, (E,) [J].
        slots: length of the episode in slots, (E,).
        requests: number of requests, (E,).
        seconds: time of each single-slot decision in the order of decisions [s]; empty for decisions in batches.
        points: how often each operating point was chosen, (K,).
        by_snr: sums of ``BINNED`` in the bins of ``SNR_EDGES``, (4, bins).
        by_load: sums of ``BINNED`` in the bins of ``LOAD_EDGES``, (4, bins).
        content_score: what the requests for each of the C contents of the profile added to the score, (E, C).
        content_weight: what the requests for each content would add if every reward were 1, (E, C).
    """

    seed: IntArray
    score: FloatArray
    in_time: FloatArray
    accuracy: FloatArray
    energy: FloatArray
    slots: IntArray
    requests: IntArray
    seconds: FloatArray
    points: IntArray
    by_snr: FloatArray
    by_load: FloatArray
    content_score: FloatArray
    content_weight: FloatArray

    def to_json(self) -> dict[str, Any]:
        """Lists by field name, without the large tables by content."""
        return {name: value.tolist() for name, value in vars(self).items() if not name.startswith("content_")}

    @classmethod
    def from_arrays(
        cls, arrays: Mapping[str, NDArray[Any]], seeds: Sequence[int], points: int, contents: int
    ) -> Rollout:
        """Read what was stored of a rollout: its attributes by name.

        Args:
            arrays: the arrays.
            seeds: seed of each of the E episodes.
            points: number K of operating points.
            contents: number C of contents.

        Raises:
            ValueError: they are not the arrays of such a rollout.
        """
        E = len(seeds)
        episodes = dict.fromkeys(("seed", "score", "in_time", "accuracy", "energy", "slots", "requests"), (E,))
        bins = {"by_snr": (len(BINNED), len(SNR_EDGES) - 1), "by_load": (len(BINNED), len(LOAD_EDGES) - 1)}
        tables = dict.fromkeys(("content_score", "content_weight"), (E, contents))
        shapes = {**episodes, **bins, **tables, "points": (points,), "seconds": arrays["seconds"].shape[:1]}
        if {name: array.shape for name, array in arrays.items()} != shapes:
            raise ValueError("other arrays than a rollout's")
        if not all(np.isfinite(array).all() for array in arrays.values()) or arrays["seed"].tolist() != list(seeds):
            raise ValueError("numbers that are not finite, or other episodes")
        return cls(**arrays)

    @classmethod
    def joined(cls, parts: Sequence[Rollout]) -> Rollout:
        """One rollout of all episodes of ``parts``, in order."""
        total = {"points", "by_snr", "by_load"}
        columns = {field.name: [getattr(part, field.name) for part in parts] for field in dataclasses.fields(cls)}
        return cls(**{name: np.sum(v, axis=0) if name in total else np.concatenate(v) for name, v in columns.items()})


def run_episodes(policy: Policy, scenario: Scenario, seeds: Sequence[int], *, one_by_one: bool = False) -> Rollout:
    """Run one episode per seed. All policies get the same random numbers.

    Args:
        policy: the policy to run.
        scenario: the environment and its settings.
        seeds: a seed per episode, (E,).
        one_by_one: call the policy once per slot and time each call, instead of once for all episodes.

    Raises:
        AllocationError: an allocation violates a constraint.
        EvaluationError: a policy from outside the package fails.
    """
    simulator = scenario.make(len(seeds)).simulator
    start(simulator, seeds)
    show_future(policy, simulator)
    tally = _Tally(simulator)

    def decide(problem: SlotProblem, running: BoolArray) -> Allocation:
        allocation, seconds = _decide(policy, problem, running, one_by_one)
        allocation.check(problem)
        tally.seconds += seconds
        return allocation

    for slot in play(simulator, decide, seeds):
        tally.add(slot)
    return tally.rollout(seeds)


def record_slots(scenario: Scenario, seeds: Sequence[int]) -> SlotProblem:
    """All slots with requests in one episode per seed, as one batch. Policies are tuned on them."""
    simulator = scenario.make(len(seeds)).simulator
    played = play(simulator, lambda problem, _: _equal_allocation(problem), seeds)
    return SlotProblem.joined([slot.problem[np.flatnonzero(slot.asked.any(axis=1))] for slot in played])


def _equal_allocation(problem: SlotProblem) -> Allocation:
    return Allocation(np.zeros(problem.active.shape, np.int64), *equal_shares(problem))


def _decide(
    policy: Policy, problem: SlotProblem, running: BoolArray, one_by_one: bool
) -> tuple[Allocation, list[float]]:
    """The allocation of the policy in running episodes (equal shares in the others), and the time of each call [s]."""
    if not one_by_one and running.all():
        return ask(policy, problem), []
    answer = {name: value.copy() for name, value in vars(_equal_allocation(problem)).items()}
    seconds = []
    for rows in [np.array([i]) for i in np.flatnonzero(running)] if one_by_one else [np.flatnonzero(running)]:
        asked = problem[rows]
        started = time.perf_counter()
        part = ask(policy, asked)
        part.check(asked)
        if asked.active.any():  # in a slot without requests there is nothing to decide
            seconds.append(time.perf_counter() - started)
        for name, value in answer.items():
            value[rows] = getattr(part, name)
    return Allocation(**answer), seconds if one_by_one else []


class _Tally:
    """Sums over the slots of E episodes."""

    def __init__(self, simulator: EpisodeSimulator) -> None:
        n, K = simulator.n, simulator.profile.points
        self.reward, self.offered, self.in_time, self.accuracy, self.energy = np.zeros((5, n))
        self.slots, self.requests = np.zeros((2, n), np.int64)
        self.points = np.zeros(K, np.int64)
        self.by_snr = np.zeros((len(BINNED), len(SNR_EDGES) - 1))
        self.by_load = np.zeros((len(BINNED), len(LOAD_EDGES) - 1))
        self.content_score, self.content_weight = np.zeros((2, n, simulator.profile.contents))
        self.seconds: list[float] = []

    def add(self, slot: PlayedSlot) -> None:
        problem, allocation, outcome, sent = slot.problem, slot.allocation, slot.outcome, slot.sent
        self.reward += np.where(slot.running, outcome.reward, 0.0)
        self.offered += np.where(slot.running, outcome.offered, 0.0)
        self.in_time += np.where(sent, outcome.in_time, 0.0).sum(axis=1)
        self.accuracy += np.where(sent, outcome.accuracy, 0.0).sum(axis=1)
        self.energy += np.where(slot.running, outcome.energy.sum(axis=1), 0.0)
        self.slots += slot.running
        arrived = slot.arrived & slot.running[:, None]
        self.requests += arrived.sum(axis=1)
        self.points += np.bincount(allocation.operating_point[sent], minlength=len(self.points))
        right = outcome.share * outcome.in_time * outcome.accuracy
        np.add.at(self.content_weight, (np.nonzero(arrived)[0], slot.arrived_content[arrived]), outcome.share[arrived])
        np.add.at(self.content_score, (np.nonzero(sent)[0], slot.content[sent]), right[sent])
        decisions = _decisions(problem, allocation, sent)
        for sums, (place, edges) in zip((self.by_snr, self.by_load), _places(problem, sent), strict=True):
            bins = np.clip(np.digitize(place, edges) - 1, 0, len(edges) - 2)
            for row, values in zip(sums, decisions, strict=True):
                np.add.at(row, bins, values)

    def rollout(self, seeds: Sequence[int]) -> Rollout:
        served = np.maximum(self.requests, 1)
        offered = np.where(self.offered > 0, self.offered, 1.0)  # an episode may be without a request
        return Rollout(
            seed=np.array(seeds, np.int64),
            score=self.reward / offered,
            in_time=self.in_time / served,
            accuracy=self.accuracy / served,
            energy=self.energy / served,
            slots=self.slots,
            requests=self.requests,
            seconds=np.array(self.seconds),
            points=self.points,
            by_snr=self.by_snr,
            by_load=self.by_load,
            content_score=self.content_score / offered[:, None],
            content_weight=self.content_weight / offered[:, None],
        )


def _decisions(problem: SlotProblem, allocation: Allocation, active: BoolArray) -> tuple[FloatArray, ...]:
    """The quantities of ``BINNED`` per active user, (M,) each."""
    count = np.maximum(problem.active.sum(axis=1, keepdims=True), 1)
    bandwidth = allocation.bandwidth * count / problem.bandwidth_budget[:, None]
    power = allocation.power * count / problem.power_budget[:, None]
    sent = problem.chosen("size_fraction", allocation.operating_point)
    return np.ones(int(active.sum())), sent[active], bandwidth[active], power[active]


def _places(problem: SlotProblem, active: BoolArray) -> Iterator[tuple[FloatArray, FloatArray]]:
    """The signal-to-noise ratio and then the load of the active users, (M,), each with its bin edges."""
    snr = problem.gain_scale * (problem.power_budget / problem.bandwidth_budget / problem.noise_density)[:, None]
    yield 10.0 * np.log10(snr[active]), SNR_EDGES
    count = np.maximum(problem.active.sum(axis=1), 1)
    capacity = (problem.bandwidth_budget / count)[:, None] * np.log2(1.0 + snr)
    yield np.log10((problem.raw_size / (capacity * problem.deadline))[active]), LOAD_EDGES
