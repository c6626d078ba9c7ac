from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgevision.agents import SB3VecEnv
from edgevision.agents.content_noise import ContentNoise
from edgevision.envs.observation import USER_FEATURES, observe

N, SCALE = 400, 0.3


@pytest.fixture
def noisy(measured_profile: Path) -> ContentNoise:
    env = SB3VecEnv.make("EdgeVision/Image-v0", N, profile=str(measured_profile), arrivals_per_slot=0.5)
    return ContentNoise(env, SCALE)


def test_only_contents_of_active_users_are_disturbed(noisy: ContentNoise) -> None:
    noisy.seed(1)
    noisy.reset()
    seen, _, _, _ = noisy.step(np.zeros((N, *noisy.action_space.shape), np.float32))
    plain = observe(noisy.venv.env.problem)
    np.testing.assert_array_equal(seen["cell"], plain["cell"])
    np.testing.assert_array_equal(seen["active"], plain["active"])
    first = len(USER_FEATURES)
    np.testing.assert_array_equal(seen["users"][..., :first], plain["users"][..., :first])
    noise, active = (seen["users"] - plain["users"])[..., first:], plain["active"] > 0
    assert not noise[~active].any()
    assert noise[active].std() == pytest.approx(SCALE, rel=0.05)
    assert abs(noise[active].mean()) < 0.02
    assert seen["users"].dtype == np.float32


def test_the_same_seed_is_the_same_noise(noisy: ContentNoise) -> None:
    noisy.seed(1)
    first = noisy.reset()["users"]
    noisy.seed(1)
    np.testing.assert_array_equal(noisy.reset()["users"], first)
    noisy.seed(2)
    assert (noisy.reset()["users"] != first).any()
