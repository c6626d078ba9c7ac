"""`validate`: the score of a policy during training, from whole episodes on fixed validation seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgevision.arrays import FloatArray, IntArray
from edgevision.envs import Allocation, EpisodeSimulator, Policy, SlotProblem
from edgevision.envs.simulation.episodes import play


@dataclass(frozen=True, eq=False)
class Decisions:
    """Decisions for M requests and their results.

    Attributes:
        operating_point: index of the operating point, (M,).
        relative_bandwidth: bandwidth over an equal share, (M,).
        relative_power: power over an equal share, (M,).
        gain_db: scale of the channel gain [dB], (M,).
        demand: raw size over the deadline [bit/s], (M,).
        in_time: success probability, or whether the payload arrived in time, (M,).
        accuracy: accuracy term of the reward, (M,).
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
    """Result of E episodes.

    Attributes:
        score: mean reward per slot of each episode or, if decisions change later slots, per request, (E,).
        decisions: decisions for all their requests.
    """

    score: FloatArray
    decisions: Decisions


def validate(policy: Policy, simulator: EpisodeSimulator, seeds: Sequence[int]) -> Validation:
    """Run one episode per seed, exactly as the scenario's environments do.

    Args:
        policy: policy that decides for all episodes at once.
        simulator: simulator of E environments.
        seeds: one seed per episode, E in total.
    """
    reward, offered = np.zeros((2, len(seeds)))
    parts: list[tuple[NDArray[np.generic], ...]] = []
    for slot in play(simulator, lambda problem, _: policy.act(problem), seeds):
        reward += np.where(slot.running, slot.outcome.reward, 0.0)
        offered += np.where(slot.running, slot.outcome.offered, 0.0)
        terms = (*_decided(slot.problem, slot.allocation), slot.outcome.in_time, slot.outcome.accuracy)
        parts.append(tuple(term[slot.sent] for term in terms))
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    return Validation(reward / np.maximum(offered, 1e-12), Decisions(*columns))


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
