"""`ContentNoise`: noise on content features in training, which prevents overfitting to single contents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from stable_baselines3.common.vec_env import VecEnv, VecEnvWrapper

from edgevision.envs.observation import FEATURE_LIMIT, USER_FEATURES


class ContentNoise(VecEnvWrapper):
    """Adds Gaussian noise to the content features of users with a request; for training only.

    A profile holds a few hundred contents, and training sees each of them thousands of times. Without noise a network
    memorises for each content which operating points give the right answer.
    """

    def __init__(self, venv: VecEnv, scale: float, first: int = len(USER_FEATURES)) -> None:
        """Wrap a vector environment.

        Args:
            venv: vector environment with the observations of `edgevision.envs`.
            scale: standard deviation of the noise; content features have about unit scale.
            first: column of the first content feature.
        """
        super().__init__(venv)
        self._scale, self._first = scale, first
        self._random = np.random.default_rng()

    def seed(self, seed: int | None = None) -> Sequence[int | None]:
        """Seed the noise and the environments."""
        self._random = np.random.default_rng(seed)
        return super().seed(seed)

    def reset(self) -> Any:
        """Start episodes and return noisy observations."""
        return self._noisy(self.venv.reset())

    def step_wait(self) -> Any:
        """Finish a step and return its results with noisy observations."""
        observation, reward, done, info = self.venv.step_wait()
        return self._noisy(observation), reward, done, info

    def _noisy(self, observation: Any) -> dict[str, Any]:
        """A copy of the observations with noise on the content features, the last columns of ``users`` (n, U, F)."""
        users = observation["users"].copy()
        content = users[..., self._first :]
        noise = self._scale * self._random.standard_normal(content.shape, np.float32)
        content += noise * observation["active"][..., None]
        return {**observation, "users": users.clip(-FEATURE_LIMIT, FEATURE_LIMIT)}
