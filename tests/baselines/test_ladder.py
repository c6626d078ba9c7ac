from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgevision import baselines
from edgevision.baselines.joint import Joint
from edgevision.baselines.ladder import frontier, required_rate, with_points
from edgevision.envs import SlotProblem, equal_shares
from tests.baselines.problems import ordinary_problem
from tests.baselines.test_upper_bound import best_on_grid, simulated

seeds = st.integers(0, 2**32 - 1)


def grid_problem(
    seed: int, slots: int = 3, users: int = 3, grid: tuple[int, ...] = (3, 4), **changes: object
) -> SlotProblem:
    """Points in no order at all, some of which send nothing or compute longer than the deadline."""
    random = np.random.default_rng(seed)
    shape = slots, users, int(np.prod(grid))
    arrays = {
        "size_fraction": random.random(shape) * (random.random(shape) < 0.85),
        "accuracy": random.choice([0.2, 0.5, 0.6, 0.9], shape),
        "compute_time": random.uniform(0, 0.12, shape),
        "grid": grid,
    }
    return ordinary_problem(seed, slots, users, shape[2], **{**arrays, **changes})


@given(seeds)
def test_accuracy_and_rate_fall_along_the_ladder(seed: int) -> None:
    problem = grid_problem(seed)
    ladder = with_points(problem, frontier(problem))
    reachable = np.isfinite(required_rate(ladder)).any(axis=2)
    assert (np.diff(ladder.accuracy, axis=2) <= 0)[reachable].all()
    rate = required_rate(ladder)[reachable]
    assert (rate[:, 1:] <= rate[:, :-1]).all()


@given(seeds)
def test_nothing_is_lost_at_any_shares(seed: int) -> None:
    problem = grid_problem(seed)
    points = frontier(problem)
    ladder = with_points(problem, points)
    share = np.random.default_rng(seed).dirichlet(np.ones(3), (2, 3))
    bandwidth, power = 30e6 * share[0], 0.15 * share[1]
    best = (problem.accuracy * problem.success_probabilities(bandwidth, power)).max(axis=2)
    on_ladder = (ladder.accuracy * ladder.success_probabilities(bandwidth, power)).max(axis=2)
    np.testing.assert_array_equal(on_ladder, best)
    np.testing.assert_array_equal(np.take_along_axis(problem.accuracy, points, axis=2), ladder.accuracy)


def test_who_computes_too_long_to_send_nothing_is_not_reachable() -> None:
    late = grid_problem(0, size_fraction=np.zeros((3, 3, 12)), deadline=np.full((3, 3), 0.05))
    np.testing.assert_array_equal(np.isinf(required_rate(late)), late.compute_time > 0.05)
    in_time = late.success_probabilities(*equal_shares(late))
    np.testing.assert_allclose(in_time, late.compute_time <= 0.05, atol=1e-15)


@settings(max_examples=40, deadline=None)
@given(seeds, st.integers(1, 4), st.sampled_from(["half-normal", "rayleigh"]))
def test_joint_answers_grids_and_its_bound_holds(seed: int, users: int, fading: str) -> None:
    problem = grid_problem(seed, users=users, grid=(2, 3, 3), fading=fading)
    solution = Joint().solve(problem)
    solution.allocation.check(problem)
    np.testing.assert_array_equal(solution.value, problem.value(solution.allocation))
    for name in ("fracr-exact", "random"):
        assert (problem.value(baselines.make(name).act(problem)) <= solution.bound).all()


def test_joint_on_grids_is_close_to_exhaustive_search() -> None:
    problem = grid_problem(4, slots=40, users=2)
    found = best_on_grid(problem, 24)
    solution = Joint().solve(problem)
    assert (found <= solution.bound).all()
    assert (found - solution.value).mean() < 0.006


@pytest.mark.parametrize("preset", ["stae-video", "stae-published"])
def test_the_certified_gap_on_clips_is_small(preset: str) -> None:
    problem = simulated(preset, 60, traffic="full-buffer")
    solution = Joint().solve(problem)
    assert 100 * solution.gap.mean() <= 0.3
    for name in baselines.names(("frames", "pixels", "mode")):
        value = problem.value(baselines.make(name).act(problem))
        assert (value <= solution.bound).all(), name
        assert value.mean() <= solution.value.mean(), name


@pytest.mark.parametrize("grid", [(12,), (3, 4)])
def test_a_user_whose_silence_comes_too_late_gives_its_shares_away(grid: tuple[int, ...]) -> None:
    late = np.full((1, 3, 12), 0.01)
    late[0, 2] = np.linspace(0.5, 0.6, 12)
    fraction = np.broadcast_to(np.append(np.linspace(1.0, 0.1, 11), 0.0), (1, 3, 12)).copy()
    fraction[0, :2] = np.maximum(fraction[0, :2], 0.05)
    problem = grid_problem(
        0,
        slots=1,
        grid=grid,
        compute_time=late,
        size_fraction=fraction,
        accuracy=np.linspace(0.9, 0.5, 12) * np.ones((1, 3, 1)),
    )
    solution = Joint().solve(problem)
    assert solution.gap[0] < 0.01
    assert solution.allocation.bandwidth[0, 2] == pytest.approx(problem.min_bandwidth[0], rel=1e-6)
    assert solution.allocation.power[0, 2] == pytest.approx(problem.min_power[0], rel=1e-6)


@pytest.mark.parametrize("grid", [(12,), (3, 4)])
def test_joint_does_not_wait_for_silence_that_comes_too_late(grid: tuple[int, ...]) -> None:
    compute_time = np.append(np.full(11, 0.01), 0.5) * np.ones((3, 3, 1))
    fraction = np.append(np.linspace(1.0, 0.05, 11), 0.0) * np.ones((3, 3, 1))
    accuracy = np.append(np.linspace(0.8, 0.5, 11), 0.9) * np.ones((3, 3, 1))
    problem = grid_problem(0, grid=grid, compute_time=compute_time, size_fraction=fraction, accuracy=accuracy)
    solution = Joint().solve(problem)
    assert (solution.allocation.operating_point < 11).all()
    assert solution.gap.max() < 0.01
