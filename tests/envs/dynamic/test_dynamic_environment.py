from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import edgevision  # noqa: F401 - registers the ids
from edgevision.envs import Allocation, DynamicConfig, DynamicTrace
from edgevision.envs.dynamic.dynamic_environment import DynamicEnv
from edgevision.errors import AllocationError, ScenarioError, UnknownNameError
from tests.envs.test_docstrings import page, rows, section

ID = "EdgeVision/Dynamic-v0"


def make(**settings: Any) -> DynamicEnv:
    env = gymnasium.make(ID, **settings).unwrapped
    assert isinstance(env, DynamicEnv)
    return env


def waiting(env: DynamicEnv) -> int:
    return int(env.simulator.queue.waiting.sum())  # type: ignore[attr-defined]


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**31), queue_length=st.integers(1, 4), sends=st.floats(0, 1))
def test_every_request_is_sent_dropped_expired_or_waits_and_energy_only_falls(
    seed: int, queue_length: int, sends: float
) -> None:
    env = make(queue_length=queue_length, deadline_slots=(1, 6), episode_slots=40)
    random = np.random.default_rng(seed)
    env.reset(seed=seed)
    counts = dict.fromkeys(("arrivals", "sent", "dropped", "expired"), 0)
    right, rewards, over = 0.0, 0.0, False
    start = env.simulator.battery.copy()  # type: ignore[attr-defined]
    spent = np.zeros(env.config.users)
    while not over:
        action = random.uniform(-1, 1, env.action_space.shape)
        action[:, 0] = np.where(random.random(env.config.users) < sends, 1.0, -1.0)
        _, reward, _, over, info = env.step(action)
        assert (info["energy"] <= env.config.power * env.config.slot_time * (1 + 1e-12)).all()
        for name in counts:
            counts[name] += int(info[name])
        right += float((info["user_in_time"] * info["user_accuracy"]).sum())
        rewards += reward
        spent += info["energy"]
    outcomes = counts["sent"] + counts["dropped"] + counts["expired"] + waiting(env)
    # What arrives with the last observation is in the queue, or has dropped a request, but counts in no slot.
    last_arrivals, _ = env.simulator.arrivals
    last_dropped = int(env.simulator._dropped.sum())  # type: ignore[attr-defined]
    assert counts["arrivals"] + int(last_arrivals.sum()) == outcomes + last_dropped
    assert rewards * env.config.users * env.config.arrival_rate == pytest.approx(right)
    np.testing.assert_allclose(
        env.simulator.battery[0],
        np.maximum(start[0] - spent, 0),
        atol=1e-15,  # type: ignore[attr-defined]
    )


def test_waiting_costs_nothing_and_sending_costs_power_times_slot() -> None:
    env = make()
    env.reset(seed=0)
    while not env.problem.active.any():
        env.step(np.full((6, 4), -1.0))
    battery = env.problem.future.battery.copy()
    np.testing.assert_array_equal(battery, env.problem.future.full_battery)
    _, _, _, _, info = env.step(np.full((6, 4), 0.5))
    sent = info["bandwidth"] > 0
    assert sent.any()
    np.testing.assert_allclose(info["energy"], np.where(sent, info["power"] * 0.5, 0.0))
    np.testing.assert_allclose(env.problem.future.battery[0], battery[0] - info["energy"])


def test_success_is_that_of_the_radio_link() -> None:
    """P = exp(-x), x = (2^(S / (b t)) - 1) N0 b / (p g), for a camera that gets the whole band."""
    env = make(users=1, arrivals_per_slot=(1.0, 1.0))
    env.reset(seed=4)
    problem, profile = env.problem, env.simulator.profile
    content = env.simulator.content[0, 0]
    power = problem.max_power[0, 0] / 2  # type: ignore[index]
    chosen = Allocation(np.array([[3]]), np.array([[env.config.bandwidth]]), np.array([[power]]))
    _, reward, _, _, _ = env.allocate(chosen)
    airtime = 0.5 - profile.device_time[3] - profile.edge_time[3]
    needed = 2 ** (8 * profile.size[content, 3] / (360e3 * airtime)) - 1
    threshold = needed * 10 ** (-19.9) * 360e3 / (power * env.simulator.trace.gain_scale[0, 0, 0])
    assert reward == pytest.approx(np.exp(-threshold) * profile.accuracy[3], rel=1e-9)


def test_a_camera_cannot_spend_more_than_its_battery_holds() -> None:
    env = make(arrivals_per_slot=(1.0, 1.0), battery_mj=(1.0, 1.0))
    env.reset(seed=0)
    shape = env.problem.active.shape
    most = env.problem.max_power
    assert most is not None and np.allclose(most, 2e-3)
    share = np.full(shape, env.config.bandwidth / 6)
    with pytest.raises(AllocationError, match="its largest is"):
        env.allocate(Allocation(np.zeros(shape, np.int64), share, np.full(shape, 0.01)))
    env.allocate(Allocation(np.zeros(shape, np.int64), share, most.copy()))
    assert (env.problem.future.battery == 0).all() and env.problem.active.any()


def test_the_outlook_is_the_future_of_the_trace() -> None:
    env = make(episode_slots=20, deadline_slots=(2, 8))
    env.reset(seed=1)
    trace = env.simulator.trace
    for slot in range(20):
        future = env.problem.future
        assert future.slots_left[0] == 20 - slot
        expected = trace.route_gain[0, np.minimum(slot + np.arange(8), 19)]
        np.testing.assert_array_equal(future.route_gain[0], expected)
        rest = 10 * np.log10(trace.route_gain[0, slot:20])
        np.testing.assert_allclose(future.far_gain[0, 2], rest.max(axis=0))
        np.testing.assert_allclose(future.far_gain[0, 3], rest.mean(axis=0))
        assert (future.slack <= future.slots_left[:, None]).all()
        np.testing.assert_array_equal(env.problem.active, future.slack > 0)
        env.step(env.action_space.sample())


def test_a_problem_of_some_environments_is_the_part_of_all() -> None:
    env = gymnasium.make_vec(ID, num_envs=3).unwrapped
    env.reset(seed=5)
    part, all_of = env.problem[np.array([2, 0])], env.problem
    np.testing.assert_array_equal(part.future.battery, all_of.future.battery[[2, 0]])
    np.testing.assert_array_equal(part.max_power, all_of.max_power[[2, 0]])


def test_traces_that_do_not_fit_are_refused() -> None:
    env = make()
    env.reset(seed=8)
    trace = env.simulator.trace
    with pytest.raises(ScenarioError, match="window must be at most"):
        make(deadline_slots=(1, 2)).reset(options={"trace": trace})
    with pytest.raises(ScenarioError, match="finite"):
        replace(trace, gain_scale=np.full(trace.gain_scale.shape, np.nan))
    with pytest.raises(ScenarioError, match="correlation must be at most 1"):
        replace(trace, correlation=np.full(trace.correlation.shape, 1.1))


def test_draws_have_the_stated_distributions() -> None:
    n = 400
    env = gymnasium.make_vec(ID, num_envs=n).unwrapped
    env.reset(seed=0)
    trace, config = env.simulator.trace, env.config
    assert isinstance(trace, DynamicTrace)
    assert trace.arrives.mean() == pytest.approx(config.arrival_rate, abs=0.01)
    assert (trace.window.min(), trace.window.max()) == config.deadline_slots
    assert np.log(trace.battery).mean() == pytest.approx(np.log(0.0125 * 0.125) / 2, abs=0.05)
    shadowing = 10 * np.log10(trace.gain_scale / trace.route_gain)
    for sight, spread in ((True, 4.0), (False, 7.82)):
        assert shadowing[trace.line_of_sight == sight].std() == pytest.approx(spread, rel=0.05)
    same_sight = trace.line_of_sight[:, 1:] == trace.line_of_sight[:, :-1]
    unit = shadowing / np.where(trace.line_of_sight, 4.0, 7.82)
    expected = np.broadcast_to(trace.correlation[:, None], same_sight.shape)[same_sight].mean()
    assert (unit[:, 1:] * unit[:, :-1])[same_sight].mean() == pytest.approx(expected, abs=0.03)
    moved = np.hypot(*np.moveaxis(np.diff(trace.position, axis=1), -1, 0))
    assert moved.max() <= 20 * 0.5 + 1e-9
    assert np.hypot(*np.moveaxis(trace.position, -1, 0)).max() <= config.cell_radius_m + 1e-9


def test_speed_zero_keeps_the_channel_still() -> None:
    env = make(speed_m_per_s=(0.0, 0.0))
    env.reset(seed=2)
    trace = env.simulator.trace
    np.testing.assert_allclose(trace.gain_scale, np.broadcast_to(trace.gain_scale[:, :1], trace.gain_scale.shape))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"deadline_slots": (5, 2)}, "low <= high"),
        ({"deadline_slots": 5}, "pair"),
        ({"battery_mj": (0.0, 1.0)}, "battery_mj must be a number"),
        ({"arrivals_per_slot": (0.0, 0.0)}, "arrivals_per_slot"),
        ({"users": 0}, "users"),
        ({"accuracy": "live"}, "accuracy must be one of"),
        ({"profile": "video-actions-stae"}, "one axis"),
        ({"profile": "published-eta"}, "one axis"),
        ({"outcomes": object()}, "outcomes"),
        ({"profile": 3}, "profile must be"),
    ],
)
def test_wrong_settings_are_refused_in_one_line(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ScenarioError, match=message) as caught:
        make(**changes)
    assert "\n" not in str(caught.value)


def test_unknown_presets_and_settings_are_named() -> None:
    with pytest.raises(UnknownNameError, match="patrol"):
        make(preset="patroll")
    with pytest.raises(TypeError, match="did you mean 'battery_mj'"):
        make(batery_mj=(1, 2))


@settings(max_examples=30, deadline=None)
@given(
    changes=st.fixed_dictionaries(
        {},
        optional={
            "users": st.integers(1, 9),
            "levels": st.integers(1, 30),
            "queue_length": st.integers(1, 9),
            "deadline_slots": st.tuples(st.integers(1, 3), st.integers(3, 200)),
            "episode_slots": st.integers(1, 12),
            "slot_ms": st.floats(1e-3, 1e6),
            "bandwidth_mhz": st.floats(1e-6, 1e6),
            "power_mw": st.floats(1e-9, 1e9),
            "battery_mj": st.tuples(st.floats(1e-6, 1.0), st.floats(1.0, 1e9)),
            "harvest_mj_per_slot": st.tuples(st.floats(0.0, 1.0), st.floats(1.0, 1e9)),
            "encoding_mj": st.floats(0.0, 1e9),
            "csi_delay_slots": st.integers(0, 1_000_000),
            "csi_error_db": st.floats(0.0, 30.0),
            "modulation": st.sampled_from(["shannon", "cqi"]),
            "cell_radius_m": st.floats(20, 1e5),
            "speed_m_per_s": st.tuples(st.floats(0, 5), st.floats(5, 1e3)),
            "shadowing_scale": st.floats(0, 10),
            "arrivals_per_slot": st.tuples(st.floats(0, 0.5), st.floats(0.5, 1)),
            "accuracy": st.sampled_from(["mean", "replay"]),
            "transmission": st.sampled_from(["expected", "sampled"]),
        },
    ),
    seed=st.integers(0, 2**31),
)
def test_any_valid_settings_give_observations_in_their_space(changes: dict[str, Any], seed: int) -> None:
    env, random = make(**changes), np.random.default_rng(seed)
    observation, over = env.reset(seed=seed)[0], False
    while not over:
        assert observation in env.observation_space
        observation, reward, _, over, info = env.step(random.uniform(-1, 1, env.action_space.shape))
        assert np.isfinite(reward) and reward >= 0
        assert all(np.isfinite(value).all() for value in info.values())


def test_the_page_agrees_with_the_spaces() -> None:
    env = make(accuracy="replay")
    actions, observations = section(page(ID), "Action Space"), section(page(ID), "Observation Space")
    assert rows(actions) == env.action_space.shape[1]  # type: ignore[index]
    features = len(env.simulator.profile.feature_names)
    own = env.observation_space["users"].shape[1] - features  # type: ignore[index]
    assert f"(U, {own} + F)), cell=Box(-4, 4, ({env.observation_space['cell'].shape[0]},))" in observations  # type: ignore[index]
    assert f"| {own} .. {own - 1} + F |" in observations
    assert len(re.findall(r"^\| \d \|", observations.split("(`cell`)")[1], flags=re.MULTILINE)) == 4
    assert make().observation_space["users"].shape == (6, own)  # type: ignore[index]


def test_settings_are_kept_as_pythons_own_numbers() -> None:
    config = DynamicConfig(users=np.int64(3), battery_mj=[np.float32(1), 2])  # type: ignore[arg-type]
    assert type(config.users) is int and config.battery_mj == (1.0, 2.0)


def test_a_stored_trace_replays_the_episode(tmp_path: Path) -> None:
    env = make(episode_slots=10)
    env.reset(seed=5)
    trace = env.simulator.trace
    trace.save(tmp_path / "trace.npz")
    loaded = DynamicTrace.load(tmp_path / "trace.npz")
    for name, value in vars(trace).items():
        np.testing.assert_array_equal(getattr(loaded, name), value)
    first, _ = env.reset(options={"trace": loaded})
    again, _ = env.reset(seed=5)
    np.testing.assert_array_equal(first["users"], again["users"])


def test_a_trace_of_something_else_is_refused(tmp_path: Path) -> None:
    env = make(episode_slots=10)
    env.reset(seed=5)
    trace = env.simulator.trace
    with pytest.raises(ScenarioError, match="content must be an array of whole numbers"):
        replace(trace, content=trace.content + 0.5)
    np.savez(tmp_path / "other.npz", battery=trace.battery)
    with pytest.raises(ScenarioError, match="it lacks arrives"):
        DynamicTrace.load(tmp_path / "other.npz")
