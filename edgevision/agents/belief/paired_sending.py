"""Paired rollouts: what it brings to send a frame now, measured by playing the same episode on with and without it.

All randomness of an episode is drawn at its start, so that two continuations differ only by what the frame causes. Each
tested camera sends in one continuation and not in the other, with a random sign; it is counted by its own right
answers, so that what the other tested cameras do has mean 0. After some slots the state is known, and the dynamic
program of `edgevision.baselines.stream.frame_values` values the rest, which has far less noise than playing on.
Source: ours.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgevision.agents.belief.belief_policy import BeliefPolicy
from edgevision.agents.belief.sending_network import best_gain
from edgevision.arrays import FloatArray, IntArray
from edgevision.baselines.stream.frame_values import expected_later
from edgevision.baselines.stream.slot_solver import best_frames, to_allocation
from edgevision.envs.allocation import Allocation
from edgevision.envs.problem import SlotProblem
from edgevision.envs.stream.stream_simulator import StreamSimulator

#: Slots that are played on.
_PLAYED = 30
#: Cameras whose net gain is at least the first number are tested with the second probability.
_NEAR, _FAR = (-4.0, 0.3), (-12.0, 0.1)
_SURELY = 200.0


@dataclass(frozen=True, eq=False)
class Samples:
    """What sending brought to M cameras.

    Attributes:
        seen: what a `SendingNetwork` sees, (M, 16 + W).
        gain: net gain of the dynamic program, (M,) [weight of right answers].
        measured: the same by paired rollouts, (M,).
    """

    seen: NDArray[np.float32]
    gain: FloatArray
    measured: FloatArray

    @classmethod
    def joined(cls, parts: list[Samples]) -> Samples:
        """All samples of several groups."""
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in cls.__dataclass_fields__))


def paired_sending(
    simulator: StreamSimulator, policy: BeliefPolicy, slots: list[int], rng: np.random.Generator
) -> Samples:
    """Play N episodes, and test cameras in some slots.

    Args:
        simulator: simulator at the start of N episodes; it is played to their ends.
        policy: the policy that plays, before and after the tests.
        slots: the slots in which cameras are tested.
        rng: draws which cameras are tested, and the signs.
    """
    parts = []
    for slot in range(simulator.config.episode_slots):
        if slot in slots:
            parts.append(_test(simulator, policy, rng))
        simulator.step(policy.act(simulator.problem))
    return Samples.joined(parts)


def _test(simulator: StreamSimulator, policy: BeliefPolicy, rng: np.random.Generator) -> Samples:
    problem = simulator.problem
    gain, seen = policy.copy().uncorrected(problem)
    own = best_gain(problem, gain)
    expected = own if policy.sending is None else own + policy.sending.corrections(seen)
    able = (problem.street.planned_share <= 1.0).any(axis=2)
    chance = np.where(expected > _NEAR[0], _NEAR[1], np.where(expected > _FAR[0], _FAR[1], 0.0))
    tested = able & (rng.random(own.shape) < chance)
    sign = np.where(rng.random(own.shape) < 0.5, 1, -1)
    forced = np.where(tested, sign, 0)
    (worth, sent), (worth_other, sent_other) = (_play_on(simulator, policy, each) for each in (forced, -forced))
    # The band may not carry every frame that is asked for.
    valid = tested & (sent != sent_other) & (sent == (sign > 0))
    measured = sign * (worth - worth_other)
    return Samples(seen[valid], own[valid], measured[valid])


def _play_on(
    simulator: StreamSimulator, policy: BeliefPolicy, forced: IntArray
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Weight of the right answers of each camera from now on, and who sent in the first slot, (N, U) each.

    Cameras send in the first slot where ``forced`` (N, U) is 1, and do not where it is -1.
    """
    config = simulator.config
    branch, follower = simulator.copies(np.arange(simulator.n)), policy.copy()
    worth, sent = np.zeros(forced.shape), np.zeros(forced.shape, bool)
    played = min(_PLAYED, config.episode_slots - int(branch.slot[0]))
    for later in range(played):
        problem = branch.problem
        allocation = follower.act(problem) if later else _told(problem, follower, forced)
        if not later:
            sent = allocation.power > 0
        outcome = branch.step(allocation)
        worth += outcome.share * outcome.in_time * outcome.accuracy
    worth *= config.mean_weight * config.users
    if branch.slot[0] < config.episode_slots:
        held = branch.right & ~branch.changed
        worth += expected_later(branch.problem, branch.state % 2 == 1, held, policy.description.thrift)
    return worth, sent


def _told(problem: SlotProblem, policy: BeliefPolicy, forced: IntArray) -> Allocation:
    """What the policy does if some cameras are told to send, at the level that it prefers, or not to."""
    gain = policy.net_gains(problem)
    share = problem.street.planned_share
    preferred = np.where(share <= 1.0, gain, -np.inf).argmax(axis=2)[..., None]
    only = np.arange(problem.points) == preferred
    gain = np.where((forced > 0)[..., None], np.where(only, _SURELY, -1.0), gain)
    gain = np.where((forced < 0)[..., None], -1.0, gain)
    return to_allocation(problem, *best_frames(gain, share))
