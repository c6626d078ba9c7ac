from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from stable_baselines3 import PPO
from stable_baselines3.common.env_checker import check_env
from stable_baselines3.common.vec_env import VecMonitor

from edgevision.agents import SB3VecEnv

N, SEED = 5, 11
SETTINGS = {"users": 3, "episode_slots": (3, 6)}


def native() -> Any:
    return gymnasium.make_vec("EdgeVision/Paper-v0", num_envs=N, autoreset_mode="SameStep", **SETTINGS).unwrapped


def actions(slots: int) -> np.ndarray:
    return np.random.default_rng(2).uniform(-1, 1, (slots, N, 3, 3)).astype(np.float32)


def test_is_the_native_environment() -> None:
    env, adapted = native(), SB3VecEnv(native())
    expected, _ = env.reset(seed=SEED)
    adapted.seed(SEED)
    observed = adapted.reset()
    ends = 0
    for action in actions(20):
        np.testing.assert_equal(observed, expected)
        expected, reward, _, truncated, info = env.step(action)
        observed, rewards, dones, infos = adapted.step(action)
        np.testing.assert_array_equal(rewards, reward)
        np.testing.assert_array_equal(dones, truncated)
        for i, row in enumerate(infos):
            terms = info["final_info"] if truncated[i] else info
            np.testing.assert_equal(row["user_in_time"], terms["user_in_time"][i])
            assert row["task_success"] == terms["task_success"][i]
            if truncated[i]:
                ends += 1
                np.testing.assert_equal(row["terminal_observation"], info["final_obs"][i])
                assert row["TimeLimit.truncated"] is True
            else:
                assert "terminal_observation" not in row
    assert ends > N


def test_monitor_counts_whole_episodes() -> None:
    adapted = VecMonitor(SB3VecEnv(native()))
    adapted.seed(SEED)
    adapted.reset()
    returns, lengths = np.zeros(N), np.zeros(N, int)
    for action in actions(12):
        _, reward, done, infos = adapted.step(action)
        returns, lengths = returns + reward, lengths + 1
        for i in np.flatnonzero(done):
            assert infos[i]["episode"]["r"] == pytest.approx(returns[i])
            assert infos[i]["episode"]["l"] == lengths[i]
        returns[done], lengths[done] = 0.0, 0


def test_seeds_of_single_episodes() -> None:
    env, adapted = native(), SB3VecEnv.make("EdgeVision/Paper-v0", N, **SETTINGS)
    seeds = [4, 9000, 17, 4, 0]
    adapted.seed_episodes(seeds)
    np.testing.assert_equal(adapted.reset(), env.reset(seed=seeds)[0])
    with pytest.raises(ValueError, match="needed 5 seeds"):
        adapted.seed_episodes([1])


def test_refuses_what_it_cannot_do() -> None:
    with pytest.raises(ValueError, match="SameStep"):
        SB3VecEnv(gymnasium.make_vec("EdgeVision/Paper-v0", num_envs=2).unwrapped)
    adapted = SB3VecEnv(native())
    assert adapted.get_attr("num_envs", [0, 2]) == [N, N]
    assert adapted.env_is_wrapped(gymnasium.Wrapper) == [False] * N
    for refused in (
        lambda: adapted.set_attr("config", None),
        lambda: adapted.env_method("reset"),
        lambda: adapted.set_options({"trace": None}),
    ):
        with pytest.raises(NotImplementedError):
            refused()


def test_trains_policies_of_stable_baselines_itself() -> None:
    model = PPO("MultiInputPolicy", VecMonitor(SB3VecEnv(native())), n_steps=8, batch_size=20, seed=0, device="cpu")
    before = model.policy.value_net.weight.clone()
    model.learn(80)
    assert model.num_timesteps == 80
    assert len(model.ep_info_buffer) > 0
    assert not before.equal(model.policy.value_net.weight)


@pytest.mark.parametrize("measured", [False, True])
def test_stable_baselines_accepts_the_scalar_environment(measured: bool, measured_profile: Path) -> None:
    settings = {"preset": "umi-image", "profile": measured_profile} if measured else {}
    env = gymnasium.make("EdgeVision/Paper-v0", **settings)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # Nested in Dict spaces, these are only advice on images and shapes that flat policies flatten.
        warnings.filterwarnings("ignore", message=".*(unconventional shape|not a 1D|image).*")
        check_env(env)
