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
from edgevision.envs import Allocation, StreamConfig, StreamTrace
from edgevision.envs.stream.stream_environment import StreamEnv
from edgevision.errors import AllocationError, ScenarioError, SlotProblemError, UnknownNameError
from tests.envs.test_docstrings import page, rows, section
from tests.envs.test_environment import assert_equal

ID = "EdgeVision/Stream-v0"


def make(**settings: Any) -> StreamEnv:
    env = gymnasium.make(ID, **settings).unwrapped
    assert isinstance(env, StreamEnv)
    return env


def some_trace(n: int = 300, **settings: Any) -> tuple[StreamTrace, StreamConfig]:
    env = gymnasium.make_vec(ID, num_envs=n, **settings).unwrapped
    env.reset(seed=0)
    return env.simulator.trace, env.config


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**31), sends=st.floats(0, 1))
def test_a_camera_scores_while_its_last_answer_is_right_for_its_scene(seed: int, sends: float) -> None:
    """Against a loop over slots and cameras that reads the trace."""
    env, random = make(episode_slots=30, users=4, event_weight=3.0), np.random.default_rng(seed)
    env.reset(seed=seed)
    trace, config, correct = env.simulator.trace, env.config, env.simulator.profile.correct
    assert correct is not None
    kept: list[tuple[int, bool]] = [(-1, False)] * 4
    for slot in range(30):
        action = random.uniform(-1, 1, env.action_space.shape)
        action[:, 0] = np.where(random.random(4) < sends, 1.0, -1.0)
        _, reward, _, _, info = env.step(action)
        expected = 0.0
        for camera in range(4):
            scene, event = trace.scene[0, slot, camera], trace.event[0, slot, camera]
            assert info["privileged"][camera] == 2 * (scene != kept[camera][0]) + event
            assert info["delivered"][camera] == (trace.fading[0, slot, camera] < info["probability"][camera])
            if info["delivered"][camera]:
                kept[camera] = scene, correct[trace.content[0, slot, camera], info["operating_point"][camera]]
            expected += (3.0 if event else 1.0) * (kept[camera] == (scene, True))
        assert reward == pytest.approx(expected / 4 / config.mean_weight)


def test_no_observation_moves_with_the_truth() -> None:
    """Scenes, events and contents that no sign and no report tells of change nothing that an agent sees."""
    env, other = make(episode_slots=40), make(episode_slots=40)
    env.reset(seed=3)
    trace = env.simulator.trace
    random = np.random.default_rng(0)
    # Without a delivery, all that is seen are scores and gains: they stay, all that is hidden is drawn anew.
    hidden = replace(
        trace,
        scene=np.cumsum(random.random(trace.scene.shape) < 0.5, axis=1) + 7,
        event=random.random(trace.event.shape) < 0.5,
        content=random.permutation(trace.content.ravel()).reshape(trace.content.shape),
        fading=trace.fading[:, ::-1].copy(),
        change_report=trace.event_report,
        event_report=trace.change_report,
        confidence_noise=-trace.confidence_noise,
    )
    first, second = (one.reset(options={"trace": part})[0] for one, part in ((env, trace), (other, hidden)))
    differ = False
    for _ in range(40):
        assert_equal(first, second)
        for name, value in vars(env.problem.street).items():
            if name != "episode":
                np.testing.assert_array_equal(value, getattr(other.problem.street, name), err_msg=name)
        silent = np.full(env.action_space.shape, -1.0)
        (first, *_, info), (second, *_, also) = env.step(silent), other.step(silent)
        differ |= bool((info["privileged"] != also["privileged"]).any())
    assert differ


def test_what_was_delivered_is_told_with_the_stated_errors() -> None:
    n, users = 200, 6
    env = gymnasium.make_vec(ID, num_envs=n, users=users, bandwidth_mhz=100.0, autoreset_mode="Disabled").unwrapped
    env.reset(seed=1)
    simulator, wrong, counted = env.simulator, np.zeros(2), 0
    actions = np.zeros((n, users, 4))
    actions[..., 0], actions[..., 3] = 1.0, 1.0
    for slot in range(20):
        changed, right, event = simulator.changed, simulator.right, simulator.trace.event[:, slot]
        info = env.step(actions)[4]
        seen, delivered = env.problem.street, info["delivered"]
        assert delivered.mean() > 0.97 and not seen.lost[delivered].any()
        np.testing.assert_array_equal(seen.delivered, delivered)
        np.testing.assert_array_equal(seen.age == 1, delivered)
        if slot:  # the first answer differs from none
            differs = changed | (right != simulator.right)
            told = np.stack([seen.told_change != differs, seen.told_event != event])
            wrong, counted = wrong + told[:, delivered].sum(axis=1), counted + int(delivered.sum())
    assert wrong / counted == pytest.approx([0.03, 0.05], abs=0.005)


def test_a_frame_arrives_with_the_probability_of_the_radio_link() -> None:
    env = make(users=1)
    env.reset(seed=4)
    trace, profile = env.simulator.trace, env.simulator.profile
    info = env.step(np.array([[1.0, 0.0, 0.0, 0.5]]))[4]
    level, power = int(info["operating_point"][0]), 0.1 * env.config.power
    assert info["power"][0] == pytest.approx(power) and info["bandwidth"][0] == pytest.approx(45e3)
    airtime = 0.5 - profile.device_time[level] - profile.edge_time[level]
    needed = 2 ** (8 * profile.size[trace.content[0, 0, 0], level] / (45e3 * airtime)) - 1
    threshold = needed * env.config.noise_density * 45e3 / (power * trace.gain_scale[0, 0, 0])
    assert info["probability"][0] == pytest.approx(np.exp(-threshold), rel=1e-9)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**31), sends=st.floats(0, 1))
def test_every_frame_empties_the_battery_and_an_empty_one_sends_nothing(seed: int, sends: float) -> None:
    env, random = make(episode_slots=20, users=3, battery_frames=(1, 12)), np.random.default_rng(seed)
    env.reset(seed=seed)
    left = env.simulator.trace.battery[0].copy()
    assert (left >= 1).all() and (left <= 12).all()
    for _ in range(20):
        np.testing.assert_array_equal(env.problem.street.frames_left[0], left)
        action = random.uniform(-1, 1, env.action_space.shape)
        action[:, 0] = np.where(random.random(3) < sends, 1.0, -1.0)
        _, _, _, _, info = env.step(action)
        expected = (action[:, 0] > 0) & (left > 0)
        np.testing.assert_array_equal(info["power"] > 0, expected)
        assert info["sent"] == expected.sum() and not info["delivered"][~expected].any()
        left = left - expected


def test_an_allocation_to_an_empty_battery_is_refused() -> None:
    env = make(users=1, battery_frames=(1, 1))
    env.reset(seed=0)
    frame = Allocation(np.zeros((1, 1), np.int64), np.full((1, 1), 45e3), np.full((1, 1), 0.01))
    env.allocate(frame)
    with pytest.raises(AllocationError, match="power"):
        env.allocate(frame)


def test_batteries_change_nothing_else_of_an_episode() -> None:
    (trace, _), (limited, config) = some_trace(8), some_trace(8, preset="street-battery")
    for name, value in vars(trace).items():
        if name != "battery":
            np.testing.assert_array_equal(value, getattr(limited, name), err_msg=name)
    assert (trace.battery > config.episode_slots).all()
    assert limited.battery.min() == 3 and limited.battery.max() == 12


def test_the_planned_share_makes_a_frame_of_mean_size_arrive_with_95_percent() -> None:
    env = gymnasium.make_vec(ID, num_envs=50).unwrapped
    env.reset(seed=0)
    problem = env.problem
    for level in range(problem.points):
        share = problem.street.planned_share[..., level]
        probability = problem.success_probabilities(share * env.config.bandwidth, problem.max_power)[..., level]
        np.testing.assert_allclose(probability[share <= 1], 0.95, rtol=1e-4)
        whole = problem.success_probabilities(np.full(share.shape, env.config.bandwidth), problem.max_power)[..., level]
        assert (whole[share > 1] < 0.9501).all()


def test_traces_that_are_not_finite_are_refused() -> None:
    trace, _ = some_trace(1)
    with pytest.raises(ScenarioError, match="finite"):
        replace(trace, noise=np.full(trace.noise.shape, np.nan))
    with pytest.raises(ScenarioError, match="content must be an array of whole numbers"):
        replace(trace, content=trace.content + 0.5)
    with pytest.raises(ScenarioError, match="event must be an array of truth values"):
        replace(trace, event="rain")  # type: ignore[arg-type]


def test_draws_have_the_stated_distributions() -> None:
    trace, config = some_trace(pace_slots=(2.0, 2.0), pace_spread=0.0)
    event = trace.event
    assert event.mean() == pytest.approx(config.event_share, abs=0.02)
    begins = event[:, 1:] & ~event[:, :-1]
    assert begins.sum() / (~event[:, :-1]).sum() == pytest.approx(config.event_start, rel=0.15)
    # A convoy that camera 3 sees arrive comes to camera 4 or 2 two slots later, if they see it.
    later = (begins[:, 2:, 4] | begins[:, 2:, 2])[begins[:, :-2, 3]]
    assert later.mean() > 0.8 > 5 * begins.mean()
    changes = np.diff(trace.scene, axis=1) > 0
    assert changes[begins].all()
    quiet = ~event[:, 1:] & ~event[:, :-1]
    assert changes[quiet].mean() == pytest.approx(config.changes_per_slot, abs=0.002)
    assert not np.diff(trace.content, axis=1)[~changes].any() and not np.diff(trace.score, axis=1)[~changes].any()
    loud = trace.noise.std(axis=1)
    assert np.log(loud).std() == pytest.approx(config.noise_spread, abs=0.05)
    assert trace.score.mean() == pytest.approx(config.score_mean, rel=0.1)
    distance = np.hypot(*np.moveaxis(trace.position, -1, 0))
    assert distance.min() >= config.setback_m and distance.max() < np.hypot(150, 221)


def test_events_of_the_control_are_independent_and_as_frequent() -> None:
    trace, config = some_trace(preset="independent")
    event = trace.event.astype(float)
    assert event.mean() == pytest.approx(config.event_share, abs=0.01)
    for lag in range(1, 7):
        together = np.corrcoef(event[:, lag:, 4].ravel(), event[:, :-lag, 3].ravel())[0, 1]
        assert abs(together) < 0.02
    street = some_trace()[0].event.astype(float)
    assert np.corrcoef(street[:, 4:, 4].ravel(), street[:, :-4, 3].ravel())[0, 1] > 0.1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"pace_slots": (5, 2)}, "low <= high"),
        ({"pace_slots": 5}, "pair"),
        ({"passage_slots": (1, 0.5)}, "passage_slots"),
        ({"users": 0}, "users"),
        ({"levels": (3, 1)}, "ascending"),
        ({"levels": ()}, "levels"),
        ({"levels": (1, 99)}, "levels must be below"),
        ({"traffic": "trams"}, "traffic must be one of"),
        ({"profile": "video-actions-stae"}, "one axis"),
        ({"profile": "published-eta"}, "recorded|one axis"),
        ({"outcomes": object()}, "outcomes"),
        ({"profile": 3}, "profile must be"),
    ],
)
def test_wrong_settings_are_refused_in_one_line(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ScenarioError, match=message) as caught:
        make(**changes)
    assert "\n" not in str(caught.value)


def test_unknown_presets_and_settings_are_named() -> None:
    with pytest.raises(UnknownNameError, match="street"):
        make(preset="stret")
    with pytest.raises(TypeError, match="did you mean 'spacing_m'"):
        make(spacing=3)


def test_other_environments_have_no_street_and_this_one_no_routes() -> None:
    env = make()
    env.reset(seed=0)
    with pytest.raises(SlotProblemError, match="Dynamic"):
        _ = env.problem.future
    other = gymnasium.make("EdgeVision/Image-v0").unwrapped
    other.reset(seed=0)
    with pytest.raises(SlotProblemError, match="Stream"):
        _ = other.problem.street  # type: ignore[attr-defined]


def test_power_beyond_the_largest_is_refused() -> None:
    env = make()
    env.reset(seed=0)
    share, shape = np.full((1, 12), env.config.bandwidth / 12), (1, 12)
    with pytest.raises(AllocationError, match="its largest is"):
        env.allocate(Allocation(np.zeros(shape, np.int64), share, np.where(np.arange(12) == 0, 0.011, 0.001)[None]))


@settings(max_examples=30, deadline=None)
@given(
    changes=st.fixed_dictionaries(
        {},
        optional={
            "users": st.integers(1, 9),
            "levels": st.lists(st.integers(0, 19), min_size=1, max_size=8, unique=True).map(sorted),
            "episode_slots": st.integers(1, 12),
            "slot_ms": st.floats(1e-3, 1e6),
            "bandwidth_mhz": st.floats(1e-6, 1e6),
            "power_mw": st.floats(1e-9, 1e9),
            "traffic": st.sampled_from(["convoys", "independent"]),
            "convoys_per_slot": st.floats(0, 1),
            "changes_per_slot": st.floats(0, 1),
            "calm_traffic": st.floats(0, 1),
            "pace_slots": st.tuples(st.floats(0, 2), st.floats(2, 1000)),
            "passage_slots": st.tuples(st.integers(1, 1000), st.just(0.0) | st.floats(1, 1000)),
            "seen": st.floats(0, 1),
            "score_mean": st.floats(0, 100),
            "noise_spread": st.floats(0, 3),
            "alike": st.floats(0, 1),
            "shadowing_correlation": st.floats(0, 1),
            "event_weight": st.floats(1, 1e6),
        },
    ),
    seed=st.integers(0, 2**31),
)
@pytest.mark.filterwarnings("ignore::edgevision.errors.DeadlineWarning")
def test_any_valid_settings_give_observations_in_their_space(changes: dict[str, Any], seed: int) -> None:
    env, random = make(**changes), np.random.default_rng(seed)
    observation, over = env.reset(seed=seed)[0], False
    while not over:
        assert observation in env.observation_space
        observation, reward, _, over, info = env.step(random.uniform(-1, 1, env.action_space.shape))
        assert np.isfinite(reward) and reward >= 0
        assert all(np.isfinite(value).all() for value in info.values())


def test_the_page_agrees_with_the_spaces() -> None:
    env = make()
    actions, observations = section(page(ID), "Action Space"), section(page(ID), "Observation Space")
    assert rows(actions) == env.action_space.shape[1]  # type: ignore[index]
    users, cell = (env.observation_space[name].shape for name in ("users", "cell"))  # type: ignore[index]
    assert f"(U, {users[1]})), cell=Box(-4, 4, ({cell[0]},))" in observations
    assert f"-{users[1] - 1} |" in observations
    assert len(re.findall(r"^\| \d \|", observations.split("(`cell`)")[1], flags=re.MULTILINE)) == cell[0]


def test_settings_are_kept_as_pythons_own_numbers() -> None:
    config = StreamConfig(users=np.int64(3), levels=[np.int64(2), 5])  # type: ignore[arg-type]
    assert type(config.users) is int and config.levels == (2, 5)
    assert hash(config.levels)


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_a_camera_that_starts_with_an_empty_battery_is_drawn() -> None:
    env = make(render_mode="rgb_array", users=2, episode_slots=2)
    env.reset(seed=1)
    trace = env.simulator.trace
    env.reset(options={"trace": replace(trace, battery=np.zeros_like(trace.battery))})
    assert env.render().ndim == 3
    env.close()


def test_a_stored_trace_replays_the_episode(tmp_path: Path) -> None:
    env = make(episode_slots=10)
    first, _ = env.reset(seed=5)
    env.simulator.trace.save(tmp_path / "trace.npz")
    again, _ = env.reset(seed=6, options={"trace": StreamTrace.load(tmp_path / "trace.npz")})
    assert_equal(first, again)
    np.savez(tmp_path / "other.npz", scene=np.zeros((1, 2, 3)))
    with pytest.raises(ScenarioError, match="it lacks event"):
        StreamTrace.load(tmp_path / "other.npz")
