"""Step 4 of ``joint``: clearing prices of bandwidth and power, at which demand meets both budgets.

They minimise the Lagrangian bound

    g(lambda, nu) = sum_i max [v_i - lambda beta_i - nu pi_i] + lambda + nu,

where v_i is eta P of user i. g is convex, and its slope is the unused part of each budget. Demand jumps where a user
drops to its minimum, so the search follows the sign of the slope, with steps that shrink when the sign changes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgevision.arrays import BoolArray, FloatArray
from edgevision.baselines.joint.best_points import valued
from edgevision.baselines.joint.ladder_points import PointChoice
from edgevision.baselines.joint.power_table import marginal_success
from edgevision.baselines.joint.response import Response, respond, responders
from edgevision.baselines.joint.response_table import bandwidth_elasticity
from edgevision.baselines.joint.scaled_slots import ScaledSlots, Shares, at, thresholds

_ITERATIONS = 8
_LARGEST_MOVE = 1.2


@dataclass(frozen=True, eq=False)
class Clearing:
    """Result of the search.

    Attributes:
        prices: lambda and nu of the lowest bound, per whole budget, (2, 1, N).
        equal: equal shares, the start of the search.
        under: response with the lowest bound among those that fit both budgets.
        over: response with the lowest bound among those that exceed a budget.
    """

    prices: FloatArray
    equal: Shares
    under: Response
    over: Response


def clear_prices(slots: ScaledSlots, choice: PointChoice) -> Clearing:
    """Search clearing prices for a batch of slots."""
    users = responders(slots, choice)
    equal = _equal_shares(slots, choice)
    log_prices = _stationary_prices(slots, equal)
    move, excess = np.zeros((2, *log_prices.shape))
    limit = np.full(log_prices.shape, _LARGEST_MOVE)
    lowest, best_prices = np.full(slots.count.shape, np.inf), np.exp(log_prices)
    lowest_under, lowest_over = lowest, lowest
    nothing = np.zeros(slots.active.shape)
    under = Response(users.least_points, *slots.least, nothing, nothing)
    over = under
    for _ in range(_ITERATIONS):
        prices = np.exp(log_prices)
        response = respond(slots, users, prices)
        bound = response.value.sum(axis=0, keepdims=True) + prices[0] + prices[1]
        best_prices = np.where(bound < lowest, prices, best_prices)
        lowest = np.minimum(bound, lowest)
        demand = np.stack([share.sum(axis=0, keepdims=True) for share in (response.bandwidth, response.power)])
        fits = (demand <= 1.0).all(axis=0)
        under = _replaced(under, response, fits & (bound < lowest_under))
        over = _replaced(over, response, ~fits & (bound < lowest_over))
        lowest_under = np.where(fits, np.minimum(bound, lowest_under), lowest_under)
        lowest_over = np.where(fits, lowest_over, np.minimum(bound, lowest_over))
        before, excess = excess, np.log(np.clip(demand, 0.05, 20.0))
        limit = np.where(excess * before < 0, 0.5 * np.abs(move), np.minimum(1.5 * limit, _LARGEST_MOVE))
        # Steps from typical elasticities: a higher price of bandwidth also saves power, but hardly the reverse.
        move = np.stack([0.8 * excess[0], 1.2 * excess[1] - 0.72 * excess[0]])
        move = np.clip(move, -limit, limit)
        log_prices = log_prices + move
    return Clearing(best_prices, equal, under, over)


def _replaced(old: Response, new: Response, where: BoolArray) -> Response:
    """``new`` in the slots ``where`` (1, N), ``old`` elsewhere."""
    return Response(*(np.where(where, getattr(new, name), value) for name, value in vars(old).items()))


def _equal_shares(slots: ScaledSlots, choice: PointChoice) -> Shares:
    """Equal shares with the best points: the start, and a good allocation if resources are plentiful."""
    share = slots.active / slots.count
    return valued(slots, choice.at_shares(share, share), share, share)


def _stationary_prices(slots: ScaledSlots, shares: Shares) -> FloatArray:
    """log lambda and log nu at which the shares are stationary on average, (2, 1, N)."""
    exponent, accuracy = slots.exponent(shares.points), at(slots.accuracy, shares.points)
    x = np.minimum(thresholds(exponent, slots.noise, shares.bandwidth, shares.power), 50.0)
    marginal = accuracy * marginal_success(x, slots.fading, slots.model) * x
    marginal = np.where(slots.active, marginal, 0.0)
    elasticity = bandwidth_elasticity(np.minimum(exponent / np.maximum(shares.bandwidth, 1e-30), 50.0))
    worth = np.stack([(marginal * elasticity).sum(axis=0, keepdims=True), marginal.sum(axis=0, keepdims=True)])
    return np.asarray(np.log(np.maximum(worth, 1e-3)))
