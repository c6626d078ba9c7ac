"""`LookAhead`: waiting is worth what the known route promises within the time that the request has left."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import numpy as np

from edgevision.arrays import FloatArray
from edgevision.baselines.dynamic.adaptive_price import adaptive_price
from edgevision.baselines.dynamic.priced import Priced
from edgevision.baselines.dynamic.send_values import SHARES, best_values
from edgevision.baselines.dynamic.waiting import encoding_cost
from edgevision.baselines.joint.upper_bound import active_users
from edgevision.baselines.policy_registry import register
from edgevision.checks import real_number
from edgevision.envs.allocation import Allocation
from edgevision.envs.problem import SlotProblem
from edgevision.errors import PolicyOptionError

#: Slots ahead that are looked at; later ones more coarsely.
_AHEAD = (1, 2, 3, 4, 6, 8, 12, 16, 20)


@register
class LookAhead:
    """The price of `Adaptive`; a request waits if the route promises more than sending now. Source: ours.

    The gain in h slots is that of the route then, times today's shadowing shrunk by its correlation over h slots, plus
    ``upside`` standard deviations of what is unknown about it: a request can wait on if the shadowing turns out worse.
    The value of waiting is the best net value of the request there, after paying the usual price of bandwidth.
    """

    name = "look-ahead"
    kind = "solver"
    families = ("dynamic",)
    search: ClassVar[dict[str, tuple[float, ...]]] = {
        "price": (4.0, 6.0, 8.0, 10.0, 12.0, 14.0, 17.0, 20.0, 24.0, 32.0, 48.0),
        "trust": (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 1.0, 1.05, 1.1, 1.2),
        "bandwidth_price": (0.0, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1.2),
        "upside": (0.0, 0.125, 0.25, 0.375, 0.5, 0.75, 1.0),
    }

    def __init__(
        self, price: float = 12.0, trust: float = 0.9, bandwidth_price: float = 0.2, upside: float = 0.375
    ) -> None:
        """Set price and trust.

        Args:
            price: price of energy with 10 mJ per expected request [successes / J].
            trust: share of the promised value that counts.
            bandwidth_price: usual price of the whole band [successes].
            upside: standard deviations of the unknown shadowing that count.

        Raises:
            PolicyOptionError: a value is not a number, or out of range.
        """
        self.price = real_number("price", price, 0.0, 1e9, PolicyOptionError)
        self.trust = real_number("trust", trust, 0.0, 100.0, PolicyOptionError)
        self.bandwidth_price = real_number("bandwidth_price", bandwidth_price, 0.0, 1e9, PolicyOptionError)
        self.upside = real_number("upside", upside, 0.0, 10.0, PolicyOptionError)

    def act(self, problem: SlotProblem) -> Allocation:
        """Allocate for every slot of the batch."""
        price = adaptive_price(problem, self.price)
        promise = np.zeros(problem.active.shape)
        for ahead in _AHEAD:
            value = value_ahead(problem, price, ahead, bandwidth_price=self.bandwidth_price, upside=self.upside)
            promise = np.maximum(promise, value)
        return Priced().act(problem.priced(price, self.trust * promise))


def value_ahead(
    problem: SlotProblem,
    price: FloatArray,
    ahead: int,
    *,
    bandwidth_price: float = 0.0,
    upside: float = 0.0,
    shares: FloatArray = SHARES,
) -> FloatArray:
    """The best net value of each request in ``ahead`` slots at the gain expected there, (N, U).

    It is 0 if the request's time is over by then.

    Args:
        problem: the slots.
        price: price of energy, (N, U) [successes / J].
        ahead: number of slots to look ahead.
        bandwidth_price: price of the whole band [successes].
        upside: standard deviations of the unknown shadowing that are added to the gain.
        shares: shares of the band that may be used, (B,).
    """
    future = problem.future
    found = np.zeros(problem.active.shape)
    still = problem.active & (future.slack > ahead)
    if not still.any():
        return found
    kept = future.correlation**ahead
    shadowing = np.log(problem.gain_scale / future.route_gain[:, 0])
    unknown = np.log(10.0) / 10.0 * future.shadowing_db * np.sqrt(1.0 - kept**2)
    gain = future.route_gain[:, ahead] * np.exp(shadowing * kept + upside * unknown)
    slot, users = active_users(replace(problem, active=still, gain_scale=gain))
    user = np.nonzero(still)[1]
    per_budget = price[slot, user] * problem.deadline[slot, user] * problem.power_budget[slot]
    value = best_values(users, shares, per_budget)[0] - bandwidth_price * shares
    found[slot, user] = np.maximum(value.max(axis=1) - encoding_cost(problem, price)[slot, user], 0.0)
    return found
