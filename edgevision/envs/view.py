"""`View`: how a learning agent sees a slot and acts on it; an environment has one, and a trained policy keeps its name.

Observations are ``Dict(users=Box(U, F), cell=Box(G), active=Box(U))`` in every view;
`edgevision.envs.interface` offers them in other forms.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from gymnasium.spaces import Box, Dict
from numpy.typing import NDArray

from edgevision.arrays import FloatArray
from edgevision.envs import action, observation
from edgevision.envs.allocation import Allocation
from edgevision.envs.observation import FEATURE_LIMIT
from edgevision.envs.problem import SlotProblem
from edgevision.registry import Registry


@dataclass(frozen=True)
class View:
    """Observations and actions, both pure functions of a `SlotProblem`.

    Attributes:
        name: name in `VIEWS`.
        user_features: names of the features of a user; features of the content follow them.
        cell_features: names of the features of the cell.
        observe: observation of N slots.
        decode: allocation for actions (N, U, A).
        choices: how many values of each coordinate of a user's action a discrete learner chooses from, for the grid of
            operating points; 1 leaves the coordinate at 0.
    """

    name: str
    user_features: tuple[str, ...]
    cell_features: tuple[str, ...]
    observe: Callable[[SlotProblem], dict[str, NDArray[Any]]]
    decode: Callable[[FloatArray, SlotProblem], Allocation]
    choices: Callable[[tuple[int, ...]], tuple[int, ...]]

    def coordinates(self, grid: tuple[int, ...]) -> int:
        """Number of coordinates A of a user's action."""
        return len(self.choices(grid))

    def observation_space(self, users: int, content_features: int) -> Dict:
        """Observation space of one environment."""
        width = len(self.user_features) + content_features
        return Dict(
            {
                "users": Box(-FEATURE_LIMIT, FEATURE_LIMIT, (users, width), np.float32),
                "cell": Box(-FEATURE_LIMIT, FEATURE_LIMIT, (len(self.cell_features),), np.float32),
                "active": Box(0.0, 1.0, (users,), np.float32),
            }
        )

    def action_space(self, users: int, grid: tuple[int, ...]) -> Box:
        """Action space of one environment, ``Box(-1, 1, (U, A))``."""
        return Box(-1.0, 1.0, (users, self.coordinates(grid)), np.float32)


#: Operating point, bandwidth share and power share of every user; see `edgevision.envs.action`.
SLOT_VIEW = View(
    name="slot",
    user_features=observation.USER_FEATURES,
    cell_features=observation.CELL_FEATURES,
    observe=observation.observe,
    decode=action.decode,
    choices=action.choices,
)

#: Views by name. A string names a module that is imported at the first use.
VIEWS: Registry[View] = Registry("view")
VIEWS.add("slot", SLOT_VIEW)
VIEWS.add("dynamic", "edgevision.envs.dynamic.dynamic_view:DYNAMIC_VIEW")
VIEWS.add("stream", "edgevision.envs.stream.stream_view:STREAM_VIEW")
VIEWS.add("dynamic-price", "edgevision.baselines.dynamic.price_view:PRICE_VIEW")
