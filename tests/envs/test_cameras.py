from __future__ import annotations

import gymnasium
import numpy as np
import pytest

pytest.importorskip("pettingzoo", reason="needs the extra 'multi-agent'")
from pettingzoo.test import parallel_api_test, parallel_seed_test

from edgevision.envs import IDS
from edgevision.envs.cameras import parallel_env
from edgevision.errors import InvalidActionError, ScenarioError, UnknownNameError


@pytest.mark.parametrize("env_id", IDS)
def test_pettingzoo_accepts_the_cameras(env_id: str) -> None:
    parallel_api_test(parallel_env(env_id, users=3, episode_slots=8), num_cycles=30)
    parallel_seed_test(lambda: parallel_env(env_id, users=3, episode_slots=8), num_cycles=10)


def test_the_cameras_together_are_the_cell() -> None:
    cameras, cell = (make("EdgeVision/Image-v0", users=4) for make in (parallel_env, gymnasium.make))
    seen, _ = cameras.reset(seed=2)
    whole, _ = cell.reset(seed=2)
    rng = np.random.default_rng(0)
    while cameras.agents:
        for user, agent in enumerate(cameras.agents):
            parts = [whole["users"][user], whole["cell"], whole["active"][user : user + 1]]
            np.testing.assert_array_equal(seen[agent], np.concatenate(parts))
        action = rng.uniform(-1, 1, cell.action_space.shape).astype(np.float32)
        seen, reward, _, over, info = cameras.step(dict(zip(cameras.agents, action, strict=True)))
        whole, same, _, truncated, told = cell.step(action)
        assert set(reward.values()) == {same} and set(over.values()) == {truncated}
        assert [info[agent]["power"] for agent in info] == told["power"].tolist()
    assert cameras.state().shape == (sum(part.size for part in whole.values()),)


@pytest.mark.parametrize("actions", [{}, {"camera_0": [0, 0, 0]}, {"camera_0": [0, 0, 0], "camera_1": [0]}, None])
def test_wrong_actions_are_refused(actions: object) -> None:
    cameras = parallel_env("EdgeVision/Image-v0", users=2)
    cameras.reset(seed=0)
    with pytest.raises(InvalidActionError):
        cameras.step(actions)  # type: ignore[arg-type]


def test_other_environments_are_refused() -> None:
    with pytest.raises(UnknownNameError):
        parallel_env("CartPole-v1")
    with pytest.raises(ScenarioError, match="sets"):
        parallel_env("EdgeVision/Image-v0", spaces="flat")
