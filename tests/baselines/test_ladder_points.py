from __future__ import annotations

import numpy as np
import pytest

from edgevision.baselines.joint.best_points import enumerated_points, success
from edgevision.baselines.joint.ladder_points import ladder_points, point_choice
from edgevision.baselines.joint.scaled_slots import scale_slots
from edgevision.envs.config import Fading, SuccessModel
from tests.baselines.test_upper_bound import FADINGS, MODELS, simulated


def test_tables_are_for_those_who_share_a_ladder() -> None:
    assert point_choice(scale_slots(simulated("paper", 2))).__class__.__name__ == "LadderPoints"
    assert point_choice(scale_slots(simulated("umi-image", 2))).__class__.__name__ == "EnumeratedPoints"


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("fading", FADINGS)
def test_tabulated_points_are_worth_what_the_best_of_all_are(fading: Fading, model: SuccessModel) -> None:
    slots = scale_slots(simulated("paper", 200, fading=fading, success_model=model))
    random = np.random.default_rng(0)
    bandwidth, power = (random.dirichlet(np.full(slots.users, 2.0), 200).T for _ in range(2))
    choice = ladder_points(slots)
    found = choice.refined(choice.at_shares(bandwidth, power), bandwidth, power)
    every = np.arange(slots.points)[:, None, None] * np.ones(bandwidth.shape, int)
    best = success(slots, every, bandwidth, power).max(axis=0)
    np.testing.assert_allclose(success(slots, found, bandwidth, power), best, atol=2e-3)
    assert (best - success(slots, found, bandwidth, power)).mean() < 2e-5


def test_upgrades_are_those_of_enumeration() -> None:
    slots = scale_slots(simulated("paper", 20))
    points = np.random.default_rng(0).integers(slots.points, size=slots.active.shape)
    np.testing.assert_array_equal(ladder_points(slots).upgrade(points), enumerated_points(slots).upgrade(points))
