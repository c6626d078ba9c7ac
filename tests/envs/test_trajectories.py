"""Episodes of released ids stay what they were, whatever is added beside them."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest

import edgevision  # noqa: F401 - registers the ids

#: Image-v0 as of the profile whose times are those of the reference machine.
#: Sums of the users' features at the start, after each of two episodes of random actions and their resets; rewards of
#: slots 0, 1, 7, 50, 99 and of all.
RECORDED = {
    "EdgeVision/Paper-v0": (
        (-7.96206594, -9.70781931, -9.48220265, -8.77848187, -10.1341984),
        (0.247153649154, 0.591478654901, 0.308163607855, 0.541655951558, 0.141605611589, 52.7789222052),
    ),
    "EdgeVision/Image-v0": (
        (-2.96438242, 11.0962367, -7.94030692, -2.45972247, -4.18674458),
        (0.0, 0.224894589867, 0.498366132149, 0.0, 0.15288129905, 24.8032675081),
    ),
}


@pytest.mark.parametrize("env_id", RECORDED)
def test_recorded_episodes_are_met_again(env_id: str) -> None:
    env = gymnasium.make(env_id)
    random = np.random.default_rng(5)
    sums, rewards = [env.reset(seed=11)[0]["users"].sum(dtype=float)], []
    for _ in range(2):
        for _ in range(50):
            observation, reward, *_ = env.step(random.uniform(-1, 1, env.action_space.shape))
            rewards.append(reward)
        sums += [observation["users"].sum(dtype=float), env.reset()[0]["users"].sum(dtype=float)]
    recorded_sums, recorded_rewards = RECORDED[env_id]
    assert sums == pytest.approx(recorded_sums, rel=1e-6)
    assert [*(rewards[i] for i in (0, 1, 7, 50, 99)), sum(rewards)] == pytest.approx(recorded_rewards, rel=1e-9)
