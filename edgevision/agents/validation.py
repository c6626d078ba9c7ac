"""Scoring a policy while it learns: whole episodes on the validation seeds, the same for every evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from gymnasium.utils import seeding
from numpy.typing import NDArray

from edgevision.arrays import FloatArray, IntArray
from edgevision.envs import Allocation, Policy, ScenarioConfig, Simulator, SlotProblem

#: Seeds by the benchmark protocol; 20 000 and up are for tests and never met in training.
TRAINING_SEEDS = range(10_000)
VALIDATION_SEEDS = range(10_000, 11_000)


@dataclass(frozen=True, eq=False)
class Decisions:
    """What was decided for M requests.

    Attributes:
        operating_point: index of the operating point, (M,).
        relative_bandwidth: bandwidth over an equal share, (M,).
        relative_power: power over an equal share, (M,).
        gain_db: scale of the channel gain [dB], (M,).
        demand: raw size over the deadline [bit/s], (M,).
        in_time: success probability, or whether the payload arrived, (M,).
        accuracy: the reward's accuracy term, (M,).
    """

    operating_point: IntArray
    relative_bandwidth: FloatArray
    relative_power: FloatArray
    gain_db: FloatArray
    demand: FloatArray
    in_time: FloatArray
    accuracy: FloatArray


@dataclass(frozen=True, eq=False)
class Validation:
    """Outcome of E episodes.

    Attributes:
        score: mean reward per slot of each episode, (E,).
        decisions: of all their requests.
    """

    score: FloatArray
    decisions: Decisions


def validate(policy: Policy, config: ScenarioConfig, seeds: Sequence[int]) -> Validation:
    """Run one episode per seed, exactly as the environments of this scenario run it.

    Args:
        policy: decides for all episodes at once.
        config: the scenario.
        seeds: one per episode, E in all.
    """
    simulator = Simulator(config, len(seeds))
    simulator.reset(np.arange(len(seeds)), [seeding.np_random(int(seed))[0] for seed in seeds])
    running, reward, slots = np.ones(len(seeds), bool), np.zeros(len(seeds)), np.zeros(len(seeds))
    parts: list[tuple[NDArray[np.generic], ...]] = []
    while running.any():
        problem = simulator.problem
        allocation = policy.act(problem)
        outcome = simulator.step(allocation, running)
        reward += np.where(running, outcome.reward, 0.0)
        slots += running
        asked = problem.active & running[:, None]
        terms = (*_decided(problem, allocation), outcome.in_time, outcome.accuracy)
        parts.append(tuple(term[asked] for term in terms))
        running = running & ~outcome.truncated
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    return Validation(reward / slots, Decisions(*columns))


def _decided(problem: SlotProblem, allocation: Allocation) -> tuple[NDArray[np.generic], ...]:
    """The first five fields of `Decisions`, (N, U) each."""
    count = np.maximum(problem.active.sum(axis=1, keepdims=True), 1)
    return (
        allocation.operating_point,
        allocation.bandwidth * count / problem.bandwidth_budget[:, None],
        allocation.power * count / problem.power_budget[:, None],
        10.0 * np.log10(problem.gain_scale),
        problem.raw_size / problem.deadline,
    )
