"""Policies with a filter for each camera alone: with two states, and with four."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from edgevision.arrays import FloatArray
from edgevision.baselines.policy_registry import register
from edgevision.baselines.stream.belief_filter import HORIZONS, THRIFTS, TRUSTS, BeliefFilter, filtered
from edgevision.baselines.stream.memory import State
from edgevision.envs.stream import four_states
from edgevision.envs.stream.stream_outlook import StreamOutlook

RATES = (0.25, 0.5, 0.7, 1.0, 1.4, 2.0)


@register
class FourStateFilter(BeliefFilter):
    """The filter of a camera alone, {same, changed} x {background, event}, before the slot solver. Source: ours.

    With ``horizon`` above 0, gains count for as long as a scene is expected to last, as in Whittle's index for restless
    bandits.
    """

    name = "filter"
    search: ClassVar[dict[str, tuple[float, ...]]] = {
        "rate": RATES,
        "trust": TRUSTS,
        "horizon": HORIZONS,
        "thrift": THRIFTS,
    }

    def __init__(self, rate: float = 1.0, trust: float = 0.7, horizon: float = 0.0, thrift: float = 0.7) -> None:
        """Set the parameters, which are those of `BeliefFilter`."""
        super().__init__(rate, trust, horizon, thrift)

    def _advance(self, state: State, outlook: StreamOutlook) -> State:
        start = np.minimum(self.rate * outlook.event_start, 1.0)[:, None]
        return {"belief": filtered(state["belief"], outlook, start, self.trust)}


@register
class TwoStateFilter(BeliefFilter):
    """The filter with the states same and changed only, before the slot solver. Source: ours."""

    name = "two-state-filter"
    search: ClassVar[dict[str, tuple[float, ...]]] = {"rate": RATES, "trust": TRUSTS, "thrift": THRIFTS}

    def __init__(self, rate: float = 1.0, trust: float = 0.7, thrift: float = 0.7) -> None:
        """Set the parameters, which are those of `BeliefFilter`; the rate is a factor on that of all changes."""
        super().__init__(rate, trust, 0.0, thrift)

    def _start(self, outlook: StreamOutlook) -> State:
        return {"belief": _two_states(np.ones(outlook.score.shape))}

    def _advance(self, state: State, outlook: StreamOutlook) -> State:
        # An event changes the scene twice: when it begins and when it ends.
        share = outlook.event_start / np.maximum(outlook.event_start + outlook.event_end, 1e-300)
        changes = outlook.change_rate + (1.0 - share) * outlook.event_start + share * outlook.event_end
        rate = np.minimum(self.rate * changes, 1.0)[:, None]
        before = np.where(outlook.delivered, 0.0, state["belief"][..., 2])
        predicted = _two_states(before + (1.0 - before) * rate)
        return {"belief": four_states.weigh(predicted, outlook.score, outlook.score_mean[:, None], self.trust)}


def _two_states(changed: FloatArray) -> FloatArray:
    """The belief (N, U, 4) without events, from the probability of a change, (N, U)."""
    nothing = np.zeros(changed.shape)
    return np.stack([1.0 - changed, nothing, changed, nothing], axis=-1)
