from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgevision import baselines
from edgevision.baselines.stream.slot_solver import best_frames, fill_in_order
from edgevision.baselines.stream.street_filters import KEPT, expected_beginnings
from edgevision.envs import StreamConfig, StreamSimulator
from edgevision.envs.policy import show_future
from edgevision.envs.simulation.episodes import play, start
from edgevision.errors import SlotProblemError

NAMES = baselines.names(family="stream")
CAUSAL = [name for name in NAMES if not hasattr(baselines.make(name), "foresee")]


def simulator(n: int, preset: str = "street", **changes: Any) -> StreamSimulator:
    return StreamSimulator(StreamConfig.from_preset(preset, **changes), n)


def score(name: str, n: int = 12, first: int = 10_000, options: dict[str, Any] | None = None, **changes: Any) -> float:
    policy, sim = baselines.make(name, **(options or {})), simulator(n, **changes)
    seeds = range(first, first + n)
    start(sim, seeds)
    show_future(policy, sim)
    reward = 0.0
    for slot in play(sim, lambda problem, _: policy.act(problem), seeds):
        slot.allocation.check(slot.problem)
        reward += slot.outcome.reward.mean()
    return reward / sim.config.episode_slots


@pytest.mark.parametrize("battery", [(99, 99), (2, 4)])
@pytest.mark.parametrize("name", [name for name in CAUSAL if name != "random"])
def test_decisions_do_not_depend_on_the_batch_and_repeat(name: str, battery: tuple[int, int]) -> None:
    """One policy is asked for all episodes at once and twice, another for one after the other."""
    sim = simulator(3, episode_slots=12, users=5, battery_frames=battery)
    together, alone = baselines.make(name), baselines.make(name)

    def decide(problem: Any, _: Any) -> Any:
        first, again = together.act(problem), together.act(problem)
        for row in (2, 0, 1):
            part = alone.act(problem[np.array([row])])
            for field, value in vars(first).items():
                np.testing.assert_allclose(getattr(part, field), value[row : row + 1], rtol=1e-9)
                np.testing.assert_array_equal(value, getattr(again, field))
        return first

    for repetition in range(2):
        for _ in play(sim, decide, range(repetition, repetition + 3)):
            pass


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 2**31), users=st.integers(1, 4), levels=st.sampled_from([(3,), (1, 9), (0, 5, 9, 19)]))
def test_allocations_are_feasible_in_any_scenario(seed: int, users: int, levels: tuple[int, ...]) -> None:
    for name in CAUSAL:
        settings = {"users": users, "levels": levels, "episode_slots": 6, "battery_frames": (1, 6)}
        sim, policy = simulator(2, **settings), baselines.make(name)
        for slot in play(sim, lambda problem, _, policy=policy: policy.act(problem), (seed, seed + 1)):
            slot.allocation.check(slot.problem)


def test_policies_that_remember_must_see_every_slot() -> None:
    sim, policy = simulator(2), baselines.make("round-robin")
    slots = play(sim, lambda problem, _: baselines.make("max-age").act(problem), (0, 1))
    next(slots), next(slots)
    with pytest.raises(SlotProblemError, match="every slot"):
        policy.act(sim.problem)


def test_policies_for_streets_refuse_other_environments() -> None:
    from tests.envs.strategies import random_problem

    for name in set(CAUSAL) - {"random"}:
        with pytest.raises(SlotProblemError, match="Stream"):
            baselines.make(name).act(random_problem(0))


def test_knowing_more_pays_in_the_order_that_theory_expects() -> None:
    scores = {name: score(name) for name in NAMES}
    assert scores["random"] < 0.45
    assert min(scores["round-robin"], scores["max-age"]) > scores["random"] + 0.1
    assert scores["cusum"] > max(scores["round-robin"], scores["max-age"]) + 0.05
    assert scores["two-state-filter"] > scores["cusum"] + 0.02
    assert min(scores["coupled-filter"], scores["tracker"]) > scores["filter"] + 0.01
    assert scores["oracle-belief"] > max(scores[name] for name in CAUSAL) + 0.05
    assert scores["clairvoyant"] > scores["oracle-belief"] + 0.05


def test_neighbours_tell_nothing_where_events_are_independent() -> None:
    assert score("filter", preset="independent") >= score("tracker", preset="independent")


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_the_solver_is_feasible_and_near_the_optimum(seed: int) -> None:
    """Against all choices of at most one level for each of 4 cameras."""
    random = np.random.default_rng(seed)
    share = random.uniform(0.05, 1.3, (1, 4, 3))
    gain = random.uniform(-0.2, 1.0, (1, 4, 3)) * np.sqrt(share)
    send, level = best_frames(gain, share)
    picked = np.where(send, np.take_along_axis(share, level[..., None], 2)[..., 0], 0.0)
    value = np.where(send, np.take_along_axis(gain, level[..., None], 2)[..., 0], 0.0).sum()
    assert picked.sum() <= 1 + 1e-9 and (picked <= 1).all()
    best, largest = 0.0, 0.0
    for number in range(4**4):
        levels = np.array([number // 4**camera % 4 for camera in range(4)]) - 1
        cameras = np.flatnonzero(levels >= 0)
        if share[0, cameras, levels[cameras]].sum() <= 1:
            best = max(best, gain[0, cameras, levels[cameras]].sum())
    largest = max(gain[share <= 1].max(initial=0.0), 0.0)
    assert best - largest - 1e-9 <= value <= best + 1e-9


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**31), level=st.integers(0, 2))
def test_filling_in_order_stops_at_the_first_that_does_not_fit(seed: int, level: int) -> None:
    random = np.random.default_rng(seed)
    share = np.sort(random.uniform(0.05, 1.5, (2, 6, 3)), axis=2)[..., ::-1]
    priority = random.permuted(np.tile(np.arange(6.0), (2, 1)), axis=1)
    send, chosen = fill_in_order(share, priority, level)
    for row in range(2):
        left, stopped = 1.0, False
        for camera in np.argsort(-priority[row]):
            able = [k for k in range(level, 3) if share[row, camera, k] <= 1]
            if able and share[row, camera, able[0]] > left:
                stopped = True
            assert send[row, camera] == (bool(able) and not stopped)
            if send[row, camera]:
                assert chosen[row, camera] == able[0]
                left -= share[row, camera, able[0]]


def test_references_that_have_seen_nothing_say_so() -> None:
    sim = simulator(1)
    start(sim, [0])
    for name in set(NAMES) - set(CAUSAL):
        with pytest.raises(SlotProblemError, match="foresee"):
            baselines.make(name).act(sim.problem)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**31), fastest=st.integers(1, 3), more=st.integers(0, 4))
def test_expected_beginnings_are_those_of_a_loop_over_cameras(seed: int, fastest: int, more: int) -> None:
    random, lags = np.random.default_rng(seed), (fastest, fastest + more)
    evidence = random.random((1, KEPT, 5)) * (random.random((1, KEPT, 5)) < 0.2)
    found = expected_beginnings(evidence, lags, 0.1, 0.5)
    for camera in range(5):
        expected = 0.0
        for step, lag in itertools.product((1, -1), range(lags[0], lags[1] + 1)):
            before, before_that = camera - step, camera - 2 * step
            if 0 <= before < 5:
                near = evidence[0, max(2 * lag - 3, 0) : 2 * lag + 2, before_that].sum() if 0 <= before_that < 5 else 0
                expected += evidence[0, lag - 1, before] * (0.1 + 0.5 * min(near, 1))
        assert found[0, camera] == pytest.approx(expected)
