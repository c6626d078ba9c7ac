"""Whatever the problem, every policy answers within the constraints and the solvers never do harm."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgevision import baselines
from edgevision.envs import Policy, SlotProblem
from tests.baselines.problems import nasty_problem, ordinary_problem

seeds = st.integers(0, 2**32 - 1)


@functools.cache
def policy_named(name: str) -> Policy:
    return baselines.make(name)


def check(name: str, problem: SlotProblem) -> None:
    allocation = policy_named(name).act(problem)
    allocation.check(problem, tolerance=1e-9)
    for share, budget in (
        (allocation.bandwidth, problem.bandwidth_budget),
        (allocation.power, problem.power_budget),
    ):
        np.testing.assert_allclose(share.sum(axis=1), budget * problem.active.any(axis=1), rtol=1e-9)
        assert (share[~problem.active] == 0).all()
    assert (allocation.operating_point[~problem.active] == 0).all()


@pytest.mark.parametrize("name", baselines.names())
@settings(deadline=None, max_examples=50)
@given(seed=seeds, users=st.integers(1, 7))
def test_allocations_are_feasible_and_spend_both_budgets(name: str, seed: int, users: int) -> None:
    check(name, nasty_problem(seed, users=users))


@st.composite
def extreme_problems(draw: st.DrawFn) -> SlotProblem:
    """Two slots of users who each draw their worst: numbers at the ends of float64, nothing to send, no time left."""
    users, points = draw(st.integers(1, 4)), 3
    shape = 2, users

    def per_user(*values: float) -> np.ndarray:
        return np.array(draw(st.lists(st.sampled_from(values), min_size=2 * users, max_size=2 * users))).reshape(shape)

    def per_slot(*values: float) -> np.ndarray:
        return np.array([draw(st.sampled_from(values)) for _ in range(2)])

    bandwidth, power = per_slot(1e-6, 1.0, 3e7, 1e12), per_slot(1e-12, 2e-3, 1.0, 1e6)
    return ordinary_problem(
        0,
        slots=2,
        users=users,
        points=points,
        active=per_user(0, 1, 1).astype(bool),
        raw_size=per_user(0.0, 1.0, 1e6, 1.5e7, 1e12, 1e300),
        deadline=per_user(-1.0, 0.0, 1e-12, 0.05, 0.1, 1e9),
        gain_scale=per_user(1e-300, 1e-15, 1e-9, 1e-3, 1.0, 1e6),
        compute_time=np.repeat(per_user(0.0, 0.0, 0.05, 1e6)[..., None], points, axis=2),
        accuracy=np.sort(np.stack([per_user(0.0, 0.3, 1.0) for _ in range(points)], axis=2), axis=2),
        size_fraction=np.broadcast_to(
            draw(st.sampled_from([(0.0, 0.5, 1.0), (1.0, 1.0, 1.0), (1e-9, 0.1, 1.0)])), (*shape, points)
        ),
        bandwidth_budget=bandwidth,
        power_budget=power,
        min_bandwidth=per_slot(0.0, 1e-9, 0.5, 1.0) * bandwidth / users,
        min_power=per_slot(0.0, 1e-9, 0.5, 1.0) * power / users,
        fading=draw(st.sampled_from(["half-normal", "rayleigh"])),
        success_model=draw(st.sampled_from(["exact", "chernoff"])),
    )


@pytest.mark.parametrize("name", baselines.names())
@settings(deadline=None, max_examples=40)
@given(problem=extreme_problems())
def test_extremes_are_answered_within_the_constraints(name: str, problem: SlotProblem) -> None:
    check(name, problem)


@pytest.mark.parametrize("name", baselines.names())
@pytest.mark.parametrize(
    "changes",
    [
        {"min_bandwidth": np.zeros(3), "min_power": np.zeros(3)},
        {"min_bandwidth": np.full(3, 30e6 / 4), "min_power": np.full(3, 0.15 / 4)},
        {"accuracy": np.zeros((3, 4, 20))},
        {"size_fraction": np.zeros((3, 4, 20))},
        {"gain_scale": np.full((3, 4), 1e-3), "raw_size": np.full((3, 4), 1.5e7), "deadline": np.full((3, 4), 0.08)},
    ],
    ids=["no minima", "minima take all", "nothing is ever right", "nothing to send", "all alike"],
)
def test_degenerate_slots_are_answered(name: str, changes: dict[str, Any]) -> None:
    check(name, ordinary_problem(0, **changes))


@pytest.mark.parametrize("name", baselines.names())
def test_a_lone_user_gets_both_budgets(name: str) -> None:
    problem = ordinary_problem(1, users=1)
    check(name, problem)
    allocation = policy_named(name).act(problem)
    np.testing.assert_allclose(allocation.bandwidth[:, 0], problem.bandwidth_budget, rtol=1e-9)
    np.testing.assert_allclose(allocation.power[:, 0], problem.power_budget, rtol=1e-9)


@pytest.mark.parametrize("name", baselines.names())
def test_an_empty_batch_and_an_idle_cell_are_answered(name: str) -> None:
    check(name, ordinary_problem(0)[:0])
    check(name, ordinary_problem(0, active=np.zeros((3, 4), bool)))


@pytest.mark.parametrize("name", baselines.names())
def test_deadlines_that_have_passed_are_answered(name: str) -> None:
    check(name, ordinary_problem(0, deadline=np.full((3, 4), -1e-3)))
    check(name, ordinary_problem(0, compute_time=np.full((3, 4, 20), 0.5)))


@pytest.mark.parametrize(("name", "start"), [("co-crra", "fracr"), ("co-crra-exact", "fracr-exact")])
def test_a_thousand_nasty_slots_end_no_worse_than_they_start(name: str, start: str) -> None:
    problem = nasty_problem(7, slots=1000)
    check(name, problem)
    model = "chernoff" if name == "co-crra" else None
    policy = policy_named(name)
    gain = problem.value(policy.act(problem), model) - problem.value(policy_named(start).act(problem), model)
    assert gain.min() >= 0
    assert gain.mean() > 0.005
    assert policy.report.failures.sum() <= 0.01 * policy.report.inner_iterations.sum()


@pytest.mark.parametrize("name", [name for name in baselines.names() if name != "random"])
def test_a_slot_is_answered_alike_in_every_batch(name: str) -> None:
    problem = ordinary_problem(3, slots=6)
    whole = policy_named(name).act(problem)
    for slot in range(problem.slots):
        one = slice(slot, slot + 1)
        alone = policy_named(name).act(problem[one])
        for array in ("operating_point", "bandwidth", "power"):
            np.testing.assert_array_equal(getattr(alone, array), getattr(whole[one], array))
