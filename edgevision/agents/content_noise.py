"""Noise on what the controller sees of a content, so that it learns features and not the contents by heart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from stable_baselines3.common.vec_env import VecEnv, VecEnvWrapper

from edgevision.envs.observation import FEATURE_LIMIT, USER_FEATURES


class ContentNoise(VecEnvWrapper):
    """Adds Gaussian noise to the content features of users with a request; for training only.

    A profile holds some hundred contents, each of which training meets thousands of times: without noise a network
    remembers for each of them which operating points were answered right.
    """

    def __init__(self, venv: VecEnv, scale: float) -> None:
        """Wrap a vector environment.

        Args:
            venv: with the observations of `edgevision.envs`.
            scale: standard deviation of the noise; content features have about unit scale.
        """
        super().__init__(venv)
        self._scale = scale
        self._random = np.random.default_rng()

    def seed(self, seed: int | None = None) -> Sequence[int | None]:
        """Seed the noise and the environments."""
        self._random = np.random.default_rng(seed)
        return super().seed(seed)

    def reset(self) -> Any:
        """Start episodes; noisy observations."""
        return self._noisy(self.venv.reset())

    def step_wait(self) -> Any:
        """The environments' step with noisy observations."""
        observation, reward, done, info = self.venv.step_wait()
        return self._noisy(observation), reward, done, info

    def _noisy(self, observation: Any) -> dict[str, Any]:
        """A copy of the batch with noise on ``users[..., F0:]``, the content features of (n, U, F) rows."""
        users = observation["users"].copy()
        content = users[..., len(USER_FEATURES) :]
        noise = self._scale * self._random.standard_normal(content.shape, np.float32)
        content += noise * observation["active"][..., None]
        return {**observation, "users": users.clip(-FEATURE_LIMIT, FEATURE_LIMIT)}
