from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import gymnasium
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import edgevision  # noqa: F401 - registers the ids
from edgevision import baselines
from edgevision.baselines.dynamic.look_ahead import value_ahead
from edgevision.baselines.dynamic.mpc import stopping_value
from edgevision.baselines.dynamic.priced import share_bandwidth
from edgevision.baselines.dynamic.send_values import SHARES
from edgevision.envs import Allocation, DynamicConfig, DynamicSimulator, SlotProblem
from edgevision.envs.policy import show_future
from edgevision.envs.simulation.episodes import play, start
from edgevision.errors import PolicyOptionError, SlotProblemError
from tests.envs.strategies import random_problem

NAMES = baselines.names(family="dynamic")
OPTIONS: dict[str, Any] = {
    "harvest_mj_per_slot": (0.0, 1.0),
    "encoding_mj": 1.0,
    "csi_delay_slots": 2,
    "csi_error_db": 3.0,
    "modulation": "cqi",
}
CAUSAL = [name for name in NAMES if name != "clairvoyant"]


def simulator(n: int, **changes: Any) -> DynamicSimulator:
    return DynamicSimulator(DynamicConfig.from_preset("patrol", **changes), n)


def score(name: str, n: int = 16, seed: int = 10_000, **options: Any) -> float:
    policy, sim = baselines.make(name, **options), simulator(n)
    seeds = range(seed, seed + n)
    start(sim, seeds)
    show_future(policy, sim)
    reward = offered = 0.0
    for slot in play(sim, lambda problem, _: policy.act(problem), seeds):
        slot.allocation.check(slot.problem)
        reward += slot.outcome.reward.sum()
        offered += slot.outcome.offered.sum()
    return reward / offered


def problem_after(slots: int, n: int = 5, seed: int = 0, **changes: Any) -> SlotProblem:
    env = gymnasium.make_vec("EdgeVision/Dynamic-v0", num_envs=n, **changes).unwrapped
    env.reset(seed=seed)
    for _ in range(slots):
        env.step(np.full(env.action_space.shape, -1.0))
    return env.problem


def test_the_command_knows_every_policy() -> None:
    assert set(NAMES) == {
        *("myopic", "pace", "lagrangian", "lyapunov", "adaptive", "look-ahead", "mpc", "clairvoyant", "random")
    }
    assert not set(NAMES) - {"random"} & set(baselines.names())


@pytest.mark.parametrize("name", CAUSAL)
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**31), slots=st.integers(0, 29), users=st.integers(1, 8))
def test_allocations_are_feasible_at_any_time(name: str, seed: int, slots: int, users: int) -> None:
    options = OPTIONS if seed % 2 else {}
    problem = problem_after(slots, seed=seed, users=users, episode_slots=30, battery_mj=(1e-6, 1e3), **options)
    allocation = baselines.make(name).act(problem)
    allocation.check(problem)
    assert (allocation.bandwidth[~problem.active] == 0).all()


@pytest.mark.parametrize("name", [name for name in CAUSAL if name != "random"])
def test_a_slot_is_answered_alike_in_every_batch(name: str) -> None:
    problem, policy = problem_after(12), baselines.make(name)
    together = policy.act(problem)
    for row in range(problem.slots):
        alone = policy.act(problem[row : row + 1])
        np.testing.assert_allclose(alone.power, together.power[row : row + 1], rtol=1e-9)
        np.testing.assert_array_equal(alone.operating_point, together.operating_point[row : row + 1])


def test_foresight_and_thrift_pay_in_the_order_that_theory_expects() -> None:
    """Each idea adds: rationing, waiting, a price that adapts; and none exceeds the reference that knows the future."""
    scores = {name: score(name) for name in NAMES}
    assert scores["random"] < 0.05 and scores["myopic"] < 0.05
    assert scores["pace"] > score("pace", wait=0.0) + 0.05
    assert scores["lyapunov"] > score("lyapunov", wait=0.0) + 0.03
    assert scores["lagrangian"] > score("lagrangian", scaling=0.0, price=128.0) + 0.02
    assert scores["adaptive"] > max(scores["pace"], scores["lyapunov"], scores["lagrangian"])
    assert min(scores[name] for name in ("pace", "lagrangian", "lyapunov", "adaptive", "look-ahead", "mpc")) > 0.6
    assert scores["clairvoyant"] > max(scores[name] for name in CAUSAL) + 0.03


def priced_value(problem: SlotProblem, allocation: Allocation) -> float:
    sent = (allocation.bandwidth > 0) & (allocation.power > 0)
    assert problem.energy_price is not None and problem.waiting_value is not None
    assert problem.encoding_energy is not None
    energy = problem.deadline * allocation.power + problem.encoding_energy
    cost = problem.energy_price * energy + problem.waiting_value
    return float((problem.task_success(allocation) - cost)[sent].sum())


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    price=st.floats(1.0, 300.0),
    waiting=st.floats(0.0, 0.4),
    encoding=st.sampled_from([0.0, 0.5, 3.0]),
    modulation=st.sampled_from(["shannon", "cqi"]),
)
@example(seed=1896, price=198.0, waiting=0.0, encoding=0.0, modulation="shannon")  # values jump where the price clears
@example(seed=1708470057, price=26.0, waiting=0.13, encoding=0.0, modulation="shannon")
def test_the_priced_solver_is_close_to_brute_force(
    seed: int, price: float, waiting: float, encoding: float, modulation: str
) -> None:
    """Two cameras, every operating point, and grids of bandwidth and power."""
    options = {"encoding_mj": encoding, "modulation": modulation}
    problem = problem_after(6, n=1, seed=seed, users=2, levels=3, arrivals_per_slot=(0.9, 0.9), **options)
    problem = problem.priced(np.full((1, 2), price), np.full((1, 2), waiting))
    found = priced_value(problem, baselines.make("myopic").act(problem))
    best, budget = 0.0, problem.bandwidth_budget[0]
    assert problem.max_power is not None
    powers = np.geomspace(1e-6, 0.2, 80)
    shares = np.linspace(0.0, 1.0, 41)
    worth = np.zeros((2, len(shares)))  # best net value of each camera at each share
    for user, (i, share) in itertools.product(range(2), enumerate(shares)):
        if not problem.active[0, user] or share == 0:
            continue
        allowed = np.minimum(powers, problem.max_power[0, user])
        grid = problem[np.zeros(len(allowed), np.int64)]
        bandwidth, power = np.zeros((2, len(allowed), 2))
        bandwidth[:, user], power[:, user] = share * budget, allowed
        success = grid.success_probabilities(np.maximum(bandwidth, 1e-9), np.maximum(power, 1e-30))[:, user]
        net = (success * grid.accuracy[:, user]).max(axis=1) - price * (0.5 * allowed + encoding * 1e-3) - waiting
        worth[user, i] = max(net.max(), 0.0)
    best = (worth[0] + worth[1, ::-1]).max()
    # With steps, values jump between the bandwidths that the solver compares.
    assert found >= 0.99 * best - (0.005 if modulation == "shannon" else 0.04)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**31), price=st.floats(0.0, 100.0), bandwidth=st.floats(0.01, 1.0))
def test_with_steps_of_modulation_nothing_is_sent_that_cannot_arrive(seed: int, price: float, bandwidth: float) -> None:
    problem = problem_after(6, seed=seed, modulation="cqi", arrivals_per_slot=(0.9, 0.9), bandwidth_mhz=bandwidth)
    shape = problem.active.shape
    allocation = baselines.Priced().act(problem.priced(np.full(shape, price), np.zeros(shape)))
    allocation.check(problem)
    assert (problem.success_probability(allocation)[allocation.bandwidth > 0] > 1e-6).all()


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**31), n=st.integers(1, 4), users=st.integers(1, 6))
def test_bandwidth_is_shared_out_in_full_or_not_at_all(seed: int, n: int, users: int) -> None:
    random = np.random.default_rng(seed)
    rising = np.sort(random.uniform(-0.5, 1.0, (n, users, len(SHARES))), axis=2)
    share, _ = share_bandwidth(rising)
    total, gains = share.sum(axis=1), (rising > 0.02).any(axis=(1, 2))
    assert ((np.abs(total - 1) < 1e-9) | (total == 0)).all()
    assert (total[gains] > 0).all()


def test_price_and_waiting_do_what_their_names_say() -> None:
    problem = problem_after(8, n=40)
    myopic, shape = baselines.make("myopic"), problem.active.shape
    cheap, dear = (myopic.act(problem.priced(np.full(shape, price), np.zeros(shape))) for price in (1.0, 100.0))
    assert dear.power.sum() < 0.5 * cheap.power.sum()
    patient = myopic.act(problem.priced(np.zeros(shape), np.full(shape, 2.0)))
    assert not patient.power.any() and not patient.bandwidth.any()


def test_lyapunovs_closed_form_is_its_virtual_queue() -> None:
    sim, policy = simulator(3), baselines.make("lyapunov")
    queue: np.ndarray | None = None
    asked: list[np.ndarray] = []

    class Recorder:
        def act(self, problem: SlotProblem) -> Allocation:
            assert problem.energy_price is not None
            asked.append(problem.energy_price)
            return baselines.Priced().act(problem)

    from edgevision.baselines.dynamic import lyapunov

    original, lyapunov.Priced = lyapunov.Priced, Recorder  # type: ignore[misc, assignment]
    try:
        for slot in play(sim, lambda problem, _: policy.act(problem), [1, 2, 3]):
            full = slot.problem.future.full_battery
            queue = full if queue is None else queue
            np.testing.assert_allclose(asked[-1], queue / (0.3 * full**2), rtol=1e-6)
            queue = np.maximum(queue + slot.outcome.energy - full / 100, 0.0)
    finally:
        lyapunov.Priced = original  # type: ignore[misc]


@pytest.mark.parametrize("name", [name for name in NAMES if name != "random"])
def test_other_environments_are_refused_in_one_line(name: str) -> None:
    with pytest.raises(SlotProblemError, match=r"EdgeVision/Dynamic-v0|largest power|foresee"):
        baselines.make(name).act(random_problem(0))


def test_a_clairvoyant_that_has_seen_nothing_says_so() -> None:
    with pytest.raises(SlotProblemError, match="foresee"):
        baselines.make("clairvoyant").act(problem_after(0))


def test_lyapunov_refuses_a_queue_that_empties() -> None:
    with pytest.raises(ValueError, match="start"):
        baselines.make("lyapunov", start=0.5)


@pytest.mark.parametrize("name", [name for name in CAUSAL if name not in ("random", "myopic")])
def test_options_that_are_no_numbers_or_out_of_range_are_named(name: str) -> None:
    for option in type(baselines.make(name)).search:  # type: ignore[attr-defined]
        for value in ("much", float("nan"), -1.0, True):
            with pytest.raises(PolicyOptionError, match=f"{option} must be a number"):
                baselines.make(name, **{option: value})


def test_policies_for_one_slot_respect_batteries_too() -> None:
    problem = problem_after(10, battery_mj=(1.0, 2.0))
    for name in ("joint", "fixed", "fracr-exact", "random"):
        policy = baselines.make(name, operating_point=3) if name == "fixed" else baselines.make(name)
        policy.act(problem).check(problem)


@pytest.mark.parametrize("encoding", [0.0, 10.0])
def test_the_stopping_value_is_that_of_the_best_slot_on_a_known_channel(encoding: float) -> None:
    """Without shadowing nothing is unknown: the best rule waits for the best slot within the request's time."""
    problem = problem_after(5, shadowing_scale=0.0, encoding_mj=encoding)
    still = replace(problem.future, correlation=np.ones_like(problem.future.correlation))
    problem = replace(problem, outlook=still)
    price = np.full(problem.active.shape, 10.0)
    stopping = stopping_value(problem, price, trust=1.0, bandwidth_price=0.2)
    horizon = problem.future.route_gain.shape[1]
    known = np.max([value_ahead(problem, price, h, bandwidth_price=0.2) for h in range(1, horizon)], axis=0)
    assert known.max() > 0.3
    np.testing.assert_allclose(stopping, known, atol=0.05)


@pytest.mark.parametrize("scale", [0.0, 0.3, 2.0])
def test_controllers_know_how_much_the_shadowing_varies(scale: float) -> None:
    usual, scaled = problem_after(5).future, problem_after(5, shadowing_scale=scale).future
    np.testing.assert_allclose(scaled.shadowing_db, scale * usual.shadowing_db)
    assert set(np.unique(usual.shadowing_db)) <= {4.0, 7.82}


def test_waiting_is_worth_more_where_the_channel_varies_more() -> None:
    price = np.full(problem_after(5).active.shape, 10.0)
    steady, lively = (
        stopping_value(problem_after(5, shadowing_scale=scale), price, trust=1.0, bandwidth_price=0.2).sum()
        for scale in (0.0, 2.0)
    )
    assert lively > 1.05 * steady


@given(trust=st.floats(0.0, 1.0))
@settings(max_examples=10, deadline=None)
def test_the_stopping_value_rises_with_trust_and_is_a_probability(trust: float) -> None:
    problem = problem_after(12)
    price = np.full(problem.active.shape, 10.0)
    less, more = (stopping_value(problem, price, value, bandwidth_price=0.2) for value in (trust, 1.0))
    assert (less <= more + 1e-9).all()
    assert (less >= 0).all() and (more <= 1).all()
    assert (more[problem.future.slack <= 1] == 0).all()


@pytest.mark.parametrize("name", [name for name in CAUSAL if name not in ("random", "myopic")])
def test_policies_count_harvest_and_the_energy_of_encoding(name: str) -> None:
    """More energy to come lets a policy spend more now; a request that costs more to encode is sent less often."""
    policy = baselines.make(name)
    plain = problem_after(8, n=40)
    rich = replace(plain, outlook=replace(plain.future, harvest=np.full(plain.active.shape, 1e-3)))
    dear = replace(plain, encoding_energy=np.full(plain.active.shape, 5e-3))
    usual, more, less = (policy.act(problem) for problem in (plain, rich, dear))
    assert more.power.sum() > 1.1 * usual.power.sum()
    assert (less.power > 0).sum() < 0.9 * (usual.power > 0).sum()
