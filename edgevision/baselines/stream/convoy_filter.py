"""`ConvoyFilter`: a particle filter of the convoys on the street, whose particles lie on a grid. Source: ours.

A particle is a convoy: its direction, the slot in which it entered, and its pace. It reaches each camera in a known
slot, give or take one. Its weight starts at the prior, and is multiplied at each camera that it has reached by

    seen x (odds that an event began there) / (odds that were expected) + 1 - seen,

the likelihood ratio of what was seen there. Odds are those of the camera's filter and of the edge's reports, as in
`edgevision.baselines.stream.street_filters`; those of the newest slots are used anew in each slot, because scores and
answers still change them. Of all paces, at most one convoy entered per slot and direction. Particles that reach a
camera now raise the probability that an event begins there.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from edgevision.arrays import BoolArray, FloatArray, IntArray
from edgevision.baselines.policy_registry import register
from edgevision.baselines.stream.belief_filter import HORIZONS, THRIFTS, TRUSTS, BeliefFilter, begun, filtered, prior
from edgevision.baselines.stream.memory import State
from edgevision.baselines.stream.street_filters import KEPT, confirmed
from edgevision.checks import real_number, whole_number
from edgevision.envs.stream.stream_outlook import StreamOutlook
from edgevision.errors import PolicyOptionError

_SEEN = 0.95
_UNSETTLED = 3  # newest slots whose evidence still changes
_LEAST_START, _LARGEST_START = 1e-4, 0.9
_CERTAIN = 0.98
_STEP = 0.5  # between paces [slots per camera]


def arrival_camera(users: int, fastest: int, slowest: int) -> IntArray:
    """The camera that a convoy reaches at each age, by direction and pace, (ages, 2, P); U between two cameras."""
    pace = np.arange(fastest, slowest + _STEP / 2, _STEP)
    camera = np.full(((users - 1) * slowest + 2, 2, len(pace)), users)
    place = np.arange(users)
    age = np.rint(place[:, None] * pace).astype(np.int64)
    for direction, reached in enumerate((place, users - 1 - place)):
        camera[age, direction, np.arange(len(pace))] = reached[:, None]
    return camera


def likelihood_ratios(evidence: FloatArray, expected: FloatArray, empty: BoolArray) -> FloatArray:
    """How much likelier what was seen is with a convoy than without, by slot and camera, (N, slots, U + 1).

    Evidence and expectation (N, slots, U) are summed over three slots. The last column, for convoys between cameras, is
    1, and so is what cameras tell whose scene the edge has never seen.
    """
    found, chance = (np.clip(_of_three(part), 1e-6, _CERTAIN) for part in (evidence, expected))
    ratio = found * (1.0 - chance) / (chance * (1.0 - found))
    ratio = np.where(empty[:, None], 1.0, _SEEN * ratio + 1.0 - _SEEN)
    return np.pad(ratio, ((0, 0), (0, 0), (0, 1)), constant_values=1.0)


def _of_three(values: FloatArray) -> FloatArray:
    """Sums over each slot and the one before and after it, (N, slots, U)."""
    padded = np.pad(values, ((0, 0), (1, 1), (0, 0)))
    return padded[:, :-2] + padded[:, 1:-1] + padded[:, 2:]


@register
class ConvoyFilter(BeliefFilter):
    """A filter for each camera, whose events begin more likely when a convoy is expected. Source: ours."""

    name = "convoy-filter"
    search: ClassVar[dict[str, tuple[float, ...]]] = {
        "convoys": (0.002, 0.004, 0.008, 0.0125, 0.02, 0.03),
        "rate": (0.01, 0.02, 0.05, 0.1, 0.2, 0.3),
        "blur": (0.0, 0.1, 0.2, 0.3),
        "trust": TRUSTS,
        "horizon": HORIZONS,
        "thrift": THRIFTS,
        "fastest": (1, 2, 3),
        "slowest": (4, 5, 6, 7),
    }

    def __init__(
        self,
        convoys: float = 0.0125,
        rate: float = 0.05,
        blur: float = 0.2,
        trust: float = 0.7,
        horizon: float = 2.0,
        thrift: float = 0.7,
        fastest: int = 2,
        slowest: int = 6,
    ) -> None:
        """Set the parameters.

        Args:
            convoys: probability that a convoy enters, per slot and direction.
            rate: factor on the mean rate of events, for those that no convoy brings.
            blur: share of its weight with which a convoy is early, and late, by a slot at a camera.
            trust: exponent of the likelihood of a score.
            horizon: slots for which a gain counts; 0 for this slot only.
            thrift: factor on what a frame is worth in the battery.
            fastest: least slots from one camera to the next.
            slowest: most slots from one camera to the next.
        """
        super().__init__(rate, trust, horizon, thrift)
        self.convoys = real_number("convoys", convoys, 0.0, 1.0, PolicyOptionError)
        self.blur = real_number("blur", blur, 0.0, 0.5, PolicyOptionError)
        self.fastest = whole_number("fastest", fastest, 1, KEPT, PolicyOptionError)
        self.slowest = whole_number("slowest", slowest, self.fastest, KEPT, PolicyOptionError)
        self._camera = arrival_camera(1, self.fastest, self.slowest)
        self._reach = np.zeros((0, 0))

    def _start(self, outlook: StreamOutlook) -> State:
        slots, users = outlook.score.shape
        if users != self._reach.shape[1]:
            self._camera = arrival_camera(users, self.fastest, self.slowest)
            self._reach = self._reached(users)
        shape = (slots, KEPT, users)
        weight = np.full((slots, *self._camera.shape), self.convoys / self._camera.shape[2])
        return {"belief": prior(outlook), "evidence": np.zeros(shape), "expected": np.zeros(shape), "weight": weight}

    def _reached(self, users: int) -> FloatArray:
        """Probability that each particle reaches each camera now, (particles, U)."""
        exact = np.eye(users + 1)[self._camera][..., :users]
        early, late = (np.roll(exact, step, axis=0) for step in (-1, 1))
        early[-1], late[0] = 0.0, 0.0
        return np.asarray(((1.0 - 2.0 * self.blur) * exact + self.blur * (early + late)).reshape(-1, users))

    def _advance(self, state: State, outlook: StreamOutlook) -> State:
        evidence = confirmed(state["evidence"], outlook)
        ratios = likelihood_ratios(evidence[:, : _UNSETTLED + 2], state["expected"][:, : _UNSETTLED + 2], outlook.empty)
        entering = np.full((len(evidence), 1, *self._camera.shape[1:]), self.convoys / self._camera.shape[2])
        weight = np.concatenate([entering, state["weight"][:, :-1]], axis=1)
        weight = weight * self._seen_before(ratios, _UNSETTLED + 1)
        now = weight.copy()
        for slots in range(1, _UNSETTLED + 1):
            now *= self._seen_before(ratios, slots)
        now /= 1.0 - self.convoys + now.sum(axis=-1, keepdims=True)
        arriving = now.reshape(len(now), -1) @ self._reach
        start = self.rate * outlook.event_start[:, None] + _SEEN * arriving
        start = np.clip(start, _LEAST_START, _LARGEST_START)
        belief = filtered(state["belief"], outlook, start, self.trust)
        begins = begun(state["belief"], belief, outlook)
        newest = {"evidence": (begins, evidence), "expected": (start, state["expected"])}
        kept = {name: np.concatenate([new[:, None], old[:, :-1]], axis=1) for name, (new, old) in newest.items()}
        return {"belief": belief, "weight": weight, **kept}

    def _seen_before(self, ratios: FloatArray, slots: int) -> FloatArray:
        """The ratio that each particle met this many slots ago, (N, ages, 2, P); 1 before it entered."""
        camera = np.full(self._camera.shape, ratios.shape[2] - 1)
        camera[slots:] = self._camera[:-slots]
        return ratios[:, slots - 1][:, camera]
