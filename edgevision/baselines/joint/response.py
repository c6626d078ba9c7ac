"""Step 3 of ``joint``: each user's response to prices, that is, what it would choose if it paid for its resources.

A user that pays lambda for bandwidth and nu for power maximises

    eta_k P_k(beta, pi) - lambda beta - nu pi   over k, beta >= least, pi >= least.

The maximum lies where both shares are free, where one is at its minimum, or where both are. The regimes ``free`` and
``least_power`` come from ``response_table``, ``least_bandwidth`` from ``power_table``. With both at their minimum, P
does not depend on prices.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgevision.arrays import FloatArray, IntArray
from edgevision.baselines.joint.best_points import SMALLEST_SHARE, log_unit_threshold, success
from edgevision.baselines.joint.ladder_points import PointChoice
from edgevision.baselines.joint.power_table import power_table
from edgevision.baselines.joint.response_table import GRID, bandwidth_elasticity, response_table
from edgevision.baselines.joint.scaled_slots import ScaledSlots, at


@dataclass(frozen=True, eq=False)
class Response:
    """Operating points, shares and net value of every user at some prices.

    Attributes:
        points: index into the K points, (U, N).
        bandwidth: share of B_max, (U, N).
        power: share of P_max, (U, N).
        value: eta P minus the cost of the shares, (U, N).
        gain: eta P minus its value at minimum shares, (U, N).
    """

    points: IntArray
    bandwidth: FloatArray
    power: FloatArray
    value: FloatArray
    gain: FloatArray


#: Points, bandwidth, power and net value of one regime.
_Answer = tuple[IntArray, FloatArray, FloatArray, FloatArray]


@dataclass(frozen=True, eq=False)
class Responders:
    """Quantities for responses that do not depend on prices.

    Attributes:
        choice: finds the best points.
        log_relative: log of A over ``load``; broadcasts to (K, U, N).
        log_price: ``log_relative`` - log eta; broadcasts to (K, U, N).
        log_load: log of ``load``, (U, N).
        log_y: log y of the regime ``least_power`` at A = ``load``, (U, N).
        least_points: best point at minimum shares, (U, N).
        least_success: eta P at this point and minimum shares, (U, N).
    """

    choice: PointChoice
    log_relative: FloatArray
    log_price: FloatArray
    log_load: FloatArray
    log_y: FloatArray
    least_points: IntArray
    least_success: FloatArray


def responders(slots: ScaledSlots, choice: PointChoice) -> Responders:
    """Prepare a batch."""
    log_relative, log_load = np.log(slots.relative), np.log(slots.load)
    least_points = choice.at_shares(*slots.least)
    return Responders(
        choice,
        log_relative,
        log_relative - np.log(slots.accuracy),
        log_load,
        slots.log_noise + log_load - np.log(np.maximum(slots.least[1], SMALLEST_SHARE)),
        least_points,
        success(slots, least_points, *slots.least),
    )


def respond(slots: ScaledSlots, users: Responders, prices: FloatArray) -> Response:
    """The response of every user to ``prices`` (2, 1, N)."""
    log_prices = np.log(prices)
    least_b, least_p = slots.least
    least = users.least_success - prices[0] * least_b - prices[1] * least_p
    k, b, p, v = np.full(least.shape, -1), least_b, least_p, least
    for regime in (_least_bandwidth, _least_power, _free):
        k_new, b_new, p_new, v_new = regime(slots, users, prices, log_prices)
        better = (v_new > v) & (p_new >= least_p) & (b_new >= 0.97 * least_b)
        k, b = np.where(better, k_new, k), np.where(better, np.maximum(b_new, least_b), b)
        p, v = np.where(better, p_new, p), np.where(better, v_new, v)
    return _within_reach(slots, users, prices, k, b, p, least)


def _free(slots: ScaledSlots, users: Responders, prices: FloatArray, log_prices: FloatArray) -> _Answer:
    """Best choice with both shares free."""
    log_lambda, log_nu = log_prices
    log_r = slots.log_noise + (log_nu - log_lambda)
    points, value = users.choice.free(log_r, log_lambda)
    where = GRID.place(log_r, log_lambda + users.log_load + at(users.log_price, points))
    q = np.exp(where.read(response_table("free", slots.fading, slots.model).log_exponent))
    bandwidth = slots.exponent(points) / q
    return points, bandwidth, prices[0] / prices[1] * bandwidth / bandwidth_elasticity(q), value


def _least_power(slots: ScaledSlots, users: Responders, prices: FloatArray, log_prices: FloatArray) -> _Answer:
    """Best choice with power at its minimum."""
    log_lambda, least = log_prices[0], slots.least[1]
    points, value = users.choice.least_power(log_lambda)
    where = GRID.place(
        users.log_y + at(users.log_relative, points), log_lambda + users.log_load + at(users.log_price, points)
    )
    q = np.exp(where.read(response_table("least_power", slots.fading, slots.model).log_exponent))
    return points, slots.exponent(points) / q, least, value - prices[1] * least


def _least_bandwidth(slots: ScaledSlots, users: Responders, prices: FloatArray, log_prices: FloatArray) -> _Answer:
    """Best choice with bandwidth at its minimum."""
    log_nu, least = log_prices[1], slots.least[0]
    points, value = users.choice.least_bandwidth(log_nu)
    exponent = slots.exponent(points)
    log_unit = log_unit_threshold(slots, np.minimum(exponent / np.maximum(least, SMALLEST_SHARE), 1e30))
    table = power_table(slots.fading, slots.model)
    power = table.read(log_nu + log_unit - np.log(at(slots.accuracy, points)), table.power) * np.exp(log_unit)
    return points, least, power, value - prices[0] * least


def _within_reach(
    slots: ScaledSlots,
    users: Responders,
    prices: FloatArray,
    points: IntArray,
    bandwidth: FloatArray,
    power: FloatArray,
    least: FloatArray,
) -> Response:
    """Limit shares to what the minima of the others leave; use minimum shares where these are at least as good."""
    cut = (bandwidth > slots.most[0]) | (power > slots.most[1])
    better, points = points >= 0, np.maximum(points, 0)
    if cut.any():
        # The best point for larger shares is hardly the best for smaller ones.
        bandwidth, power = np.minimum(bandwidth, slots.most[0]), np.minimum(power, slots.most[1])
        points = np.where(cut, users.choice.at_shares(bandwidth, power), points)
    gross = success(slots, points, bandwidth, power)
    value = gross - prices[0] * bandwidth - prices[1] * power
    kept = slots.active & better & (value > least)
    value = np.where(kept, value, np.where(slots.active, least, 0.0))
    return Response(
        points=np.where(kept, points, users.least_points),
        bandwidth=np.where(kept, bandwidth, slots.least[0]),
        power=np.where(kept, power, slots.least[1]),
        value=value,
        gain=np.where(kept, gross - users.least_success, 0.0),
    )
