from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgevision.envs import action
from edgevision.envs.allocation import Allocation
from edgevision.envs.view import SLOT_VIEW
from edgevision.errors import AllocationError, InvalidActionError
from tests.envs.strategies import random_problem

seeds = st.integers(0, 2**32 - 1)
grids = st.sampled_from([(5,), (1,), (3, 4), (2, 3, 2)])


def random_action(seed: int, n: int, users: int, axes: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, (n, users, axes + 2))


@given(seeds, grids)
def test_every_action_is_a_feasible_allocation_that_spends_the_budgets(seed: int, grid: tuple[int, ...]) -> None:
    problem = random_problem(seed, grid=grid)
    allocation = action.decode(random_action(seed, 3, 4, len(grid)), problem)
    allocation.check(problem)
    busy = problem.active.any(axis=1)
    np.testing.assert_allclose(allocation.bandwidth.sum(axis=1), np.where(busy, problem.bandwidth_budget, 0))
    np.testing.assert_allclose(allocation.power.sum(axis=1), np.where(busy, problem.power_budget, 0))
    assert (allocation.bandwidth[~problem.active] == 0).all()


@given(seeds, grids)
def test_encode_inverts_decode(seed: int, grid: tuple[int, ...]) -> None:
    problem = random_problem(seed, grid=grid)
    allocation = action.decode(random_action(seed, 3, 4, len(grid)), problem)
    encoded = action.encode(allocation, problem)
    assert (np.abs(encoded) <= 1 + 1e-12).all()
    again = action.decode(encoded, problem)
    np.testing.assert_array_equal(again.operating_point, allocation.operating_point)
    np.testing.assert_allclose(again.bandwidth, allocation.bandwidth, rtol=1e-9)
    np.testing.assert_allclose(again.power, allocation.power, rtol=1e-9)
    np.testing.assert_allclose(action.encode(again, problem), encoded, atol=1e-9)


@given(seeds, grids)
def test_encoding_survives_the_float32_of_the_action_space(seed: int, grid: tuple[int, ...]) -> None:
    problem = random_problem(seed, grid=grid)
    allocation = action.decode(random_action(seed, 3, 4, len(grid)), problem)
    again = action.decode(action.encode(allocation, problem).astype(np.float32).astype(np.float64), problem)
    np.testing.assert_array_equal(again.operating_point, allocation.operating_point)
    np.testing.assert_allclose(again.bandwidth, allocation.bandwidth, rtol=1e-5)


def test_inexpressible_shares_go_to_the_nearest() -> None:
    problem = random_problem(0, n=1, users=3, active=np.ones((1, 3), bool))
    least = problem.min_bandwidth[0]
    bandwidth = np.array([[problem.bandwidth_budget[0] - 2 * least, least, least]])
    allocation = Allocation(np.zeros((1, 3), int), bandwidth, bandwidth * 5e-9)
    again = action.decode(action.encode(allocation, problem), problem)
    np.testing.assert_allclose(again.bandwidth, bandwidth, rtol=2e-3)


def test_equal_coordinates_are_equal_shares() -> None:
    problem = random_problem(1, n=1, users=4, active=np.array([[True, True, False, True]]))
    for level in (-1.0, 0.0, 0.7):
        allocation = action.decode(np.full((1, 4, 3), level), problem)
        np.testing.assert_allclose(allocation.bandwidth[0, [0, 1, 3]], problem.bandwidth_budget[0] / 3)


def test_operating_point_cells_cover_the_range_evenly() -> None:
    problem = random_problem(2, n=1, users=1, active=np.ones((1, 1), bool))
    sweep = np.linspace(-1, 1, 5001)
    points = [int(action.decode(np.array([[[a, 0, 0]]]), problem).operating_point[0, 0]) for a in sweep]
    assert points == sorted(points)
    counts = np.bincount(points, minlength=5)
    assert (np.abs(counts - 1000) <= 1).all()


@settings(max_examples=50)
@given(seeds)
def test_allocation_check_finds_every_broken_constraint(seed: int) -> None:
    problem = random_problem(seed, active=np.ones((3, 4), bool))
    good = action.decode(random_action(seed, 3, 4, 1), problem)
    for allocation, name in (
        (Allocation(good.operating_point, good.bandwidth * 1.001, good.power), "C1"),
        (Allocation(good.operating_point, good.bandwidth, good.power * 1.001), "C2"),
        (Allocation(good.operating_point + 5, good.bandwidth, good.power), "C5"),
        (Allocation(good.operating_point, good.bandwidth * 0.1, good.power), "C3"),
        (Allocation(good.operating_point, good.bandwidth, good.power * np.nan), "NaN"),
        (Allocation(good.operating_point[:, :2], good.bandwidth, good.power), "shape"),
    ):
        with pytest.raises(AllocationError, match=name):
            allocation.check(problem)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (np.zeros((4, 2)), "shape"),
        (np.full((4, 3), np.nan), "NaN"),
        (np.full((4, 3), np.inf), "NaN or infinity"),
        (np.full((4, 3), 1.01), r"\[-1, 1\]"),
        ("left", "array of numbers"),
        (None, "shape|array"),
        ([[1, 2], [3]], "array of numbers"),
        (np.full((4, 3), "0.5"), "array of numbers"),
        (np.zeros((4, 3), complex), "array of numbers"),
        (np.ma.masked_all((4, 3)), "array of numbers"),
        (10**400, "array of numbers"),
    ],
)
def test_bad_actions_are_refused(bad: object, message: str) -> None:
    with pytest.raises(InvalidActionError, match=message):
        action.check_action(bad, SLOT_VIEW.action_space(4, (5,)))
