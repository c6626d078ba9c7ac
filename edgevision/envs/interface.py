"""`Interface`: a view as Gymnasium spaces, in the form that a tool takes: sets, flat, or discrete.

``sets``      observations ``Dict(users=Box(U, F), cell=Box(G), active=Box(U))``, actions ``Box(U, A)``
``flat``      the same numbers in one row: observations ``Box(U F + G + U)``, actions ``Box(U A)``
``discrete``  observations as ``flat``, actions ``MultiDiscrete``: some values of each coordinate of each user
"""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np
from gymnasium.spaces import Box, MultiDiscrete, Space
from numpy.typing import NDArray

from edgevision.arrays import FloatArray
from edgevision.envs.action import check_action, check_choice
from edgevision.envs.allocation import Allocation
from edgevision.envs.groups import by_groups
from edgevision.envs.observation import FEATURE_LIMIT
from edgevision.envs.problem import SlotProblem
from edgevision.envs.view import View
from edgevision.errors import ScenarioError, shown

Kind = Literal["sets", "flat", "discrete"]


class Interface:
    """The spaces of one environment, and the way between them and a `View`.

    Attributes:
        observation_space: of one environment.
        action_space: of one environment.
    """

    def __init__(self, kind: str, view: View, users: int, content_features: int, grid: tuple[int, ...]) -> None:
        """Choose the form.

        Raises:
            ScenarioError: there is no such form.
        """
        if kind not in get_args(Kind):
            raise ScenarioError(f"spaces must be one of {', '.join(get_args(Kind))}, got {shown(kind)}")
        self._view, self._flat = view, kind != "sets"
        self._shape = (users, view.coordinates(grid))
        self._values: NDArray[np.int64] | None = None
        self.observation_space: Space[Any] = view.observation_space(users, content_features)
        self.action_space: Space[Any] = view.action_space(users, grid)
        if self._flat:
            width = sum(int(np.prod(space.shape or ())) for space in self.observation_space.values())
            self.observation_space = Box(-FEATURE_LIMIT, FEATURE_LIMIT, (width,), np.float32)
            self.action_space = Box(-1.0, 1.0, (int(np.prod(self._shape)),), np.float32)
        if kind == "discrete":
            self._values = np.tile(np.array(view.choices(grid), np.int64), users)
            self.action_space = MultiDiscrete(self._values)

    def observe(self, problem: SlotProblem) -> Any:
        """Observations of N slots: arrays (N, ..) by key, or one array (N, W) float32."""
        seen = by_groups(self._view.observe, problem.users, problem)
        if not self._flat:
            return seen
        return np.concatenate([part.reshape(len(part), -1) for part in seen.values()], axis=1, dtype=np.float32)

    def read(self, action: object, space: Space[Any]) -> FloatArray:
        """Actions of ``space``, one or a batch, as coordinates in [-1, 1], (N, U, A).

        Raises:
            InvalidActionError: wrong shape, not numbers, or out of range.
        """
        if self._values is None:
            values = check_action(action, space)
        else:
            # Choices are spread evenly from -1 to 1; a coordinate without a choice is 0.
            choice = check_choice(action, np.broadcast_to(self._values, space.shape or ()))
            last = self._values - 1
            values = np.where(last > 0, 2.0 * choice / np.maximum(last, 1) - 1.0, 0.0)
        # Each coordinate of all users in one piece, as `decode` reads it.
        by_coordinate = values.reshape(-1, *self._shape).transpose(2, 0, 1)
        return np.ascontiguousarray(by_coordinate, np.float64).transpose(1, 2, 0)

    def decode(self, coordinates: FloatArray, problem: SlotProblem) -> Allocation:
        """Allocation for coordinates (N, U, A)."""
        return by_groups(self._view.decode, problem.users, coordinates, problem)


def row(observation: Any, index: int) -> Any:
    """The observation of one environment of a batch."""
    if isinstance(observation, dict):
        return {key: value[index] for key, value in observation.items()}
    return observation[index]
