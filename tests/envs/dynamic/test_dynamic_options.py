"""Options of ``EdgeVision/Dynamic-v0`` that are off by default."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgevision import baselines
from edgevision.envs import Allocation, DynamicConfig, DynamicSimulator, DynamicTrace
from edgevision.envs.channel.modulation import EFFICIENCIES
from edgevision.envs.simulation.episodes import start
from edgevision.errors import AllocationError, ScenarioError
from tests.envs.dynamic.test_dynamic_environment import ID, make

#: Sums of the cameras' features at the start, after each of two episodes of random actions and their resets; rewards of
#: slots 0, 1, 7, 50, 120 and of all. They were recorded before there were options.
SUMS = (3.19449299, -4.43093612, 0.59203023, -0.626418661, 4.56396856)
REWARDS = (0.0, 0.192522278258, 0.0904522261818, 0.565357050339, 0.577909002365, 29.1795103464)
#: Options that draw random numbers of their own.
DRAWN = {"harvest_mj_per_slot": (0.1, 0.5), "csi_error_db": 3.0}


def begun(seeds: Any, **changes: Any) -> DynamicSimulator:
    simulator = DynamicSimulator(DynamicConfig(**changes), len(seeds))
    start(simulator, seeds)
    return simulator


def test_episodes_without_options_stay_what_they_were() -> None:
    """Without compute times, which belong to the profile."""
    env = gymnasium.make(ID, device_time_scale=0.0, edge_time_scale=0.0)
    random = np.random.default_rng(5)
    sums, rewards = [env.reset(seed=11)[0]["users"].sum(dtype=float)], []
    for _ in range(2):
        for _ in range(100):
            action = random.uniform(-1, 1, env.action_space.shape)  # type: ignore[arg-type]
            observation, reward, *_ = env.step(np.clip(action - [0, 0, 0, 0.5], -1, 1))
            rewards.append(reward)
        sums += [observation["users"].sum(dtype=float), env.reset()[0]["users"].sum(dtype=float)]
    assert sums == pytest.approx(SUMS, rel=1e-6)
    assert [*(rewards[i] for i in (0, 1, 7, 50, 120)), sum(rewards)] == pytest.approx(REWARDS, rel=1e-9)


def test_an_option_leaves_the_rest_of_the_episode_as_it_was() -> None:
    plain, with_options = (begun([3, 4], **changes).trace for changes in ({}, DRAWN))
    for name in set(vars(plain)) - {"harvest", "gain_error"}:
        np.testing.assert_array_equal(getattr(plain, name), getattr(with_options, name))
    assert (plain.harvest == 0).all() and (plain.gain_error == 1).all()


def test_without_options_the_energy_left_is_the_battery_and_gains_are_true() -> None:
    simulator = begun([3, 4])
    for _ in range(5):
        problem, future = simulator.problem, simulator.problem.future
        np.testing.assert_array_equal(future.energy_left, future.battery)
        np.testing.assert_array_equal(future.episode_energy, future.full_battery)
        np.testing.assert_array_equal(problem.gain_scale, simulator.trace.gain_scale[:, simulator.slot[0]])
        simulator.step(baselines.Priced().act(problem))


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    harvest=st.floats(0.0, 5.0),
    encoding=st.floats(0.0, 3.0),
    sends=st.floats(0.0, 1.0),
)
def test_energy_is_conserved(seed: int, harvest: float, encoding: float, sends: float) -> None:
    env = make(harvest_mj_per_slot=(harvest / 4, harvest), encoding_mj=encoding, episode_slots=40, users=3)
    random = np.random.default_rng(seed)
    env.reset(seed=seed)
    trace, over = env.simulator.trace, False
    start, gain = trace.battery[0], trace.harvest[0]
    battery = start
    while not over:
        action = random.uniform(-1, 1, env.action_space.shape)  # type: ignore[arg-type]
        action[:, 0] = np.where(random.random(3) < sends, 1.0, -1.0)
        _, _, _, over, info = env.step(action)
        left = env.problem.future.battery[0]
        np.testing.assert_allclose(battery + info["harvested"] - info["energy"], left, atol=1e-12)
        overflow = gain - info["harvested"]
        assert (overflow >= 0).all() and (left <= start * (1 + 1e-12)).all()
        np.testing.assert_allclose(left[overflow > 0], start[overflow > 0], rtol=1e-12)
        battery = left


def test_harvest_is_drawn_from_its_range_and_counts_as_energy_that_is_left() -> None:
    simulator = begun(range(300), harvest_mj_per_slot=(0.2, 0.6))
    harvest, future = simulator.trace.harvest, simulator.problem.future
    assert harvest.min() >= 0.2e-3 and harvest.max() <= 0.6e-3
    assert harvest.mean() == pytest.approx(0.4e-3, rel=0.02)
    np.testing.assert_allclose(future.energy_left, future.battery + 99 * harvest)
    np.testing.assert_allclose(future.episode_energy, future.energy_left)
    plain = begun(range(300)).problem
    dear, cheap = (baselines.Mpc().prices(problem)[0] for problem in (plain, simulator.problem))
    assert (cheap < dear).all()


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**31), encoding=st.floats(0.1, 30.0))
def test_a_camera_that_cannot_encode_cannot_send(seed: int, encoding: float) -> None:
    env = make(arrivals_per_slot=(1.0, 1.0), encoding_mj=encoding, episode_slots=30)
    env.reset(seed=seed)
    shape, over = env.problem.active.shape, False
    share = np.full(shape, env.config.bandwidth / shape[1])
    while not over:
        battery, most = env.problem.future.battery, env.problem.max_power
        assert most is not None
        np.testing.assert_allclose(most, np.clip((battery - encoding * 1e-3) / 0.5, 0.0, 0.2))
        if (most == 0).any():
            with pytest.raises(AllocationError, match="its largest is 0"):
                env.allocate(Allocation(np.zeros(shape, np.int64), share, np.full(shape, 1e-9)))
        *_, over, info = env.allocate(Allocation(np.zeros(shape, np.int64), share, most / 4))
        sent = most[0] > 0
        np.testing.assert_allclose(info["energy"], np.where(sent, most[0] / 8 + encoding * 1e-3, 0.0))
    assert (env.problem.future.battery >= 0).all()


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**31), delay=st.integers(0, 12), error=st.sampled_from([0.0, 4.0]))
def test_controllers_see_an_old_gain_and_the_true_one_scores(seed: int, delay: int, error: float) -> None:
    env = make(csi_delay_slots=delay, csi_error_db=error, episode_slots=8)
    env.reset(seed=seed)
    trace = env.simulator.trace
    for slot in range(8):
        problem, measured = env.problem, max(slot - delay, 0)
        seen = trace.gain_scale[0, measured] * trace.gain_error[0, measured]
        np.testing.assert_array_equal(problem.gain_scale[0], seen)
        allocation = baselines.Priced().act(problem)
        true = replace(problem, gain_scale=trace.gain_scale[:, slot]).success_probability(allocation)[0]
        *_, info = env.allocate(allocation)
        np.testing.assert_allclose(info["user_in_time"], true * (allocation.power[0] > 0))


def test_with_steps_of_modulation_a_payload_arrives_if_the_step_carries_it() -> None:
    """Against draws of the fading; the first camera's share is too small for the largest payloads at any step."""
    problem = begun([7], modulation="cqi", users=4, arrivals_per_slot=(1.0, 1.0)).problem
    share = problem.bandwidth_budget[0] * np.array([0.02, 0.08, 0.3, 0.6])
    power = np.geomspace(1e-2, 1e-4, 4)
    gain = problem.gain_scale[0] * np.random.default_rng(0).exponential(size=(20_000, 4))
    capacity = np.log2(1 + gain * power / (problem.noise_density[0] * share))
    step = np.searchsorted(EFFICIENCIES, capacity, side="right")
    rate = np.where(step > 0, EFFICIENCIES[step - 1], 0.0) * share
    arrives = rate[..., None] * problem.airtime[0] >= problem.payload[0]
    expected = problem.success_probabilities(share[None], power[None])[0]
    np.testing.assert_allclose(arrives.mean(axis=0), expected, atol=0.015)
    never = problem.payload[0] / (share[:, None] * problem.airtime[0]) > EFFICIENCIES[-1]
    assert never.any() and (expected[never] == 0).all() and (expected > 0.1).any()
    shannon = replace(problem, modulation="shannon").success_probabilities(share[None], power[None])[0]
    assert (expected <= shannon).all()


def test_the_steps_are_those_of_the_standard() -> None:
    """3GPP TS 38.214, table 5.2.2.1-3, which rounds to four digits."""
    table = (0.1523, 0.377, 0.877, 1.4766, 1.9141, 2.4063, 2.7305, 3.3223, 3.9023, 4.5234, 5.1152, 5.5547, 6.2266)
    np.testing.assert_allclose(EFFICIENCIES, [*table, 6.9141, 7.4063], atol=5.1e-5)


def test_errors_of_the_gain_are_normal_in_decibel() -> None:
    error = 10 * np.log10(begun(range(100), csi_error_db=2.5).trace.gain_error)
    assert error.mean() == pytest.approx(0.0, abs=0.03)
    assert error.std() == pytest.approx(2.5, rel=0.02)
    assert (error[:, 1:] * error[:, :-1]).mean() == pytest.approx(0.0, abs=0.1)


def test_a_trace_keeps_its_options_and_one_without_them_can_be_read(tmp_path: Path) -> None:
    env = make(episode_slots=10, **DRAWN)
    env.reset(seed=5)
    trace = env.simulator.trace
    trace.save(tmp_path / "trace.npz")
    loaded = DynamicTrace.load(tmp_path / "trace.npz")
    assert loaded.harvest.all()
    for name, value in vars(trace).items():
        np.testing.assert_array_equal(getattr(loaded, name), value)
    old = {name: value for name, value in vars(trace).items() if name not in ("harvest", "gain_error")}
    np.savez(tmp_path / "old.npz", **old)
    older = DynamicTrace.load(tmp_path / "old.npz")
    assert (older.harvest == np.zeros((1, 6))).all() and (older.gain_error == np.ones((1, 11, 6))).all()
    with pytest.raises(ScenarioError, match="gain_error must be > 0"):
        replace(trace, gain_error=np.zeros(()))
    with pytest.raises(ScenarioError, match="harvest must have shape"):
        replace(trace, harvest=np.zeros(6))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"harvest_mj_per_slot": (0.5, 0.1)}, "low <= high"),
        ({"harvest_mj_per_slot": (-0.1, 0.1)}, "harvest_mj_per_slot must be a number from 0"),
        ({"harvest_mj_per_slot": 0.1}, "pair"),
        ({"encoding_mj": -1.0}, "encoding_mj must be a number from 0"),
        ({"csi_delay_slots": 1.5}, "csi_delay_slots must be a whole number from 0"),
        ({"csi_delay_slots": -1}, "csi_delay_slots must be a whole number from 0"),
        ({"modulation": "qam"}, "modulation must be one of shannon, cqi"),
        ({"csi_error_db": float("nan")}, "csi_error_db must be a number from 0 to 30"),
    ],
)
def test_wrong_options_are_refused_in_one_line(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ScenarioError, match=message) as caught:
        make(**changes)
    assert "\n" not in str(caught.value)
