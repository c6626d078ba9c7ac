from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.vector import AsyncVectorEnv, AutoresetMode, SyncVectorEnv

from edgevision.envs import OffloadingVectorEnv
from edgevision.errors import InvalidActionError, ScenarioError
from tests.envs.strategies import BANDIT_IDS
from tests.envs.test_environment import assert_equal

MODES = list(AutoresetMode)


def make_vec(env_id: str = "EdgeVision/Paper-v0", n: int = 4, **settings: Any) -> OffloadingVectorEnv:
    env = gymnasium.make_vec(env_id, num_envs=n, **settings).unwrapped
    assert isinstance(env, OffloadingVectorEnv)
    return env


def assert_info_equal(native: dict[str, Any], sync: dict[str, Any]) -> None:
    assert native.keys() == sync.keys()
    for key, value in sync.items():
        if isinstance(value, dict):
            assert_info_equal(native[key], value)
        elif value.dtype == object:
            for ours, theirs in zip(native[key], value, strict=True):
                assert (ours is None) == (theirs is None)
                if ours is not None:
                    assert_equal(ours, theirs)
        else:
            assert native[key].dtype == value.dtype
            np.testing.assert_array_equal(native[key], value)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("env_id", BANDIT_IDS)
def test_native_equals_scalar_bit_for_bit(env_id: str, mode: AutoresetMode) -> None:
    """64 environments over at least two episodes of different lengths each, every output compared exactly."""
    n, settings = 64, {"episode_slots": (4, 9), "arrivals_per_slot": 0.5, "transmission": "sampled"}
    native = make_vec(env_id, n, autoreset_mode=mode, **settings)
    sync = SyncVectorEnv([lambda: gymnasium.make(env_id, **settings)] * n, autoreset_mode=mode)
    seeds = [1000 + 7 * i for i in range(n)]
    ours, theirs = native.reset(seed=seeds), sync.reset(seed=seeds)
    assert_equal(ours[0], theirs[0])
    native.action_space.seed(0)
    ended = np.zeros(n, int)
    while ended.min() < 2:
        actions = native.action_space.sample()
        ours, theirs = native.step(actions), sync.step(actions)
        for left, right in zip(ours[:4], theirs[:4], strict=True):
            assert_equal(left, right)
        assert_info_equal(ours[4], theirs[4])
        over = ours[2] | ours[3]
        ended += over
        if mode == AutoresetMode.DISABLED and over.any():
            left, right = (env.reset(options={"reset_mask": over.copy()}) for env in (native, sync))
            assert_equal(left[0], right[0])


@pytest.mark.parametrize("transmission", ["expected", "sampled"])
def test_measured_profile_native_equals_scalar(measured_profile: Path, transmission: str) -> None:
    settings = {"profile": str(measured_profile), "accuracy": "replay", "transmission": transmission, "users": 7}
    native = make_vec(n=5, **settings)
    sync = SyncVectorEnv([lambda: gymnasium.make("EdgeVision/Paper-v0", **settings)] * 5)
    assert_equal(native.reset(seed=3)[0], sync.reset(seed=3)[0])
    for _ in range(60):
        actions = native.action_space.sample()
        for left, right in zip(native.step(actions)[:4], sync.step(actions)[:4], strict=True):
            assert_equal(left, right)


def test_outputs_are_not_views_of_internal_state() -> None:
    env = make_vec(n=3, traffic="full-buffer")
    observation, _ = env.reset(seed=0)
    before = {key: value.copy() for key, value in observation.items()}
    _, reward, _, truncated, info = env.step(env.action_space.sample())
    kept = reward.copy()
    env.step(env.action_space.sample())
    assert_equal(observation, before)
    np.testing.assert_array_equal(reward, kept)
    truncated[:] = True
    info["bandwidth"][:] = -1
    env.step(env.action_space.sample())


def test_max_episode_steps_truncates_earlier() -> None:
    env = make_vec(n=2, max_episode_steps=3, episode_slots=10)
    env.reset(seed=0)
    ends = [env.step(env.action_space.sample())[3].all() for _ in range(4)]
    assert ends == [False, False, True, False]


def test_spawned_workers_find_the_ids() -> None:
    settings = {"episode_slots": (2, 4)}
    make_one = [lambda: gymnasium.make("edgevision:EdgeVision/Paper-v0", **settings)] * 2
    workers = AsyncVectorEnv(make_one, context="spawn")
    native = make_vec(n=2, **settings)
    try:
        assert_equal(native.reset(seed=1)[0], workers.reset(seed=1)[0])
        for _ in range(8):
            actions = native.action_space.sample()
            for left, right in zip(native.step(actions)[:4], workers.step(actions)[:4], strict=True):
                assert_equal(left, right)
    finally:
        workers.close()


def test_pickled_vector_environment_continues_identically() -> None:
    env = make_vec(n=3, episode_slots=(2, 5))
    env.reset(seed=0)
    copy = pickle.loads(pickle.dumps(env))  # noqa: S301
    for _ in range(12):
        actions = env.action_space.sample()
        assert_equal(env.step(actions), copy.step(actions))


def test_misuse_is_named() -> None:
    env = make_vec(n=2, autoreset_mode="Disabled", episode_slots=1)
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.step(np.zeros((2, 6, 3)))
    env.reset(seed=0)
    env.step(np.zeros((2, 6, 3)))
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.step(np.zeros((2, 6, 3)))
    with pytest.raises(ScenarioError, match="reset_mask"):
        env.reset(options={"reset_mask": [True, False]})
    with pytest.raises(ScenarioError, match="reset_mask"):
        env.reset(options={"reset_mask": np.zeros(2, bool)})
    for options in (5, "reset_mask"):
        with pytest.raises(ScenarioError, match="options must be a dictionary"):
            env.reset(options=options)
    with pytest.raises(ScenarioError, match="seed list"):
        env.reset(seed=[1])
    env.reset(seed=0)
    with pytest.raises(InvalidActionError, match="shape"):
        env.step(np.zeros((6, 3)))
    with pytest.raises(InvalidActionError, match="NaN"):
        env.step(np.full((2, 6, 3), np.nan))
    for bad in ({"num_envs": 0}, {"render_mode": "rgb_array"}, {"max_episode_steps": 0}):
        with pytest.raises(ScenarioError):
            type(env)(**bad)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="Eventually"):
        make_vec(autoreset_mode="Eventually")
