"""`PRICE_VIEW`: an agent sets prices, and the solver of a slot allocates. Source: ours.

Two numbers per camera take the place of an allocation: a price of energy and a value of waiting, relative to those of
the policy ``mpc``. Action 0 is that policy. What is convex in a slot is left to `Priced`; what couples the slots is
left to the agent.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgevision.arrays import FloatArray
from edgevision.baselines.dynamic.look_ahead import value_ahead
from edgevision.baselines.dynamic.mpc import Mpc
from edgevision.baselines.dynamic.priced import Priced
from edgevision.envs.allocation import Allocation
from edgevision.envs.dynamic.dynamic_view import DYNAMIC_VIEW
from edgevision.envs.observation import FEATURE_LIMIT
from edgevision.envs.problem import SlotProblem
from edgevision.envs.view import View

#: Logarithm of the largest factor on the price of energy.
PRICE_RANGE = 1.6
#: Largest change of the value of waiting [successes].
WAITING_RANGE = 0.5
#: Slots ahead at which the value of the request is observed.
VALUE_SLOTS = (0, 1, 2, 4, 8, 16)
#: Shares of the band at which that value is taken: about what a camera gets.
_USUAL_SHARE = np.array([0.13])
_REFERENCE = Mpc()


def price_observe(problem: SlotProblem) -> dict[str, NDArray[Any]]:
    """Observe N slots as `DYNAMIC_VIEW` does, with the value of each request at the reference price.

    Raises:
        SlotProblemError: the problem has no outlook.
    """
    observation = DYNAMIC_VIEW.observe(problem)
    price, waiting = reference_prices(problem)
    horizon = problem.future.route_gain.shape[1]
    values = [
        value_ahead(problem, price, ahead, shares=_USUAL_SHARE) if ahead < horizon else np.zeros(problem.active.shape)
        for ahead in VALUE_SLOTS
    ]
    values.append(waiting)
    first = len(DYNAMIC_VIEW.user_features)
    users = observation["users"]
    more = np.clip(np.stack(values, axis=-1), -FEATURE_LIMIT, FEATURE_LIMIT).astype(users.dtype)
    return {**observation, "users": np.concatenate([users[..., :first], more, users[..., first:]], axis=-1)}


@functools.lru_cache(maxsize=1)
def reference_prices(problem: SlotProblem) -> tuple[FloatArray, FloatArray]:
    """Price of energy and value of waiting at action 0, (N, U) each, read-only.

    They are needed to observe a slot and again to act in it, so those of the last problem are kept.
    """
    prices = _REFERENCE.prices(problem)
    for values in prices:
        values.setflags(write=False)
    return prices


def at_prices(action: FloatArray, problem: SlotProblem) -> SlotProblem:
    """The slots at the prices that actions (N, U, 2) set.

    Coordinate 0 multiplies the price of energy by exp(1.6 a); coordinate 1 adds a / 2 to the value of waiting, which is
    at least 0, and always 0 for a request in its last slot.
    """
    price, waiting = reference_prices(problem)
    raised = np.maximum(waiting + WAITING_RANGE * action[..., 1], 0.0)
    return problem.priced(price * np.exp(PRICE_RANGE * action[..., 0]), np.where(problem.future.slack > 1, raised, 0.0))


def price_decode(action: FloatArray, problem: SlotProblem) -> Allocation:
    """Allocate at the prices that actions (N, U, 2) set."""
    return Priced().act(at_prices(action, problem))


def price_choices(grid: tuple[int, ...]) -> tuple[int, ...]:
    """Five values of each price for discrete learners; the middle one is that of ``mpc``."""
    return (5, 5)


PRICE_VIEW = View(
    name="dynamic-price",
    user_features=(
        *DYNAMIC_VIEW.user_features,
        *(f"value of the request in {slots} slots at the reference price" for slots in VALUE_SLOTS),
        "value of waiting at the reference price",
    ),
    cell_features=DYNAMIC_VIEW.cell_features,
    observe=price_observe,
    decode=price_decode,
    choices=price_choices,
)
