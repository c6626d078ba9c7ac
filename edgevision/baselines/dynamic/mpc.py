"""`Mpc`: model-predictive control over the channel that route and shadowing predict. Source: ours.

Log shadowing is a stationary Gaussian process with correlation rho from slot to slot and standard deviation sigma. With
z = shadowing / sigma, g_h the gain of the route in h slots and v the best net value of sending, the best rule when to
stop waiting follows from

    W_h(z) = max[v(g_h exp(sigma z)), trust E W_{h + 1}(rho z + sqrt(1 - rho^2) n)],  n standard normal,

down from the last slot of the request, after which W = 0. A request that waits is worth trust E W_1. All of it is
computed anew in each slot: the horizon rolls.
"""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import numpy as np

from edgevision.arrays import FloatArray
from edgevision.baselines.dynamic.adaptive_price import adaptive_price
from edgevision.baselines.dynamic.priced import Priced
from edgevision.baselines.dynamic.send_values import best_values
from edgevision.baselines.dynamic.waiting import encoding_cost
from edgevision.baselines.joint.inner_bound import Users
from edgevision.baselines.joint.upper_bound import active_users
from edgevision.baselines.policy_registry import register
from edgevision.checks import real_number
from edgevision.envs.allocation import Allocation
from edgevision.envs.problem import SlotProblem
from edgevision.errors import PolicyOptionError

#: Nodes of z.
_NODES = np.linspace(-3.0, 3.0, 9)
#: Points and weights of the standard normal distribution.
_NORMAL, _WEIGHT = np.polynomial.hermite_e.hermegauss(7)
_WEIGHT = _WEIGHT / _WEIGHT.sum()
#: Share of the band that is assumed in the future: about what a camera gets.
_SHARE = np.array([0.12])
#: Shadowing is never taken for exactly constant, so that z is defined [natural logarithm of the gain].
_LEAST_SIGMA = 1e-6
#: Nodes of the gain at which the value of sending is computed.
_GAINS = 6


@register
class Mpc:
    """The price of `Adaptive`; a request waits by the best stopping rule on the predicted channel. Source: ours.

    The rule knows the route and how shadowing changes, but neither later arrivals nor what other cameras will do.
    """

    name = "mpc"
    kind = "solver"
    families = ("dynamic",)
    search: ClassVar[dict[str, tuple[float, ...]]] = {
        "price": (4.0, 6.0, 8.0, 10.0, 11.0, 12.0, 13.0, 14.0, 17.0, 20.0, 24.0, 32.0, 48.0),
        "trust": (0.9, 0.92, 0.94, 0.95, 0.96, 0.97, 0.98, 0.99, 1.0),
        "bandwidth_price": (0.0, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8),
        "crowding": (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0),
    }

    def __init__(
        self, price: float = 14.0, trust: float = 1.0, bandwidth_price: float = 0.3, crowding: float = 0.3
    ) -> None:
        """Set price and trust.

        Args:
            price: price of energy with 10 mJ per expected request [successes / J].
            trust: share of what is expected in the next slot that counts, for every slot.
            bandwidth_price: usual price of the whole band [successes].
            crowding: share of the value of waiting that is lost if the queue is full.

        Raises:
            PolicyOptionError: a value is not a number, or out of range.
        """
        self.price = real_number("price", price, 0.0, 1e9, PolicyOptionError)
        self.trust = real_number("trust", trust, 0.0, 1.0, PolicyOptionError)
        self.bandwidth_price = real_number("bandwidth_price", bandwidth_price, 0.0, 1e9, PolicyOptionError)
        self.crowding = real_number("crowding", crowding, 0.0, 1.0, PolicyOptionError)

    def act(self, problem: SlotProblem) -> Allocation:
        """Allocate for every slot of the batch."""
        return Priced().act(problem.priced(*self.prices(problem)))

    def prices(self, problem: SlotProblem) -> tuple[FloatArray, FloatArray]:
        """Price of energy [successes / J] and value of waiting [successes], (N, U) each."""
        future = problem.future
        price = adaptive_price(problem, self.price)
        behind = np.maximum(future.waiting - 1, 0) / np.maximum(future.queue_length - 1, 1)[:, None]
        expected = self.trust * stopping_value(problem, price, self.trust, self.bandwidth_price)
        return price, (1.0 - self.crowding * behind) * expected


def stopping_value(problem: SlotProblem, price: FloatArray, trust: float, bandwidth_price: float) -> FloatArray:
    """E W_1 of each request that may wait, (N, U); 0 for the others.

    Args:
        problem: the slots.
        price: price of energy, (N, U) [successes / J].
        trust: factor on what is expected in the next slot.
        bandwidth_price: price of the whole band [successes].
    """
    future = problem.future
    may_wait = problem.active & (future.slack > 1)
    found = np.zeros(may_wait.shape)
    if not may_wait.any():
        return found
    row, user = np.nonzero(may_wait)
    sigma = np.maximum(np.log(10.0) / 10.0 * future.shadowing_db[row, user], _LEAST_SIGMA)
    rho, slack = future.correlation[row, user], future.slack[row, user]
    route = np.log(future.route_gain[row, : int(slack.max()), user])
    now = np.log(problem.gain_scale[row, user])
    _, users = active_users(replace(problem, active=may_wait))
    per_budget = price[row, user] * problem.deadline[row, user] * problem.power_budget[row]
    # Over the slots of each request alone, so that it is treated alike in every batch.
    own = np.where(np.arange(route.shape[1]) < slack[:, None], route, route[:, :1])
    low, high = own.min(axis=1) + sigma * _NODES[0], own.max(axis=1) + sigma * _NODES[-1] + 1e-9
    cost = bandwidth_price * _SHARE + encoding_cost(problem, price)[row, user][:, None]
    table = _values(users, per_budget, low - now, high - now, cost)
    step = np.sqrt(1.0 - rho**2)[:, None] * _NORMAL
    transition = np.stack([_weights(rho[:, None] * node + step) for node in _NODES], axis=1)
    value = np.zeros((len(row), len(_NODES)))
    for ahead in range(route.shape[1] - 1, 0, -1):
        position = (route[:, ahead, None] + sigma[:, None] * _NODES - low[:, None]) / (high - low)[:, None]
        send = _interpolated(table, position * (_GAINS - 1))
        wait = trust * (transition @ value[..., None])[..., 0]
        value = np.where((slack > ahead)[:, None], np.maximum(send, wait), 0.0)
    today = (now - route[:, 0]) / sigma
    found[row, user] = (_weights(rho[:, None] * today[:, None] + step) * value).sum(axis=1)
    return found


def _values(users: Users, price: FloatArray, low: FloatArray, high: FloatArray, cost: FloatArray) -> FloatArray:
    """Best value of M requests, less ``cost`` (M, 1), at log gains from ``low`` to ``high`` above today's, (M, G)."""
    columns = []
    for weight in np.linspace(0.0, 1.0, _GAINS):
        moved = replace(users, noise=users.noise * np.exp(-(low + weight * (high - low))))
        net = best_values(moved, _SHARE, price)[0] - cost
        columns.append(np.maximum(net[:, 0], 0.0))
    return np.stack(columns, axis=1)


def _interpolated(table: FloatArray, position: FloatArray) -> FloatArray:
    """Rows of a table (M, G) at fractional indices (M, Z)."""
    node = np.clip(position.astype(np.int64), 0, table.shape[1] - 2)
    low, high = (np.take_along_axis(table, node + more, axis=1) for more in (0, 1))
    return low + np.clip(position - node, 0.0, 1.0) * (high - low)


def _weights(target: FloatArray) -> FloatArray:
    """Probability that each node stands for, when z is one of ``target`` (M, 7), (M, Z); linear between nodes."""
    position = (np.clip(target, _NODES[0], _NODES[-1]) - _NODES[0]) / (_NODES[1] - _NODES[0])
    distance = np.abs(position[..., None] - np.arange(len(_NODES)))
    return np.asarray((np.maximum(1.0 - distance, 0.0) * _WEIGHT[:, None]).sum(axis=1))
