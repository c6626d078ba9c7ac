from __future__ import annotations

import numpy as np
import pytest

from edgevision.baselines.joint.best_points import valued
from edgevision.baselines.joint.exchange import exchange
from edgevision.baselines.joint.ladder_points import point_choice
from edgevision.baselines.joint.newton import polish, settle
from edgevision.baselines.joint.prices import clear_prices
from edgevision.baselines.joint.recovery import recover
from edgevision.baselines.joint.scaled_slots import scale_slots
from tests.baselines.problems import nasty_problem
from tests.baselines.test_upper_bound import simulated


@pytest.mark.parametrize("preset", ["paper", "umi-image"])
def test_every_stage_keeps_or_improves_the_value_and_reports_it_truly(preset: str) -> None:
    slots = scale_slots(simulated(preset, 60, traffic="full-buffer"))
    choice = point_choice(slots)
    found = clear_prices(slots, choice)
    start = recover(slots, choice, found)
    polished = polish(slots, choice, start, found.prices)
    exchanged = exchange(slots, polished, found.prices)
    assert (start.value >= found.equal.value).all()
    assert (polished.value >= start.value).all()
    assert (exchanged.value >= polished.value).all()
    assert (exchanged.value > polished.value + 1e-5).any()
    for shares in (polished, exchanged):
        again = valued(slots, shares.points, shares.bandwidth, shares.power)
        np.testing.assert_allclose(again.value, shares.value, atol=1e-12)
        np.testing.assert_allclose(shares.bandwidth.sum(axis=0), 1.0)
        np.testing.assert_allclose(shares.power.sum(axis=0), 1.0)


def test_settled_shares_stay_although_users_are_held_at_one_of_two_minima() -> None:
    slots = scale_slots(simulated("paper", 100, seed=5, traffic="full-buffer"))
    choice = point_choice(slots)
    found = clear_prices(slots, choice)
    once = polish(slots, choice, recover(slots, choice, found), found.prices)
    assert ((once.bandwidth < 1.0001 * slots.least[0]) != (once.power < 1.0001 * slots.least[1])).any()
    for _ in range(4):
        once = settle(slots, once, found.prices)
    more = settle(slots, once, found.prices)
    np.testing.assert_allclose(more.value, once.value, atol=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_exchanges_answer_extreme_slots_too(seed: int) -> None:
    with np.errstate(all="ignore"):
        slots = scale_slots(nasty_problem(seed))
        choice = point_choice(slots)
        found = clear_prices(slots, choice)
        start = recover(slots, choice, found)
        after = exchange(slots, start, found.prices)
    assert (after.value >= start.value).all()
    assert (after.bandwidth >= slots.least[0] * (1 - 1e-9)).all()
    assert (after.power >= slots.least[1] * (1 - 1e-9)).all()
