"""`MeanReturn`: rewards on the scale on which a discounted return is a mean reward; for training only."""

from __future__ import annotations

from typing import Any

from stable_baselines3.common.vec_env import VecEnv, VecEnvWrapper


class MeanReturn(VecEnvWrapper):
    """Multiplies rewards by 1 - gamma, so that returns have the size of a mean reward, whatever the discount factor.

    Actor and critic share one limit on the norm of their gradient. With returns of 1 / (1 - gamma) times the reward the
    critic's part would be so large that the actor hardly moved. For gamma = 0 nothing changes.
    """

    def __init__(self, venv: VecEnv, gamma: float) -> None:
        """Wrap a vector environment.

        Args:
            venv: vector environment.
            gamma: discount factor; 1 leaves rewards as they are.
        """
        super().__init__(venv)
        self._scale = 1.0 - gamma if gamma < 1.0 else 1.0

    def reset(self) -> Any:
        """Start episodes."""
        return self.venv.reset()

    def step_wait(self) -> Any:
        """Finish a step and return its results with scaled rewards."""
        observation, reward, done, info = self.venv.step_wait()
        return observation, self._scale * reward, done, info
