"""`SB3VecEnv`: the vector environment in the interface of Stable-Baselines3, without worker processes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecEnv

import edgevision  # noqa: F401 - registers the ids
from edgevision.envs.vector_environment import OffloadingVectorEnv, make_vector


class SB3VecEnv(VecEnv):
    """Adapter from `OffloadingVectorEnv` in same-step autoreset mode to Stable-Baselines3's ``VecEnv``.

    Observations, rewards and ends of episodes are unchanged.
    """

    def __init__(self, env: OffloadingVectorEnv) -> None:
        """Adapt a vector environment.

        Args:
            env: vector environment, made with ``autoreset_mode="SameStep"``.

        Raises:
            ValueError: the environment has another autoreset mode.
        """
        if env.metadata["autoreset_mode"] != AutoresetMode.SAME_STEP:
            raise ValueError(
                "Stable-Baselines3 resets within the step; make the environment with autoreset_mode='SameStep'"
            )
        self.env = env
        self._actions: NDArray[Any] = np.empty(0)
        super().__init__(env.num_envs, env.single_observation_space, env.single_action_space)

    @classmethod
    def make(cls, env_id: str, n_envs: int, /, **settings: Any) -> SB3VecEnv:
        """Build ``n_envs`` environments of an id; ``settings`` are its `ScenarioConfig` keywords.

        Raises:
            UnknownNameError, ScenarioError: see ``make_vector``.
        """
        return cls(make_vector(env_id, n_envs, AutoresetMode.SAME_STEP, settings))

    def seed_episodes(self, seeds: Sequence[int]) -> None:
        """Set the seed of each environment for the next reset; ``seed`` would give runs overlapping seeds.

        Raises:
            ValueError: not one seed per environment.
        """
        if len(seeds) != self.num_envs:
            raise ValueError(f"needed {self.num_envs} seeds, got {len(seeds)}")
        self._seeds = [int(seed) for seed in seeds]

    def reset(self) -> Any:
        """Start an episode in every environment and return the observations."""
        observation, _ = self.env.reset(seed=self._seeds)
        self._reset_seeds()
        return observation

    def step_async(self, actions: NDArray[Any]) -> None:
        """Keep the actions (n, U, A + 2) for `step_wait`."""
        self._actions = actions

    def step_wait(self) -> Any:
        """Observations, rewards (n,), dones (n,) and one info dictionary per environment."""
        observation, reward, terminated, truncated, info = self.env.step(self._actions)
        rows = _rows(info, self.num_envs)
        for i in np.flatnonzero(terminated | truncated):
            rows[i]["terminal_observation"] = info["final_obs"][i]
            rows[i]["TimeLimit.truncated"] = bool(truncated[i] and not terminated[i])
        return observation, reward, terminated | truncated, rows

    def close(self) -> None:
        """Close the vector environment."""
        self.env.close()

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        """An attribute of the vector environment, once for each index."""
        return [getattr(self.env, attr_name) for _ in self._get_indices(indices)]

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        """Not supported, because the environments are one object; always raises ``NotImplementedError``."""
        raise NotImplementedError(f"cannot set {attr_name!r} for single environments; set it on .env")

    def env_method(self, method_name: str, *method_args: Any, indices: Any = None, **method_kwargs: Any) -> list[Any]:
        """Not supported, because the environments are one object; always raises ``NotImplementedError``."""
        raise NotImplementedError(f"cannot call {method_name!r} on single environments; call it on .env")

    def set_options(self, options: Any = None) -> None:
        """Not supported; raises ``NotImplementedError`` for any options."""
        if options:
            raise NotImplementedError("reset options are not supported; reset .env with them")

    def env_is_wrapped(self, wrapper_class: type[Any], indices: Any = None) -> list[bool]:
        """``False`` for each index: the vector environment has no wrappers."""
        return [False for _ in self._get_indices(indices)]


def _rows(info: dict[str, Any], n: int) -> list[dict[str, Any]]:
    """Split Gymnasium's vector info, the finished episodes' part included, into one dictionary per environment."""
    rows: list[dict[str, Any]] = [{} for _ in range(n)]
    for part in (info, info.get("final_info", {})):
        for key in part.keys() - {"final_obs", "final_info"}:
            if not key.startswith("_"):
                for i in np.flatnonzero(part[f"_{key}"]):
                    rows[i][key] = part[key][i]
    return rows
