"""Two users alone: `joint` against exhaustive search over all operating points and fine splits of both budgets."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from edgevision.baselines import Joint
from edgevision.envs import SlotProblem
from tests.baselines.problems import ordinary_problem
from tests.baselines.test_upper_bound import best_on_grid, simulated


def contested_problem(seed: int, slots: int, points: int = 8) -> SlotProblem:
    """Two users who compete, and need very different shares."""
    random = np.random.default_rng(seed)
    shape = slots, 2, points
    deadline = random.uniform(0.02, 0.2, shape[:2])
    least = random.choice([0.0, 1e-3, 0.25, 0.5], (2, slots)) / 2
    return ordinary_problem(
        seed,
        slots,
        2,
        points,
        deadline=deadline,
        raw_size=10.0 ** random.uniform(-0.5, 1.5, shape[:2]) * deadline * 30e6,
        gain_scale=4e-21 * 30e6 / (0.15 * 10.0 ** random.uniform(-5.0, 0.5, shape[:2])),
        size_fraction=np.sort(random.random(shape))[..., ::-1],
        accuracy=np.sort(random.random(shape))[..., ::-1],
        min_bandwidth=least[0] * 30e6,
        min_power=least[1] * 0.15,
    )


@pytest.mark.parametrize("fading", ["half-normal", "rayleigh"])
def test_two_competing_users_are_served_as_well_as_by_exhaustive_search(fading: str) -> None:
    problem = dataclasses.replace(contested_problem(0, 40), fading=fading)  # type: ignore[arg-type]
    shortfall = best_on_grid(problem, 32) - problem.value(Joint().act(problem))
    assert shortfall.max() <= 0.002


def test_two_cameras_with_little_bandwidth_are_too() -> None:
    problem = simulated("stae-video", 20, users=2, traffic="full-buffer", bandwidth_mhz=3.3)
    shortfall = best_on_grid(problem, 16) - problem.value(Joint().act(problem))
    assert shortfall.max() <= 0.002


def test_an_idle_user_changes_nothing() -> None:
    alone = contested_problem(1, 20)
    arrays = {name.removeprefix("_"): value for name, value in vars(alone).items() if isinstance(value, np.ndarray)}
    third = {name: np.concatenate([of, of[:, :1]], axis=1) for name, of in arrays.items() if of.ndim > 1}
    with_idle = dataclasses.replace(alone, **{**third, "active": np.tile([True, True, False], (20, 1))})
    value = with_idle.value(Joint().act(with_idle))
    np.testing.assert_allclose(value, alone.value(Joint().act(alone)), atol=1e-9)
