"""`VectorReward`: what an answer is worth and what it costs, as a vector, in the manner of MO-Gymnasium."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Box
from numpy.typing import NDArray

#: The entries of the reward, in order.
OBJECTIVES = ("in_time", "accuracy", "energy")


class VectorReward(gymnasium.Wrapper[Any, Any, Any, Any]):
    """Replaces the reward of a scalar environment by a vector (3,), all entries to be made large.

    ===  ==================================================================  ============
    Num  Entry                                                               Range
    ===  ==================================================================  ============
    0    mean over the active cameras of the probability to be in time       0 to 1
    1    mean over the active cameras of the accuracy of their answers       0 to 1
    2    minus the energy that all cameras spend on their requests [J]       below 0
    ===  ==================================================================  ============

    A slot without requests has zeros. The reward of the environment itself is in ``info["reward"]``; it is a mean of
    products, so that no weights of the vector give it. Tools of MO-Gymnasium find ``reward_space`` and ``reward_dim``
    at ``env.unwrapped``.

    Attributes:
        reward_space: ``Box(3,)``.
        reward_dim: 3.
    """

    def __init__(self, env: gymnasium.Env[Any, Any]) -> None:
        """Wrap a scalar environment of this package."""
        super().__init__(env)
        self.reward_space = Box(np.array([0, 0, -np.inf]), np.array([1, 1, 0]), dtype=np.float64)
        self.reward_dim = len(OBJECTIVES)
        for name in ("reward_space", "reward_dim"):
            setattr(env.unwrapped, name, getattr(self, name))

    def step(self, action: NDArray[Any]) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Step with a reward (3,)."""
        observation, reward, terminated, truncated, info = self.env.step(action)
        vector = np.array([info["in_time"], info["accuracy"], -np.sum(info["energy"])], np.float64)
        return observation, vector, terminated, truncated, info | {"reward": reward}
