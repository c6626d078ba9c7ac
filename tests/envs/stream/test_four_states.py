from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from edgevision.envs.stream import four_states


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**31), slots=st.integers(1, 4))
def test_between_deliveries_the_filter_is_bayes_rule_on_all_paths(seed: int, slots: int) -> None:
    """Against the sum over all paths of two bits per slot: an event is in view, the scene changed by itself.

    After a delivery an event is as likely as the report is right; no earlier belief counts.
    """
    random = np.random.default_rng(seed)
    start, end, change = random.uniform(0.05, 0.6, 3)
    mean, scores = random.uniform(0.2, 2.0), random.normal(size=slots)
    told = bool(random.random() < 0.5)
    belief = four_states.reset_delivered(np.full((1, 1, 4), 0.25), np.array([[True]]), np.array([[told]]))
    for score in scores:
        belief = four_states.predict(belief, start, end, change)
        belief = four_states.weigh(belief, np.array([[score]]), mean)
    weights = np.zeros(4)
    for first in (False, True):
        for path in itertools.product(itertools.product((False, True), repeat=2), repeat=slots):
            probability = 1 - four_states.EVENT_ERROR if first == told else four_states.EVENT_ERROR
            event, changed = first, False
            for (now, own), score in zip(path, scores, strict=True):
                moves = {(False, True): start, (False, False): 1 - start, (True, False): end, (True, True): 1 - end}
                probability *= moves[event, now] * (change if own else 1 - change)
                changed, event = changed or own or now != event, now
                probability *= np.exp(-0.5 * (score - mean * changed) ** 2)
            weights[2 * changed + event] += probability
    np.testing.assert_allclose(belief[0, 0], weights / weights.sum(), rtol=1e-9)
