"""`parallel_env`: every camera as an agent of its own, in the Parallel interface of PettingZoo. Source: ours.

A camera sees its own row of the observation, and what all cameras know of the cell. It chooses its operating point and
bids for bandwidth and power: its coordinates are those of the environment, where shares are a softmax of all bids. All
cameras get the same reward, that of the cell. Needs the extra ``multi-agent``.
"""

from __future__ import annotations

from typing import Any, ClassVar

import gymnasium
import numpy as np
from gymnasium.spaces import Box
from numpy.typing import NDArray

from edgevision.envs.environment import OffloadingEnv
from edgevision.envs.observation import FEATURE_LIMIT
from edgevision.envs.registration import built_in_id
from edgevision.errors import InvalidActionError, ScenarioError, shown
from edgevision.imports import require

ParallelEnv: Any = require("pettingzoo", "multi-agent").ParallelEnv


class CameraEnv(ParallelEnv):
    """The cameras of a cell as agents ``camera_0`` to ``camera_U-1``.

    Attributes:
        env: the environment of the cell.
        possible_agents: names of all cameras; all of them act in every slot.
    """

    metadata: ClassVar[dict[str, Any]] = {"name": "edgevision_cameras", "render_modes": ["rgb_array", "human", "ansi"]}

    def __init__(self, env: OffloadingEnv) -> None:
        """Take over the environment of a cell.

        Raises:
            ScenarioError: it has other spaces than sets.
        """
        if not isinstance(env.observation_space, gymnasium.spaces.Dict):
            raise ScenarioError("cameras are agents of an environment with spaces='sets'")
        self.env, self.render_mode = env, env.render_mode
        self.possible_agents = [f"camera_{user}" for user in range(env.config.users)]
        self.agents: list[str] = []
        own, cell = (env.observation_space[key].shape for key in ("users", "cell"))
        width = int(own[1] + cell[0] + 1)  # type: ignore[index]
        seen = Box(-FEATURE_LIMIT, FEATURE_LIMIT, (width,), np.float32)
        acts = Box(-1.0, 1.0, (int(env.action_space.shape[1]),), np.float32)  # type: ignore[index]
        self.observation_spaces = dict.fromkeys(self.possible_agents, seen)
        self.action_spaces = dict.fromkeys(self.possible_agents, acts)

    def observation_space(self, agent: str) -> Box:
        """Own features, those of the cell, and whether the camera has a request: ``Box(F + G + 1)``."""
        return self.observation_spaces[agent]

    def action_space(self, agent: str) -> Box:
        """A row of the environment's action: operating point, bid for bandwidth, bid for power: ``Box(A)``."""
        return self.action_spaces[agent]

    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, NDArray[np.float32]], dict[str, dict[str, Any]]]:
        """Start an episode; ``options={"trace": trace}`` replays one. Other options are ignored, as tools expect."""
        known = {"trace": options["trace"]} if options and "trace" in options else None
        seen, info = self.env.reset(seed=seed, options=known)
        self.agents = list(self.possible_agents)
        return self._split(seen), self._told(info)

    def step(self, actions: dict[str, NDArray[Any]]) -> tuple[dict[str, Any], ...]:
        """Advance one slot with an action of every camera.

        Raises:
            InvalidActionError: an action is missing, or is not in its space.
        """
        if not isinstance(actions, dict) or set(actions) != set(self.agents):
            raise InvalidActionError(
                f"actions must name each of {', '.join(self.agents) or 'no agent'}; got {shown(actions)}"
            )
        try:
            joint = np.stack([np.asarray(actions[agent]) for agent in self.agents])
        except ValueError:
            raise InvalidActionError("actions of the cameras have different shapes") from None
        seen, reward, _, truncated, info = self.env.step(joint)
        agents = self.agents
        found = (
            self._split(seen),
            dict.fromkeys(agents, reward),
            dict.fromkeys(agents, False),
            dict.fromkeys(agents, truncated),
            self._told(info),
        )
        if truncated:
            self.agents = []
        return found

    def state(self) -> NDArray[np.float32]:
        """What all cameras see together, in one row."""
        return np.concatenate([part.ravel() for part in self._seen.values()], dtype=np.float32)

    def render(self) -> Any:
        """Draw the last slot; see `OffloadingEnv`."""
        return self.env.render()

    def close(self) -> None:
        """Close the window, if one is open."""
        self.env.close()

    def _split(self, seen: dict[str, NDArray[Any]]) -> dict[str, NDArray[np.float32]]:
        self._seen = seen
        cell = np.broadcast_to(seen["cell"], (len(seen["users"]), len(seen["cell"])))
        rows = np.concatenate([seen["users"], cell, seen["active"][:, None]], axis=1, dtype=np.float32)
        return dict(zip(self.agents, rows, strict=True))

    def _told(self, info: dict[str, Any]) -> dict[str, dict[str, Any]]:
        """The entries of info about a camera, and those about the cell."""
        users = len(self.agents)
        split = {key for key, value in info.items() if np.shape(value) == (users,)}
        return {
            agent: {key: value[user] if key in split else value for key, value in info.items()}
            for user, agent in enumerate(self.agents)
        }


def parallel_env(env_id: str, **settings: Any) -> CameraEnv:
    """The cameras of an environment id as agents.

    Args:
        env_id: an id of this package, or one that extends it.
        **settings: keywords of the environment.

    Raises:
        UnknownNameError: no such id, preset, setting or profile.
        ScenarioError: settings contradict each other.
        MissingExtraError: PettingZoo is not installed.
    """
    built_in_id(env_id)
    env = gymnasium.make(env_id, **settings).unwrapped
    assert isinstance(env, OffloadingEnv)  # noqa: S101 - `built_in_id` has checked it
    return CameraEnv(env)
