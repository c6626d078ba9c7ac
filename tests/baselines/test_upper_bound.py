from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgevision import baselines
from edgevision.baselines.joint import upper_bound
from edgevision.baselines.joint.power_table import power_table
from edgevision.envs import SlotProblem
from edgevision.envs.channel import radio
from edgevision.envs.config import Fading, ScenarioConfig, SuccessModel
from edgevision.envs.simulation.simulator import Simulator
from edgevision.profiles.profile import load_profile
from tests.baselines.problems import nasty_problem, ordinary_problem

MODELS: list[SuccessModel] = ["exact", "chernoff"]
FADINGS: list[Fading] = ["half-normal", "rayleigh"]
CHEAP = ["fixed", "fracr", "fracr-exact", "joint", "msvra", "random"]


def best_on_grid(problem: SlotProblem, steps: int, model: SuccessModel | None = None) -> np.ndarray:
    """Best value of each slot over all ways to split what the minima leave in ``steps`` parts per budget, (N,).

    Every split is feasible, so this never exceeds the optimum. Users are added one by one: the best of
    those so far with (i, j) parts is the best over what the last takes of them.
    """
    count = problem.active.sum(axis=1)
    share = np.arange(steps + 1) / steps
    free_b = problem.bandwidth_budget - count * problem.min_bandwidth
    free_p = problem.power_budget - count * problem.min_power
    total = np.zeros((problem.slots, steps + 1, steps + 1))
    for user in range(problem.users):
        table = np.empty_like(total)
        for i, j in np.ndindex(steps + 1, steps + 1):
            bandwidth = np.zeros(problem.active.shape)
            power = np.zeros(problem.active.shape)
            bandwidth[:, user] = problem.min_bandwidth + share[i] * free_b
            power[:, user] = problem.min_power + share[j] * free_p
            success = problem.success_probabilities(bandwidth, power, model)[:, user]
            table[:, i, j] = (problem.accuracy[:, user] * success).max(axis=1)
        table *= problem.active[:, user, None, None]
        combined = np.full_like(total, -np.inf)
        for i, j in np.ndindex(steps + 1, steps + 1):
            others = total[:, : steps + 1 - i, : steps + 1 - j]
            np.maximum(combined[:, i:, j:], others + table[:, i, j, None, None], out=combined[:, i:, j:])
        total = combined
    return total[:, -1, -1] / np.maximum(count, 1)


def profile_problem(profile_name: str, seed: int, slots: int, users: int, **changes: Any) -> SlotProblem:
    """Slots of a shipped profile with gain scales over six decades."""
    profile, random = load_profile(profile_name), np.random.default_rng(seed)
    shape = slots, users
    content = random.integers(profile.contents, size=shape)
    measured = profile.correct is not None
    bits = 8.0 * profile.raw_size[content] if measured else random.uniform(1e7, 2e7, shape) * users / 6
    bandwidth = (0.135e6 if measured else 5e6) * users
    return ordinary_problem(
        seed,
        slots,
        users,
        profile.points,
        raw_size=bits,
        gain_scale=(1e-11 if measured else 1e-3) * 10.0 ** random.uniform(-3, 3, shape),
        size_fraction=profile.size_fraction[content],
        accuracy=np.broadcast_to(profile.accuracy, (*shape, profile.points)),
        compute_time=np.broadcast_to(profile.device_time + profile.edge_time, (*shape, profile.points)),
        bandwidth_budget=np.full(slots, bandwidth),
        **changes,
    )


def simulated(preset: str, slots: int, seed: int = 0, **changes: Any) -> SlotProblem:
    """First slots of independent episodes."""
    simulator = Simulator(ScenarioConfig.from_preset(preset, **changes), slots)
    simulator.reset(np.arange(slots), [np.random.default_rng([seed, slot]) for slot in range(slots)])
    return simulator.problem


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("fading", FADINGS)
@pytest.mark.parametrize("profile", ["published-eta", "image-lite0-spat-imco"])
@pytest.mark.parametrize(("users", "steps"), [(1, 4), (2, 24), (3, 12)])
def test_exhaustive_search_never_beats_the_bound(
    profile: str, fading: Fading, model: SuccessModel, users: int, steps: int
) -> None:
    problem = profile_problem(profile, seed=users, slots=12, users=users, fading=fading, success_model=model)
    best, bound = best_on_grid(problem, steps), upper_bound(problem).value
    assert (best <= bound).all()
    assert (bound - best).mean() < 0.05


@pytest.mark.parametrize("model", MODELS)
def test_the_model_asked_for_is_the_one_that_is_bounded(model: SuccessModel) -> None:
    problem = profile_problem("published-eta", seed=5, slots=10, users=2)
    assert (best_on_grid(problem, 16, model) <= upper_bound(problem, model).value).all()


@pytest.mark.parametrize("preset", ["paper", "umi-image"])
def test_no_policy_beats_the_bound_in_a_hundred_slots(preset: str) -> None:
    problem = simulated(preset, 100)
    bound = upper_bound(problem).value
    for name in CHEAP:
        assert (problem.value(baselines.make(name).act(problem)) <= bound).all(), name
    few = problem[:5]
    for name in ("co-crra", "co-crra-exact", "fcrra"):
        assert (few.value(baselines.make(name).act(few)) <= bound[:5]).all(), name


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(-12, 12), st.floats(-12, 12), st.sampled_from(MODELS))
def test_any_prices_give_a_bound(seed: int, log_lambda: float, log_nu: float, model: SuccessModel) -> None:
    problem = nasty_problem(seed, success_model=model)
    prices = np.exp(np.array([[log_lambda], [log_nu]])) * np.ones(problem.slots)
    bound = upper_bound(problem, prices=prices, refinements=0).value
    assert np.isfinite(bound).all()
    for name in CHEAP:
        assert (problem.value(baselines.make(name).act(problem)) <= bound).all(), name


def test_free_resources_are_bounded_by_having_it_all() -> None:
    problem = profile_problem("published-eta", seed=1, slots=6, users=3)
    free = upper_bound(problem, prices=np.zeros((2, 6)), refinements=0).value
    most = problem.bandwidth_budget - 2 * problem.min_bandwidth, problem.power_budget - 2 * problem.min_power
    success = problem.success_probabilities(*(np.repeat(share[:, None], 3, axis=1) for share in most))
    np.testing.assert_allclose(free, (problem.accuracy * success).max(axis=2).mean(axis=1), atol=1e-4)


def test_a_lone_user_is_bounded_by_what_it_gets() -> None:
    problem = profile_problem("image-lite0-spat-imco", seed=3, slots=40, users=1)
    value = problem.value(baselines.make("fracr-exact").act(problem))
    bound = upper_bound(problem, prices=np.zeros((2, 40)), refinements=0).value
    assert (value <= bound).all()
    np.testing.assert_allclose(bound, value, atol=1e-4)


def test_refining_the_prices_tightens_the_bound() -> None:
    problem = simulated("umi-image", 50)
    far = np.ones((2, 50))
    bounds = [upper_bound(problem, prices=far, refinements=count).value for count in (0, 4, 12)]
    assert (np.diff(bounds, axis=0) <= 0).all()
    assert (bounds[0] - bounds[-1]).mean() > 0.005


def test_slots_without_anyone_are_worth_nothing() -> None:
    problem = nasty_problem(2)
    assert upper_bound(problem).value[0] == 0
    nobody = ordinary_problem(0, active=np.zeros((3, 4), bool))
    np.testing.assert_array_equal(upper_bound(nobody).value, 0.0)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("fading", FADINGS)
def test_tables_lie_above_what_they_tabulate(fading: Fading, model: SuccessModel) -> None:
    table = power_table(fading, model)
    random = np.random.default_rng(0)
    x = np.concatenate([random.uniform(0, 9, 20_000), 10.0 ** random.uniform(-12, 2, 20_000)])
    exact = radio.success_probability(np.log(x), fading, model)
    assert (table.success(x) >= exact - 1e-14).all()
    np.testing.assert_allclose(table.success(x), exact, atol=2e-6)
    price = 10.0 ** random.uniform(-8, 1, 500)
    value, low, high = table.conjugate(price)
    s = np.exp(np.linspace(-3, 25, 20_000))
    net = radio.success_probability(-np.log(s), fading, model) - price[:, None] * s
    concave = s >= s[np.argmax(np.gradient(radio.success_probability(-np.log(s), fading, model), s))]
    best = np.where(concave, net, -np.inf)
    inside = (high > 0) & (best.argmax(axis=1) < len(s) - 1)
    assert (value >= best.max(axis=1) - 1e-12)[inside].all()
    assert inside.sum() > 100
    np.testing.assert_allclose(value[inside], best.max(axis=1)[inside], atol=1e-4)
    step = s[1] / s[0]
    found = s[best.argmax(axis=1)]
    assert ((low <= found * step) & (found <= high * step))[inside].all()
