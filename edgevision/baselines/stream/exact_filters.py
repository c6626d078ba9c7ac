"""Policies with an exact filter for each camera alone: with two states, and with four."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from edgevision.arrays import FloatArray
from edgevision.baselines.policy_registry import register
from edgevision.baselines.stream.expected_gains import expected_gains
from edgevision.baselines.stream.memory import Memory, State
from edgevision.baselines.stream.slot_solver import best_frames, to_allocation
from edgevision.checks import real_number
from edgevision.envs.problem import Allocation, SlotProblem
from edgevision.envs.stream import four_states
from edgevision.envs.stream.stream_outlook import StreamOutlook
from edgevision.errors import PolicyOptionError

RATES = (0.25, 0.5, 0.7, 1.0, 1.4, 2.0)
TRUSTS = (0.3, 0.5, 0.7, 0.85, 1.0)
HORIZONS = (0.0, 1.0, 2.0, 4.0, 8.0)


def solve(problem: SlotProblem, belief: FloatArray, worth: FloatArray | None = None) -> Allocation:
    """The allocation of the slot solver for a belief, (N, U, 4); ``worth`` is that of `expected_gains`."""
    street = problem.street
    return to_allocation(problem, *best_frames(expected_gains(problem, belief, worth), street.planned_share))


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


@register
class FourStateFilter:
    """The exact filter of a camera alone, {same, changed} x {background, event}, before the slot solver. Source: ours.

    With ``horizon`` above 0, gains count for as long as a scene is expected to last, which approximates Whittle's index
    for restless bandits.
    """

    name = "filter"
    kind = "solver"
    families = ("stream",)
    search: ClassVar[dict[str, tuple[float, ...]]] = {"rate": RATES, "trust": TRUSTS, "horizon": HORIZONS}

    def __init__(self, rate: float = 1.0, trust: float = 0.7, horizon: float = 0.0) -> None:
        """Set the parameters.

        Args:
            rate: factor on the mean rate of events.
            trust: exponent of the likelihood of a score; below 1 for scores whose mean and noise are not known.
            horizon: slots for which a gain counts; 0 for this slot only.
        """
        self.rate = real_number("rate", rate, 0.0, 100.0, PolicyOptionError)
        self.trust = real_number("trust", trust, 0.0, 10.0, PolicyOptionError)
        self.horizon = real_number("horizon", horizon, 0.0, 1e6, PolicyOptionError)
        self._memory = Memory(lambda outlook: {"belief": prior(outlook)})

    def act(self, problem: SlotProblem) -> Allocation:
        """Allocate for every slot of the batch.

        Raises:
            SlotProblemError: these are no slots of ``EdgeVision/Stream-v0``, or not in order.
        """

        def advance(state: State, outlook: StreamOutlook) -> State:
            start = np.minimum(self.rate * outlook.event_start, 1.0)[:, None]
            return {"belief": filtered(state["belief"], outlook, start, self.trust)}

        belief = self._memory.follow(problem.street, advance)["belief"]
        return solve(problem, belief, time_left(problem.street, self.horizon))


@register
class TwoStateFilter:
    """The exact filter with the states same and changed only, before the slot solver. Source: ours."""

    name = "two-state-filter"
    kind = "solver"
    families = ("stream",)
    search: ClassVar[dict[str, tuple[float, ...]]] = {"rate": RATES, "trust": TRUSTS}

    def __init__(self, rate: float = 1.0, trust: float = 0.7) -> None:
        """Set the parameters: a factor on the mean rate of changes, and the exponent of the likelihood of a score."""
        self.rate = real_number("rate", rate, 0.0, 100.0, PolicyOptionError)
        self.trust = real_number("trust", trust, 0.0, 10.0, PolicyOptionError)
        self._memory = Memory(lambda outlook: {"changed": np.ones(outlook.score.shape)})

    def act(self, problem: SlotProblem) -> Allocation:
        """Allocate for every slot of the batch.

        Raises:
            SlotProblemError: these are no slots of ``EdgeVision/Stream-v0``, or not in order.
        """

        def advance(state: State, outlook: StreamOutlook) -> State:
            # An event changes the scene twice: when it begins and when it ends.
            share = outlook.event_start / np.maximum(outlook.event_start + outlook.event_end, 1e-300)
            changes = outlook.change_rate + (1.0 - share) * outlook.event_start + share * outlook.event_end
            rate = np.minimum(self.rate * changes, 1.0)[:, None]
            before = np.where(outlook.delivered, 0.0, state["changed"])
            belief = np.stack([1.0 - before, before], axis=-1)
            belief = np.stack([belief[..., 0] * (1.0 - rate), belief[..., 1] + belief[..., 0] * rate], axis=-1)
            nothing = np.zeros(before.shape)
            padded = np.stack([belief[..., 0], nothing, belief[..., 1], nothing], axis=-1)
            after = four_states.weigh(padded, outlook.score, outlook.score_mean[:, None], self.trust)
            return {"changed": after[..., 2]}

        changed = self._memory.follow(problem.street, advance)["changed"]
        nothing = np.zeros(changed.shape)
        return solve(problem, np.stack([1.0 - changed, nothing, changed, nothing], axis=-1))
