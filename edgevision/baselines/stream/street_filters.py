"""Policies whose filters look at the neighbours on the street: what one camera saw begin, the next may see soon.

Each camera keeps evidence that an event began there, slot by slot. Evidence at a neighbour L slots ago raises the
probability that an event begins here now. Suspected beginnings come from the filter; an answer that reports a new event
confirms them, and any other answer clears them.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from edgevision.arrays import FloatArray
from edgevision.baselines.policy_registry import register
from edgevision.baselines.stream.belief_filter import HORIZONS, THRIFTS, TRUSTS, BeliefFilter, begun, filtered
from edgevision.baselines.stream.memory import State
from edgevision.checks import real_number, whole_number
from edgevision.envs.stream.stream_outlook import StreamOutlook
from edgevision.errors import PolicyOptionError

#: Slots for which evidence is kept.
KEPT = 20
_UNSURE, _RECENT = 0.2, 5
_LARGEST_START = 0.9


def confirmed(evidence: FloatArray, outlook: StreamOutlook) -> FloatArray:
    """The evidence (N, KEPT, U), newest first, after the reports on the slot before."""
    news = outlook.delivered & outlook.told_event & outlook.told_change
    denied = outlook.delivered & ~news
    kept = evidence.copy()
    kept[:, : _RECENT - 1] *= np.where(denied, _UNSURE, 1.0)[:, None]
    missing = np.maximum(1.0 - kept[:, :_RECENT].sum(axis=1), 0.0)
    kept[:, 0] = np.where(news, np.maximum(kept[:, 0], missing), kept[:, 0])
    return kept


def expected_beginnings(evidence: FloatArray, lags: tuple[int, int], alone: float, matched: float) -> FloatArray:
    """Probability that convoys of both directions arrive now, (N, U).

    Args:
        evidence: evidence of beginnings in the slots before, (N, KEPT, U), newest first.
        lags: least and most slots from one camera to the next.
        alone: weight of evidence at the camera before.
        matched: weight of it, if the camera before that one has evidence at twice the lag: the same pace.
    """
    pace = np.arange(lags[0], lags[1] + 1)
    sums = np.cumsum(np.pad(evidence, ((0, 0), (1, 0), (0, 0))), axis=1)
    first, last = np.clip(2 * pace - 3, 0, KEPT), np.clip(2 * pace + 2, 0, KEPT)
    near = np.clip(sums[:, last] - sums[:, first], 0.0, 1.0)
    arriving = np.zeros((len(evidence), evidence.shape[2]))
    for step in (1, -1):
        before, before_that = shifted(evidence[:, pace - 1], step), shifted(near, 2 * step)
        arriving += (before * (alone + matched * before_that)).sum(axis=1)
    return arriving


def shifted(values: FloatArray, step: int) -> FloatArray:
    """Values of the cameras ``step`` places before, along the last axis; 0 beyond the ends of the street."""
    moved = np.zeros(values.shape)
    if abs(step) < values.shape[-1]:
        here, there = (slice(step, None), slice(None, -step)) if step > 0 else (slice(None, step), slice(-step, None))
        moved[..., here] = values[..., there]
    return moved


@register
class Tracker(BeliefFilter):
    """A filter for each camera, whose events begin more likely when a convoy of matching pace comes. Source: ours."""

    name = "tracker"
    search: ClassVar[dict[str, tuple[float, ...]]] = {
        "matched": (0.0, 0.05, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8),
        "alone": (0.0, 0.01, 0.02, 0.03, 0.05, 0.08, 0.12, 0.18),
        "rate": (0.02, 0.05, 0.1, 0.2, 0.3, 0.45, 0.6),
        "trust": TRUSTS,
        "horizon": HORIZONS,
        "thrift": THRIFTS,
        "fastest": (1, 2, 3),
        "slowest": (4, 5, 6, 7, 8),
    }

    def __init__(
        self,
        matched: float = 0.3,
        alone: float = 0.05,
        rate: float = 0.2,
        trust: float = 0.7,
        horizon: float = 0.0,
        thrift: float = 0.7,
        fastest: int = 2,
        slowest: int = 6,
    ) -> None:
        """Set the parameters.

        Args:
            matched: weight of evidence at the camera before, if the one before it has evidence of the same pace.
            alone: weight of evidence at the camera before in any case.
            rate: factor on the mean rate of events, for those that nothing announces.
            trust: exponent of the likelihood of a score.
            horizon: slots for which a gain counts; 0 for this slot only.
            thrift: factor on what a frame is worth in the battery.
            fastest: least slots from one camera to the next.
            slowest: most slots from one camera to the next.
        """
        super().__init__(rate, trust, horizon, thrift)
        self.matched = real_number("matched", matched, 0.0, 10.0, PolicyOptionError)
        self.alone = real_number("alone", alone, 0.0, 10.0, PolicyOptionError)
        self.fastest = whole_number("fastest", fastest, 1, KEPT, PolicyOptionError)
        self.slowest = whole_number("slowest", slowest, self.fastest, KEPT, PolicyOptionError)

    def _start(self, outlook: StreamOutlook) -> State:
        slots, users = outlook.score.shape
        return {**super()._start(outlook), "evidence": np.zeros((slots, KEPT, users))}

    def _advance(self, state: State, outlook: StreamOutlook) -> State:
        evidence = confirmed(state["evidence"], outlook)
        lags = (self.fastest, self.slowest)
        arriving = expected_beginnings(evidence, lags, self.alone, self.matched)
        start = np.clip(self.rate * outlook.event_start[:, None] + arriving, 0.0, _LARGEST_START)
        belief = filtered(state["belief"], outlook, start, self.trust)
        begins = begun(state["belief"], belief, outlook)
        return {"belief": belief, "evidence": np.concatenate([begins[:, None], evidence[:, :-1]], axis=1)}


@register
class CoupledFilter(Tracker):
    """A filter for each camera, whose events begin more likely after those of its two neighbours. Source: ours."""

    name = "coupled-filter"
    search: ClassVar[dict[str, tuple[float, ...]]] = {
        name: values for name, values in Tracker.search.items() if name != "matched"
    }

    def __init__(
        self,
        alone: float = 0.12,
        rate: float = 0.2,
        trust: float = 0.7,
        horizon: float = 0.0,
        thrift: float = 0.7,
        fastest: int = 2,
        slowest: int = 6,
    ) -> None:
        """Set the parameters, which are those of `Tracker`."""
        super().__init__(0.0, alone, rate, trust, horizon, thrift, fastest, slowest)
