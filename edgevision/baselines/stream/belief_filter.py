"""`BeliefFilter`: base of the policies of Stream-v0 that follow a belief of every camera before the slot solver."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np

from edgevision.arrays import FloatArray
from edgevision.baselines.stream.expected_gains import expected_gains
from edgevision.baselines.stream.frame_values import net_gains
from edgevision.baselines.stream.memory import Memory, State
from edgevision.baselines.stream.slot_solver import best_frames, to_allocation
from edgevision.checks import real_number
from edgevision.envs.allocation import Allocation
from edgevision.envs.problem import SlotProblem
from edgevision.envs.stream import four_states
from edgevision.envs.stream.stream_outlook import StreamOutlook
from edgevision.errors import PolicyOptionError

TRUSTS = (0.3, 0.5, 0.7, 0.85, 1.0)
HORIZONS = (0.0, 1.0, 2.0, 4.0, 8.0)
THRIFTS = (0.4, 0.5, 0.6, 0.7, 0.85, 1.0)


def solve(problem: SlotProblem, belief: FloatArray, horizon: float = 0.0, thrift: float = 1.0) -> Allocation:
    """The allocation of the slot solver for a belief.

    Args:
        problem: the slots.
        belief: probabilities of the states of `edgevision.envs.stream.four_states`, (N, U, 4).
        horizon: slots for which a gain counts, in episodes in which no battery can run empty; 0 for this slot only.
        thrift: factor on what a frame is worth in the battery, in the other episodes; see
            `edgevision.baselines.stream.frame_values`.
    """
    street = problem.street
    limited = np.asarray((street.battery < street.episode_slots[:, None]).any(axis=1))
    if limited.all():
        gain, _ = net_gains(problem, belief, thrift)
    else:
        gain = expected_gains(problem, belief, time_left(street, horizon))
        if limited.any():
            gain = np.where(limited[:, None, None], net_gains(problem, belief, thrift)[0], gain)
    return to_allocation(problem, *best_frames(gain, street.planned_share))


def prior(outlook: StreamOutlook) -> FloatArray:
    """The belief before the first slot: the edge has no answers, and events are in view as often as ever, (N, U, 4)."""
    start, end = outlook.event_start, outlook.event_end
    event = start / np.maximum(start + end, 1e-300)
    nothing = np.zeros(event.shape)
    row = np.stack([nothing, nothing, 1.0 - event, event], axis=-1)
    return np.repeat(row[:, None], outlook.score.shape[1], axis=1)


def filtered(belief: FloatArray, outlook: StreamOutlook, start: FloatArray, trust: float) -> FloatArray:
    """The belief in this slot, from that of the slot before and all that was told since, (N, U, 4).

    Args:
        belief: the belief in the slot before, (N, U, 4).
        outlook: what is known in this slot.
        start: probability that an event begins, (N, U) or (N, 1).
        trust: exponent of the likelihood of a score.
    """
    told = four_states.reset_delivered(belief, outlook.delivered, outlook.told_event)
    end, change, mean = (each[:, None] for each in (outlook.event_end, outlook.change_rate, outlook.score_mean))
    return four_states.weigh(four_states.predict(told, start, end, change), outlook.score, mean, trust)


def time_left(outlook: StreamOutlook, horizon: float) -> FloatArray | None:
    """Expected slots for which a state lasts, at most about ``horizon``, relative to that of an event, (N, 1, 4).

    With a geometric duration that ends with probability r per slot, and a discount of 1 / horizon, it is
    1 / (r + 1 / horizon). ``None`` for a horizon of 0, which looks at this slot only.
    """
    if horizon == 0:
        return None
    background, event = (
        1.0 / (rate + outlook.change_rate + 1.0 / horizon) for rate in (outlook.event_start, outlook.event_end)
    )
    both = np.stack([background, event], axis=-1) / event[:, None]
    return np.concatenate([both, both], axis=-1)[:, None]


def begun(before: FloatArray, after: FloatArray, outlook: StreamOutlook) -> FloatArray:
    """Evidence (N, U) that an event began in this slot: the rise of the belief in a new event since the slot before."""
    known = np.where(outlook.delivered, 0.0, before[..., 3])
    return np.where(outlook.empty, 0.0, np.maximum(after[..., 3] - known, 0.0))


class BeliefFilter(ABC):
    """A policy that follows a belief, the entry ``belief`` (N, U, 4) of its state, before the slot solver."""

    kind: ClassVar = "solver"
    families: ClassVar = ("stream",)

    def __init__(self, rate: float, trust: float, horizon: float, thrift: float) -> None:
        """Set the parameters.

        Args:
            rate: factor on the mean rate of events.
            trust: exponent of the likelihood of a score; below 1 for scores whose mean and noise are not known.
            horizon: slots for which a gain counts; 0 for this slot only.
            thrift: factor on what a frame is worth in the battery.
        """
        self.rate = real_number("rate", rate, 0.0, 100.0, PolicyOptionError)
        self.trust = real_number("trust", trust, 0.0, 10.0, PolicyOptionError)
        self.horizon = real_number("horizon", horizon, 0.0, 1e6, PolicyOptionError)
        self.thrift = real_number("thrift", thrift, 0.0, 100.0, PolicyOptionError)
        self._memory = Memory(self._start)

    def act(self, problem: SlotProblem) -> Allocation:
        """Allocate for every slot of the batch.

        Raises:
            SlotProblemError: these are no slots of ``EdgeVision/Stream-v0``, or not in order.
        """
        belief = self._memory.follow(problem.street, self._advance)["belief"]
        return solve(problem, belief, self.horizon, self.thrift)

    def _start(self, outlook: StreamOutlook) -> State:
        """The state before the first slot."""
        return {"belief": prior(outlook)}

    @abstractmethod
    def _advance(self, state: State, outlook: StreamOutlook) -> State:
        """The state after a slot, from that of the slot before."""
