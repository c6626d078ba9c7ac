from __future__ import annotations

import numpy as np
import pytest

from edgevision.agents.mean_return import MeanReturn
from edgevision.agents.sb3_vec_env import SB3VecEnv


@pytest.mark.parametrize(("gamma", "scale"), [(0.0, 1.0), (0.98, 0.02), (1.0, 1.0)])
def test_rewards_are_scaled_and_nothing_else_changes(gamma: float, scale: float) -> None:
    plain, wrapped = (SB3VecEnv.make("EdgeVision/Paper-v0", 3, users=2, episode_slots=4) for _ in range(2))
    scaled = MeanReturn(wrapped, gamma)
    for env in (plain, wrapped):
        env.seed_episodes([1, 2, 3])
    np.testing.assert_array_equal(plain.reset()["users"], scaled.reset()["users"])
    for _ in range(6):
        actions = np.zeros((3, *plain.action_space.shape))  # type: ignore[misc]
        ours, theirs = scaled.step(actions), plain.step(actions)
        np.testing.assert_array_equal(ours[0]["users"], theirs[0]["users"])
        np.testing.assert_allclose(ours[1], scale * theirs[1])
        np.testing.assert_array_equal(ours[2], theirs[2])
