"""What every user would take at given prices, the minimum shares respected: the inner maximum of the dual problem.

The maximum over b >= b_min, p >= p_min lies where both are free, where one is at its minimum, or where both are. The
first two come from ``dual_tables``, power at minimum bandwidth from ``dual_power``; the last is known beforehand.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgevision.baselines.joint.best_points import (
    SMALLEST_SHARE,
    EnumeratedPoints,
    enumerated_points,
    log_unit_threshold,
    success,
)
from edgevision.baselines.joint.ladder_points import LadderPoints, ladder_points
from edgevision.baselines.joint.response_table import GRID, bandwidth_elasticity, response_table
from edgevision.baselines.joint.scaled_slots import DualSlots, at
from edgevision.envs.problem import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Response:
    """Operating points, shares and net value of every user at some prices.

    Attributes:
        points: index into the K points, (U, N).
        bandwidth: share of B_max, (U, N).
        power: share of P_max, (U, N).
        value: eta P less what the shares cost, (U, N).
        gain: by how much eta P exceeds its value at minimum shares, (U, N).
    """

    points: IntArray
    bandwidth: FloatArray
    power: FloatArray
    value: FloatArray
    gain: FloatArray


PointChoice = EnumeratedPoints | LadderPoints


@dataclass(frozen=True, eq=False)
class Responders:
    """What answers to any prices need.

    Attributes:
        choice: finds the best points.
        log_relative: log A over ``load``, broadcasts to (K, U, N).
        log_price: log A - log eta less the log of ``load``; broadcasts to (K, U, N).
        log_load: log of ``load``, (U, N).
        log_least_power: log y of the regime ``least power`` at A = ``load``, (U, N).
        least_points: best point at minimum shares, (U, N).
        least_success: its eta P, (U, N).
    """

    choice: PointChoice
    log_relative: FloatArray
    log_price: FloatArray
    log_load: FloatArray
    log_least_power: FloatArray
    least_points: IntArray
    least_success: FloatArray


def point_choice(slots: DualSlots) -> PointChoice:
    """Tables where all users share one ladder, else enumeration."""
    return ladder_points(slots) if slots.common else enumerated_points(slots)


def responders(slots: DualSlots, choice: PointChoice) -> Responders:
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


def respond(slots: DualSlots, users: Responders, prices: FloatArray) -> Response:
    """The best answer of every user to ``prices`` (2, 1, N)."""
    log_lambda, log_nu = np.log(prices)
    price_b, price_p = prices
    table, (least_b, least_p) = slots.table, slots.least
    free = response_table("free", table.fading, table.model)
    lean = response_table("least power", table.fading, table.model)
    row = slots.log_noise + (log_nu - log_lambda)
    log_lambda_load = log_lambda + users.log_load

    k_free, v_free = users.choice.free(row, log_lambda)
    q = np.exp(GRID.place(row, log_lambda_load + at(users.log_price, k_free)).read(free.log_exponent))
    b_free = slots.exponent(k_free) / q
    p_free = price_b / price_p * b_free / bandwidth_elasticity(q)

    k_lean, v_lean = users.choice.lean(log_lambda)
    v_lean = v_lean - price_p * least_p
    where = GRID.place(
        users.log_least_power + at(users.log_relative, k_lean), log_lambda_load + at(users.log_price, k_lean)
    )
    b_lean = slots.exponent(k_lean) / np.exp(where.read(lean.log_exponent))

    k_narrow, v_narrow = users.choice.narrow(log_nu)
    v_narrow = v_narrow - price_b * least_b
    exponent = slots.exponent(k_narrow)
    log_unit = log_unit_threshold(slots, np.minimum(exponent / np.maximum(least_b, SMALLEST_SHARE), 1e30))
    p_narrow = table.read(log_nu + log_unit - np.log(at(slots.accuracy, k_narrow)), table.power) * np.exp(log_unit)

    least = users.least_success - price_b * least_b - price_p * least_p
    k, b, p, v = np.full(k_free.shape, -1), least_b, least_p, least
    for k_new, b_new, p_new, v_new in (
        (k_narrow, least_b, p_narrow, v_narrow),
        (k_lean, b_lean, least_p, v_lean),
        (k_free, b_free, p_free, v_free),
    ):
        better = (v_new > v) & (p_new >= least_p) & (b_new >= 0.97 * least_b)
        k, b = np.where(better, k_new, k), np.where(better, np.maximum(b_new, least_b), b)
        p, v = np.where(better, p_new, p), np.where(better, v_new, v)
    return _within_reach(slots, users, prices, k, b, p, least)


def _within_reach(
    slots: DualSlots,
    users: Responders,
    prices: FloatArray,
    points: IntArray,
    bandwidth: FloatArray,
    power: FloatArray,
    least: FloatArray,
) -> Response:
    """Cut shares down to what the others' minima leave and fall back to the minimum shares where they pay no more."""
    cut = (bandwidth > slots.most[0]) | (power > slots.most[1])
    better, points = points >= 0, np.maximum(points, 0)
    if cut.any():
        # What was best with more is hardly best with less.
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
