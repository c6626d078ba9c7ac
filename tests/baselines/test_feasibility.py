"""Whatever the problem, every policy answers within the constraints and the solvers never do harm."""

from __future__ import annotations

import functools

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
