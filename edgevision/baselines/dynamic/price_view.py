"""`PRICE_VIEW`: an agent sets prices, and the solver of a slot allocates. Source: ours.

Two numbers per camera take the place of an allocation: a price of energy and a value of waiting, as multiples of those
of the policy ``adaptive``. Action 0 is that policy. What is convex in a slot is left to `Priced`; what couples the
slots is left to the agent.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgevision.arrays import FloatArray
from edgevision.baselines.dynamic.adaptive import Adaptive, adaptive_price
from edgevision.baselines.dynamic.look_ahead import value_ahead
from edgevision.baselines.dynamic.priced import Priced
from edgevision.baselines.dynamic.waiting import waiting_value
from edgevision.envs.dynamic.dynamic_view import DYNAMIC_VIEW
from edgevision.envs.observation import FEATURE_LIMIT
from edgevision.envs.problem import Allocation, SlotProblem
from edgevision.envs.view import View

#: Logarithm of the largest factor on the price of energy.
PRICE_RANGE = 1.6
#: Slots ahead at which the value of the request is observed.
VALUE_SLOTS = (0, 1, 2, 4, 8, 16)
#: Shares of the band at which that value is taken: about what a camera gets.
_USUAL_SHARE = np.array([0.13])
_REFERENCE = Adaptive()


def price_observe(problem: SlotProblem) -> dict[str, NDArray[Any]]:
    """Observe N slots as `DYNAMIC_VIEW` does, with the value of each request at the reference price.

    Raises:
        SlotProblemError: the problem has no outlook.
    """
    observation = DYNAMIC_VIEW.observe(problem)
    price = adaptive_price(problem, _REFERENCE.price)
    horizon = problem.future.route_gain.shape[1]
    values = [
        value_ahead(problem, price, ahead, shares=_USUAL_SHARE) if ahead < horizon else np.zeros(problem.active.shape)
        for ahead in VALUE_SLOTS
    ]
    first = len(DYNAMIC_VIEW.user_features)
    users = observation["users"]
    more = np.clip(np.stack(values, axis=-1), -FEATURE_LIMIT, FEATURE_LIMIT).astype(users.dtype)
    return {**observation, "users": np.concatenate([users[..., :first], more, users[..., first:]], axis=-1)}


def reference_prices(problem: SlotProblem) -> tuple[FloatArray, FloatArray]:
    """Price of energy and value of waiting at action 0, (N, U) each."""
    waiting = waiting_value(problem, _REFERENCE.wait, _REFERENCE.by_slack)
    return adaptive_price(problem, _REFERENCE.price), waiting


def at_prices(action: FloatArray, problem: SlotProblem) -> SlotProblem:
    """The slots at the prices that actions (N, U, 2) set.

    Coordinate 0 multiplies the price of energy by exp(1.6 a), coordinate 1 the value of waiting by 1 + a.
    """
    price, waiting = reference_prices(problem)
    return problem.priced(price * np.exp(PRICE_RANGE * action[..., 0]), waiting * (1.0 + action[..., 1]))


def price_decode(action: FloatArray, problem: SlotProblem) -> Allocation:
    """Allocate at the prices that actions (N, U, 2) set."""
    return Priced().act(at_prices(action, problem))


PRICE_VIEW = View(
    name="dynamic-price",
    user_features=(
        *DYNAMIC_VIEW.user_features,
        *(f"value of the request in {slots} slots at the reference price" for slots in VALUE_SLOTS),
    ),
    cell_features=DYNAMIC_VIEW.cell_features,
    observe=price_observe,
    decode=price_decode,
    coordinates=lambda grid: 2,
)
