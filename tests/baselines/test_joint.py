from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgevision import baselines
from edgevision.baselines.joint import Joint
from edgevision.envs import SlotProblem
from edgevision.envs.config import Fading, SuccessModel
from tests.baselines.problems import nasty_problem, ordinary_problem
from tests.baselines.test_upper_bound import FADINGS, MODELS, best_on_grid, profile_problem, simulated


def gaps(problem: SlotProblem) -> np.ndarray:
    """Certified gap of each slot [%], after checking that the solution is what it says."""
    solution = Joint().solve(problem)
    solution.allocation.check(problem)
    np.testing.assert_array_equal(solution.value, problem.value(solution.allocation))
    assert (solution.value <= solution.bound).all()
    return 100 * solution.gap


@pytest.mark.parametrize(("preset", "users"), [("paper", 6), ("paper", 20), ("umi-image", 6), ("umi-image", 20)])
def test_the_certified_gap_is_small(preset: str, users: int) -> None:
    gap = gaps(simulated(preset, 100, users=users, traffic="full-buffer"))
    assert gap.mean() <= 0.3
    assert np.percentile(gap, 95) <= 1.0


def test_joint_beats_every_other_policy_on_average_and_published_co_crra_clearly() -> None:
    problem = simulated("paper", 30, traffic="full-buffer")
    value = problem.value(Joint().act(problem))
    for name in baselines.names():
        if name != "joint":
            assert value.mean() > problem.value(baselines.make(name).act(problem)).mean(), name
    assert value.mean() - problem.value(baselines.make("co-crra").act(problem)).mean() >= 0.04


@pytest.mark.parametrize(("preset", "users", "slots"), [("paper", 6, 100), ("paper", 10, 20), ("umi-image", 6, 60)])
def test_joint_is_hardly_ever_below_exact_co_crra(preset: str, users: int, slots: int) -> None:
    problem = simulated(preset, slots, seed=3, users=users, traffic="full-buffer")
    exact = problem.value(baselines.make("co-crra-exact").act(problem))
    assert (problem.value(Joint().act(problem)) < exact - 1e-9).mean() <= 0.02


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("fading", FADINGS)
@pytest.mark.parametrize("profile", ["published-eta", "image-lite0-spat-imco"])
def test_joint_comes_close_to_exhaustive_search(profile: str, fading: Fading, model: SuccessModel) -> None:
    problem = profile_problem(profile, seed=9, slots=20, users=2, fading=fading, success_model=model)
    value = problem.value(Joint().act(problem))
    assert (best_on_grid(problem, 24) - value).mean() < 0.006


@pytest.mark.parametrize("model", MODELS)
def test_the_objective_can_be_another_success_model(model: SuccessModel) -> None:
    problem = simulated("paper", 40)
    solution = Joint(model).solve(problem)
    other: SuccessModel = "chernoff" if model == "exact" else "exact"
    np.testing.assert_array_equal(solution.value, problem.value(solution.allocation, model))
    assert solution.value.mean() >= problem.value(Joint(other).act(problem), model).mean()
    assert (solution.value <= solution.bound).all()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 9), st.sampled_from(MODELS))
def test_every_answer_is_feasible_and_certified(seed: int, users: int, model: SuccessModel) -> None:
    problem = nasty_problem(seed, users=users, success_model=model)
    solution = Joint().solve(problem)
    solution.allocation.check(problem, tolerance=1e-9)
    assert np.isfinite(solution.value).all()
    assert np.isfinite(solution.bound).all()
    assert (solution.value <= solution.bound).all()
    assert (solution.allocation.bandwidth[~problem.active] == 0).all()
    assert (solution.allocation.power[~problem.active] == 0).all()


@pytest.mark.parametrize("model", MODELS)
def test_plenty_for_everyone_is_not_fought_over(model: SuccessModel) -> None:
    problem = profile_problem("published-eta", seed=2, slots=60, users=3, success_model=model)
    equal = problem.value(baselines.make("fracr-exact").act(problem))
    assert (problem.value(Joint().act(problem)) >= equal - 1e-3).all()


def test_a_lone_user_gets_everything() -> None:
    problem = profile_problem("image-lite0-spat-imco", seed=6, slots=50, users=1)
    allocation = Joint().act(problem)
    np.testing.assert_allclose(allocation.bandwidth[:, 0], problem.bandwidth_budget)
    np.testing.assert_allclose(allocation.power[:, 0], problem.power_budget)
    best = problem.value(baselines.make("fracr-exact").act(problem))
    np.testing.assert_allclose(problem.value(allocation), best, atol=1e-6)


def test_a_user_out_of_reach_gives_its_shares_away() -> None:
    gain = np.full((1, 4), 1e-3)
    gain[0, 2] = 1e-30
    problem = ordinary_problem(8, slots=1, gain_scale=gain)
    allocation = Joint().act(problem)
    assert allocation.bandwidth[0, 2] == pytest.approx(problem.min_bandwidth[0])
    assert allocation.power[0, 2] == pytest.approx(problem.min_power[0])


@pytest.mark.parametrize("gain", [1e-300, 1e-30, 1e30, 1e300])
@pytest.mark.parametrize("bits", [0.0, 1.0, 1e15])
def test_numbers_at_the_edge_of_float64_are_answered(gain: float, bits: float) -> None:
    problem = ordinary_problem(0, gain_scale=np.full((3, 4), gain), raw_size=np.full((3, 4), bits))
    solution = Joint().solve(problem)
    solution.allocation.check(problem)
    assert np.isfinite(solution.bound).all()
    assert (solution.value <= solution.bound).all()


def test_an_empty_batch_and_a_large_cell_are_answered() -> None:
    assert Joint().act(ordinary_problem(0)[:0]).bandwidth.shape == (0, 4)
    problem = simulated("umi-image", 2, users=1000)
    Joint().act(problem).check(problem)


def test_answers_repeat() -> None:
    problem = simulated("umi-image", 40)
    first, second = Joint().act(problem), Joint().act(problem)
    for name in ("operating_point", "bandwidth", "power"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))
