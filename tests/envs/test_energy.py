"""What requests cost in energy: computing and radiation, in every environment."""

from __future__ import annotations

from typing import get_args

import gymnasium
import numpy as np
import pytest

from edgevision.envs import Allocation, OffloadingEnv, OffloadingVectorEnv
from edgevision.envs.computing.device_models import DEVICE_MODELS, DEVICE_POWER, DeviceName
from tests.envs.strategies import BANDIT_IDS


def vector(env_id: str, n: int = 6, **settings: object) -> OffloadingVectorEnv:
    env = gymnasium.make_vec(env_id, num_envs=n, **settings).unwrapped
    assert isinstance(env, OffloadingVectorEnv)
    env.reset(seed=1)
    env.action_space.seed(2)
    return env


def test_every_device_has_a_power() -> None:
    assert tuple(DEVICE_POWER) == get_args(DeviceName)
    assert all(power > 0 for power in DEVICE_POWER.values())


@pytest.mark.parametrize("device", get_args(DeviceName))
@pytest.mark.parametrize("env_id", BANDIT_IDS)
def test_a_request_costs_computing_and_radiation_until_its_deadline(env_id: str, device: DeviceName) -> None:
    env = vector(env_id, device=device)
    profile = env.simulator.profile
    for _ in range(5):
        problem = env.problem
        info = env.step(env.action_space.sample())[4]
        point, active = info["operating_point"], problem.active
        computing = DEVICE_POWER[device] * DEVICE_MODELS[device] * profile.device_time[point]
        sends = profile.size[env.simulator.content, point] > 0
        airtime = np.take_along_axis(problem.airtime, point[..., None], axis=2)[..., 0]
        radiated = info["power"] * np.maximum(airtime, 0.0) * sends
        np.testing.assert_allclose(info["computing_energy"], np.where(active, computing, 0.0))
        np.testing.assert_allclose(info["energy"], np.where(active, computing + radiated, 0.0))
        assert active.any()
        assert not active.all()


def test_a_local_answer_costs_computing_only_and_a_late_one_radiates_nothing() -> None:
    env = gymnasium.make("EdgeVision/Video-v0", traffic="full-buffer").unwrapped
    assert isinstance(env, OffloadingEnv)
    env.reset(seed=3)
    problem, profile = env.problem, env.simulator.profile
    local = int(np.flatnonzero(~profile.size.any(axis=0))[0])
    share = np.full((1, problem.users), 1.0 / problem.users)
    even = Allocation(
        np.full(share.shape, local), share * problem.bandwidth_budget[:, None], share * problem.power_budget[:, None]
    )
    info = env.allocate(even)[4]
    assert (info["computing_energy"] > 0).all()
    np.testing.assert_array_equal(info["energy"], info["computing_energy"])
    late = gymnasium.make("EdgeVision/Image-v0", traffic="full-buffer", device="raspberry-pi-like").unwrapped
    assert isinstance(late, OffloadingEnv)
    late.reset(seed=3)
    info = late.step(np.zeros(late.action_space.shape, np.float32))[4]
    np.testing.assert_array_equal(info["energy"], info["computing_energy"])


def test_more_power_and_a_slower_device_cost_more() -> None:
    def spent(**settings: object) -> float:
        env = vector("EdgeVision/Image-v0", profile="image-lite0-uniform", **settings)
        return float(sum(env.step(env.action_space.sample())[4]["energy"].sum() for _ in range(3)))

    least = spent()
    assert spent(power_mw=400.0) > least
    assert spent(device="jetson-like") > least
    assert spent(device_time_scale=0.0) < least


def test_frames_of_a_stream_cost_energy_only_if_they_are_sent() -> None:
    env = vector("EdgeVision/Stream-v0", n=2)
    for _ in range(4):
        info = env.step(env.action_space.sample())[4]
        sent = (info["bandwidth"] > 0) & (info["power"] > 0)
        assert sent.any()
        assert (info["energy"][sent] > 0).all()
        assert (info["energy"][~sent] == 0).all()
