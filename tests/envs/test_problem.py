from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edgevision.envs import action, equal_shares
from tests.envs.strategies import random_problem

seeds = st.integers(0, 2**32 - 1)


@given(seeds)
def test_enumerated_probabilities_agree_with_the_allocated_ones(seed: int) -> None:
    problem = random_problem(seed)
    allocation = action.decode(np.random.default_rng(seed).uniform(-1, 1, (3, 4, 3)), problem)
    table = problem.success_probabilities(allocation.bandwidth, allocation.power)
    picked = np.take_along_axis(table, allocation.operating_point[..., None], axis=2)[..., 0]
    np.testing.assert_array_equal(problem.success_probability(allocation), np.where(problem.active, picked, 0))


@given(seeds)
def test_value_is_the_mean_task_success_of_the_active_users(seed: int) -> None:
    problem = random_problem(seed)
    allocation = action.decode(np.random.default_rng(seed).uniform(-1, 1, (3, 4, 3)), problem)
    success = problem.task_success(allocation)
    for slot in range(problem.slots):
        active = problem.active[slot]
        expected = success[slot, active].mean() if active.any() else 0.0
        np.testing.assert_allclose(problem.value(allocation)[slot], expected, rtol=1e-12)


@given(seeds)
def test_more_of_either_resource_never_hurts(seed: int) -> None:
    problem = random_problem(seed)
    bandwidth, power = equal_shares(problem)
    base = problem.success_probabilities(bandwidth, power)
    assert (problem.success_probabilities(bandwidth * 1.5, power) >= base).all()
    assert (problem.success_probabilities(bandwidth, power * 1.5) >= base).all()


@given(seeds)
def test_slots_of_a_batch_do_not_interact(seed: int) -> None:
    problem = random_problem(seed)
    allocation = action.decode(np.random.default_rng(seed).uniform(-1, 1, (3, 4, 3)), problem)
    whole = problem.value(allocation)
    for slot in range(3):
        one = slice(slot, slot + 1)
        np.testing.assert_array_equal(problem[one].value(allocation[one]), whole[one])
    np.testing.assert_array_equal(problem[np.array([True, False, True])].payload, problem.payload[[0, 2]])


def test_payload_and_airtime() -> None:
    problem = random_problem(3)
    np.testing.assert_allclose(problem.payload[1, 2], problem.raw_size[1, 2] * problem.size_fraction[1, 2])
    np.testing.assert_allclose(problem.airtime[1, 2], problem.deadline[1, 2] - problem.compute_time[1, 2])
