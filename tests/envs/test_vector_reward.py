"""``VectorReward``: its entries are those of info, in every id, and tools of MO-Gymnasium take it."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest

from edgevision.envs import IDS, VectorReward


@pytest.mark.parametrize("env_id", IDS)
def test_the_reward_is_a_vector_of_its_space(env_id: str) -> None:
    plain, env = gymnasium.make(env_id, users=3), VectorReward(gymnasium.make(env_id, users=3))
    assert env.reward_space.shape == (env.reward_dim,) == (3,)
    assert env.unwrapped.reward_space == env.reward_space  # where MO-Gymnasium looks
    plain.reset(seed=1)
    env.reset(seed=1)
    env.action_space.seed(1)
    for _ in range(5):
        action = env.action_space.sample()
        _, scalar, *_, told = plain.step(action)
        _, reward, *_, info = env.step(action)
        assert env.reward_space.contains(reward)
        np.testing.assert_allclose(reward, [told["in_time"], told["accuracy"], -told["energy"].sum()])
        assert info["reward"] == scalar


def test_mo_gymnasium_weighs_it() -> None:
    mo_gymnasium = pytest.importorskip("mo_gymnasium", reason="needs the extra 'tools'")
    weights = np.array([1.0, 0.0, 2.0])
    env = mo_gymnasium.wrappers.LinearReward(VectorReward(gymnasium.make("EdgeVision/Image-v0")), weights)
    env.reset(seed=0)
    _, reward, *_, info = env.step(env.action_space.sample())
    assert reward == pytest.approx(info["vector_reward"] @ weights)
