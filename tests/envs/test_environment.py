from __future__ import annotations

import pickle
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import edgevision
from edgevision.envs import IDS, Allocation, EpisodeTrace, equal_shares
from edgevision.envs.action import decode, encode
from edgevision.envs.environment import OffloadingEnv
from edgevision.errors import AllocationError, InvalidActionError, NoDisplayWarning, ScenarioError, UnknownNameError
from edgevision.profiles import load_profile
from tests.envs.strategies import BANDIT_IDS

edgevision.register()  # a second time: registration is idempotent


def make(env_id: str = "EdgeVision/Paper-v0", **settings: Any) -> OffloadingEnv:
    env = gymnasium.make(env_id, **settings).unwrapped
    assert isinstance(env, OffloadingEnv)
    return env


def rollout(env: OffloadingEnv, seed: int, steps: int) -> list[Any]:
    env.action_space.seed(seed)
    history: list[Any] = [env.reset(seed=seed)]
    for _ in range(steps):
        history.append(env.step(env.action_space.sample()))
        if history[-1][3]:
            history.append(env.reset())
    return history


def assert_equal(left: Any, right: Any) -> None:
    assert type(left) is type(right)
    if isinstance(left, dict):
        assert left.keys() == right.keys()
        for key in left:
            assert_equal(left[key], right[key])
    elif isinstance(left, list | tuple):
        assert len(left) == len(right)
        for a, b in zip(left, right, strict=True):
            assert_equal(a, b)
    else:
        np.testing.assert_array_equal(left, right)


@pytest.mark.parametrize("env_id", IDS)
def test_gymnasiums_checker_has_no_complaint(env_id: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", NoDisplayWarning)  # the checker tries all render modes
        check_env(gymnasium.make(env_id).unwrapped)


@pytest.mark.parametrize("env_id", IDS)
def test_stable_baselines_checker_has_no_complaint(env_id: str) -> None:
    checker = pytest.importorskip("stable_baselines3.common.env_checker")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # Advice that suits flat networks: our rows are users, and our policies share weights between them.
        warnings.filterwarnings("ignore", message=".*unconventional shape")
        checker.check_env(gymnasium.make(env_id).unwrapped)


@pytest.mark.parametrize("env_id", BANDIT_IDS)
def test_same_seed_same_episode(env_id: str) -> None:
    settings = {"episode_slots": (3, 8), "transmission": "sampled"}
    assert_equal(rollout(make(env_id, **settings), 5, 30), rollout(make(env_id, **settings), 5, 30))


@pytest.mark.parametrize("env_id", IDS)
def test_observations_stay_in_their_space(env_id: str) -> None:
    env = make(env_id)
    for entry in rollout(env, 0, 60):
        assert env.observation_space.contains(entry[0])


@pytest.mark.parametrize("env_id", IDS)
def test_pickled_environment_continues_identically(env_id: str) -> None:
    env = make(env_id)
    rollout(env, 1, 7)
    copy = pickle.loads(pickle.dumps(env))  # noqa: S301
    for _ in range(60):
        action = env.action_space.sample()
        mine = env.step(action)
        assert_equal(mine, copy.step(action))
        if mine[3]:
            assert_equal(env.reset(), copy.reset())


def test_actions_do_not_change_what_is_drawn() -> None:
    one, two = make(), make()
    one.reset(seed=3)
    two.reset(seed=3)
    for _ in range(20):
        a = one.step(np.full((6, 3), -1.0))[0]
        b = two.step(np.full((6, 3), 1.0))[0]
        assert_equal(a, b)


@pytest.mark.parametrize("fading", ["half-normal", "rayleigh"])
@pytest.mark.parametrize("accuracy", ["mean", "replay"])
@settings(max_examples=10, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**31))
def test_expected_reward_is_the_mean_of_sampled_outcomes(
    measured_profile: Path, fading: str, accuracy: str, seed: int
) -> None:
    n = 4000
    scenario: dict[str, Any] = {
        "profile": str(measured_profile), "accuracy": accuracy, "fading": fading, "bandwidth_mhz": 2.0,
        "traffic": "full-buffer", "propagation": "umi", "power_mw": 20.0,
    }  # fmt: skip
    vector: Any = gymnasium.make_vec("EdgeVision/Paper-v0", num_envs=n, transmission="sampled", **scenario)
    expected = make(transmission="expected", **scenario)
    expected.reset(seed=seed)
    copies = {name: np.repeat(value, n, axis=0) for name, value in vars(expected.simulator.trace).items()}
    random = np.random.default_rng(seed)
    copies["fading"] = random.random(copies["fading"].shape)
    vector.reset(options={"trace": EpisodeTrace(**copies)})
    action = random.uniform(-1, 1, (6, 3)).astype(np.float32)
    _, reward, _, _, info = expected.step(action)
    _, samples, _, _, _ = vector.step(np.repeat(action[None], n, axis=0))
    # Independent users, each in time with probability P: the variance of a slot's mean is known exactly.
    spread = np.sqrt((info["user_accuracy"] ** 2 * info["user_in_time"] * (1 - info["user_in_time"])).sum()) / 6
    assert abs(samples.mean() - reward) <= 5 * spread / np.sqrt(n) + 1 / n


def test_replay_scores_what_was_recorded(measured_profile: Path) -> None:
    env = make(profile=str(measured_profile), accuracy="replay", content_split="test")
    env.reset(seed=0)
    profile = load_profile(str(measured_profile))
    assert profile.correct is not None
    for slot in range(20):
        content = env.simulator.trace.content[0, slot]
        active = env.problem.active[0]
        _, reward, _, _, info = env.step(env.action_space.sample())
        recorded = profile.correct[content, info["operating_point"]]
        np.testing.assert_array_equal(info["user_accuracy"], np.where(active, recorded, 0))
        product = (info["user_in_time"] * info["user_accuracy"])[active]
        assert reward == pytest.approx(product.mean() if active.any() else 0.0)


class Recorder:
    """An outcome source that answers from a profile and notes what it was asked."""

    def __init__(self, path: Path) -> None:
        self.profile = load_profile(str(path))
        self.asked = 0

    def outcomes(self, content: np.ndarray, point: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        assert self.profile.correct is not None
        self.asked += len(content)
        return self.profile.size[content, point], self.profile.correct[content, point]


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**31 - 1))
def test_live_equals_replay_when_the_codec_does_what_was_recorded(measured_profile: Path, seed: int) -> None:
    codec = Recorder(measured_profile)
    replay = make(profile=str(measured_profile), accuracy="replay", device_time_scale=1.0)
    live = make(profile=str(measured_profile), accuracy="live", device_time_scale=1.0, outcomes=codec)
    for ours, theirs in zip(rollout(live, seed, 60), rollout(replay, seed, 60), strict=True):
        assert_equal(ours[0], theirs[0])
        np.testing.assert_allclose(ours[1], theirs[1], rtol=1e-12) if len(ours) == 5 else None
    assert codec.asked > 100


def test_allocations_and_their_actions_score_alike() -> None:
    by_action, by_allocation = make(), make()
    by_action.reset(seed=2)
    by_allocation.reset(seed=2)
    for _ in range(10):
        action = by_action.action_space.sample().astype(np.float64)
        allocation = decode(action[None], by_allocation.problem)
        reward = by_allocation.allocate(allocation)[1]
        same = encode(allocation, by_action.problem)[0]
        assert by_action.step(np.clip(same, -1, 1))[1] == pytest.approx(reward, rel=1e-9)


def test_a_given_trace_is_replayed() -> None:
    first, second = make(), make()
    first.reset(seed=9)
    trace = first.simulator.trace
    observation, _ = second.reset(seed=1, options={"trace": trace})
    assert_equal(observation, first.reset(seed=9)[0])
    action = first.action_space.sample()
    assert_equal(first.step(action), second.step(action))


def test_slots_without_requests_score_nothing_and_do_not_fail() -> None:
    env = make(users=1, arrivals_per_slot=0.05)
    env.reset(seed=0)
    idle = 0
    for _ in range(50):
        empty = not env.problem.active.any()
        _, reward, _, _, info = env.step(env.action_space.sample())
        if empty:
            idle += 1
            assert reward == 0.0 and info["active_users"] == 0
    assert idle > 10


def test_episode_end_and_misuse() -> None:
    env = make(episode_slots=3)
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.step(np.zeros((6, 3)))
    env.reset(seed=0)
    ends = [env.step(np.zeros((6, 3)))[2:4] for _ in range(3)]
    assert ends == [(False, False), (False, False), (False, True)]
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.step(np.zeros((6, 3)))
    env.reset()
    with pytest.raises(InvalidActionError, match="NaN"):
        env.step(np.full((6, 3), np.nan))
    with pytest.raises(ScenarioError, match="reset option"):
        env.reset(options={"tracee": 1})
    with pytest.raises(ScenarioError, match="EpisodeTrace"):
        env.reset(options={"trace": "yesterday"})
    for options in (5, "trace", [("trace", None)]):
        with pytest.raises(ScenarioError, match="options must be a dictionary"):
            env.reset(options=options)  # type: ignore[arg-type]
    with pytest.raises(ScenarioError, match="unknown reset option 3"):
        env.reset(options={3: 1, "tracee": 2})  # type: ignore[dict-item]
    other = make(users=3)
    other.reset(seed=0)
    with pytest.raises(ScenarioError, match="of 3 users"):
        env.reset(options={"trace": other.simulator.trace})


def test_wrong_settings_are_named(measured_profile: Path) -> None:
    with pytest.raises(UnknownNameError, match="users"):
        gymnasium.make("EdgeVision/Paper-v0", usres=3)
    with pytest.raises(ScenarioError, match="replay"):
        gymnasium.make("EdgeVision/Paper-v0", accuracy="replay")
    with pytest.raises(ScenarioError, match="outcome source"):
        gymnasium.make("EdgeVision/Paper-v0", profile=str(measured_profile), accuracy="live")
    with pytest.raises(ScenarioError, match="render_mode"):
        make().__class__(render_mode="hologram")


@pytest.mark.parametrize("env_id", IDS)
def test_render_modes(env_id: str) -> None:
    env = make(env_id, render_mode="rgb_array")
    env.reset(seed=0)
    before = env.render()
    env.step(env.action_space.sample())
    after = env.render()
    assert before.shape == after.shape and before.dtype == np.uint8 and (before != after).any()
    env.close()
    text = make(env_id, render_mode="ansi")
    text.reset(seed=0)
    text.step(text.action_space.sample())
    assert f"slot 1/{text.config.slots[1]}" in text.render()


def test_human_mode_opens_a_window_and_closes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MPLBACKEND", "Agg")
    pyplot = pytest.importorskip("matplotlib.pyplot")
    env = make(render_mode="human")
    with pytest.warns(NoDisplayWarning, match="can open no window here"):
        env.reset(seed=0)
    env.step(env.action_space.sample())
    assert "edgevision" in pyplot.get_figlabels()
    env.close()
    assert "edgevision" not in pyplot.get_figlabels()


@pytest.mark.parametrize("env_id", list(IDS))
@pytest.mark.parametrize("vector", [False, True])
def test_allocations_that_break_a_constraint_are_refused(env_id: str, vector: bool) -> None:
    env = (gymnasium.make_vec(env_id, num_envs=2) if vector else gymnasium.make(env_id)).unwrapped
    env.reset(seed=0)
    shape = env.problem.active.shape
    points = np.zeros(shape, np.int64)
    good = Allocation(points, *equal_shares(env.problem))
    for bad, message in (
        (replace(good, bandwidth=np.full(shape, 1e30)), "C1"),
        (replace(good, power=np.full(shape, np.nan)), "NaN"),
        (replace(good, power=-good.power), "C4"),
        (replace(good, operating_point=points - 1), "C5"),
        (replace(good, operating_point=points + 10**6), "C5"),
        (replace(good, operating_point=good.power), "array of whole numbers"),
        (replace(good, power=good.power[:, :1]), "shape"),
        (replace(good, power=good.power.tolist()), "array of numbers"),
        (replace(good, power=good.power.astype(str)), "array of numbers"),
    ):
        with pytest.raises(AllocationError, match=message):
            env.allocate(bad)
    env.allocate(good)


@pytest.mark.parametrize("vector", [False, True])
def test_seeds_are_whole_numbers_of_python_or_numpy(vector: bool) -> None:
    env_id = "EdgeVision/Image-v0"

    def first(seed: Any) -> np.ndarray:
        env = gymnasium.make_vec(env_id, num_envs=2) if vector else gymnasium.make(env_id)
        return env.unwrapped.reset(seed=seed)[0]["users"]

    np.testing.assert_array_equal(first(3), first(np.int64(3)))
    np.testing.assert_array_equal(first(3), first(np.array(3, np.uint8)))
    if vector:
        np.testing.assert_array_equal(first(3), first(np.array([3, 4])))
    for seed in (-1, 2.0, "3", True, 10**400, np.nan):
        with pytest.raises(ScenarioError, match="seed must be a whole number"):
            first(seed)


def test_unknown_keywords_are_type_errors_too() -> None:
    for make_env in (gymnasium.make, lambda env_id, **kw: gymnasium.make_vec(env_id, num_envs=2, **kw)):
        with pytest.raises(TypeError, match="unknown scenario setting 'bandwith_mhz'; did you mean 'bandwidth_mhz'"):
            make_env("EdgeVision/Paper-v0", bandwith_mhz=3)


@pytest.mark.parametrize(
    "settings",
    [
        {"num_envs": 10**9},
        {"num_envs": 2**20, "users": 1000},
        {"num_envs": 2.0},
        {"num_envs": 2, "autoreset_mode": "no"},
    ],
)
def test_what_no_memory_holds_is_refused_before_it_is_asked_for(settings: dict[str, Any]) -> None:
    with pytest.raises(ScenarioError):
        gymnasium.make_vec("EdgeVision/Paper-v0", **settings)


def test_inactive_users_hold_no_less_than_nothing() -> None:
    """Else the others could spend more than the budget."""
    env = gymnasium.make("EdgeVision/Paper-v0", users=2, arrivals_per_slot=0.5).unwrapped
    seed = next(seed for seed in range(100) if env.reset(seed=seed)[0]["active"].tolist() == [1, 0])
    env.reset(seed=seed)
    budget = env.problem.bandwidth_budget[0]
    power = env.problem.power_budget * [[1.0, 0.0]]
    with pytest.raises(AllocationError, match="user 1 in slot 0"):
        env.allocate(Allocation(np.zeros((1, 2), np.int64), np.array([[2 * budget, -budget]]), power))


@pytest.mark.parametrize("env_id", list(IDS))
def test_what_a_policy_is_scored_by_cannot_be_changed(env_id: str) -> None:
    env = gymnasium.make(env_id).unwrapped
    env.reset(seed=0)
    for name, value in vars(env.problem).items():
        if isinstance(value, np.ndarray):
            with pytest.raises(ValueError, match="read-only"):
                value[...] = value
            assert not value.flags.writeable, name


def test_whole_numbers_that_overflow_are_over_budget() -> None:
    env = gymnasium.make("EdgeVision/Image-v0").unwrapped
    env.reset(seed=0)
    shape = env.problem.active.shape
    huge = np.full(shape, 2**62)
    with pytest.raises(AllocationError, match="C1"):
        env.allocate(Allocation(np.zeros(shape, np.int64), huge, equal_shares(env.problem)[1]))
    with pytest.raises(AllocationError, match="takes an Allocation"):
        env.allocate((1, 2, 3))


def test_an_environment_that_has_drawn_can_be_pickled() -> None:
    env = gymnasium.make("EdgeVision/Image-v0", render_mode="rgb_array").unwrapped
    env.reset(seed=0)
    frame = env.render()
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(env)).render(), frame)  # noqa: S301
