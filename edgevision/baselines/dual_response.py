"""What every user would take at given prices, the minimum shares respected: the inner maximum of the dual problem.

The maximum over b >= b_min, p >= p_min lies where both are free, where one is at its minimum, or where both are. The
first two come from ``dual_tables``, power at minimum bandwidth from ``dual_power``; the last is known beforehand.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgevision.baselines.dual_slots import DualSlots, at, best_of, thresholds
from edgevision.baselines.dual_tables import Place, ResponseTable, bandwidth_elasticity, place, response_table
from edgevision.envs.problem import FloatArray, IntArray

_SMALLEST_SHARE = 1e-12
TOL = 0.03


@dataclass(frozen=True, eq=False)
class Response:
    """Operating points, shares and net value of every user at some prices.

    Attributes:
        points: index into the K points, (N, U).
        bandwidth: share of B_max, (N, U).
        power: share of P_max, (N, U).
        value: eta P less what the shares cost, (N, U).
        gain: by how much eta P exceeds its value at minimum shares, (N, U).
    """

    points: IntArray
    bandwidth: FloatArray
    power: FloatArray
    value: FloatArray
    gain: FloatArray


@dataclass(frozen=True, eq=False)
class ResponseCurves:
    """Logarithms that answers to any prices need, for the L candidate points of each user.

    Attributes:
        points: index of each candidate into the K points, (L,).
        exponent: A, (L, N, U).
        accuracy: eta, broadcasts to (L, N, U).
        log_price: log A - log eta; with log lambda it makes log c, (L, N, U).
        log_most_exponent: log of the largest q, that at minimum bandwidth, with a tolerance, (L, N, U).
        log_least_power: log y of the regime ``least power``, (L, N, U).
        log_unit_threshold: log of the threshold per unit of power at minimum bandwidth, (L, N, U).
        log_narrow_price: that less log eta; with log nu it makes log c of the regime with bandwidth at its minimum.
        least_points: best point at minimum shares, (N, U).
        least_success: its eta P, (N, U).
    """

    points: IntArray
    exponent: FloatArray
    accuracy: FloatArray
    log_price: FloatArray
    log_most_exponent: FloatArray
    log_least_power: FloatArray
    log_unit_threshold: FloatArray
    log_narrow_price: FloatArray
    least_points: IntArray
    least_success: FloatArray


def response_curves(slots: DualSlots, points: IntArray) -> ResponseCurves:
    """Prepare the given operating points (L,)."""
    exponent, accuracy = slots.exponent[points], slots.accuracy[points]
    least_bandwidth, least_power = slots.least
    log_exponent, log_accuracy = np.log(exponent), np.log(accuracy)
    q = np.minimum(exponent / np.maximum(least_bandwidth, _SMALLEST_SHARE), 1e30)
    log_growth = q + np.log(-np.expm1(-np.maximum(q, 1e-30)))
    log_bandwidth = slots.log_noise + np.log(np.maximum(least_bandwidth, _SMALLEST_SHARE))
    success = accuracy * slots.table.success(thresholds(exponent, slots.noise, least_bandwidth, least_power))
    best = success.argmax(axis=0)
    log_unit_threshold = np.minimum(log_bandwidth + log_growth, 700.0)
    return ResponseCurves(
        points=points,
        exponent=exponent,
        accuracy=accuracy,
        log_price=log_exponent - log_accuracy,
        log_most_exponent=np.log(np.maximum(q, 1e-300)) + TOL,
        log_least_power=slots.log_noise + log_exponent - np.log(np.maximum(least_power, _SMALLEST_SHARE)),
        log_unit_threshold=log_unit_threshold,
        log_narrow_price=log_unit_threshold - log_accuracy,
        least_points=points.take(best),
        least_success=at(success, best),
    )


def respond(slots: DualSlots, curves: ResponseCurves, prices: FloatArray) -> Response:
    """The best answer of every user to ``prices`` (2, N, 1)."""
    log_lambda, log_nu = np.log(prices)
    price_b, price_p = prices
    table, (least_b, least_p) = slots.table, slots.least
    free = response_table("free", table.fading, table.model)
    lean = response_table("least power", table.fading, table.model)
    row = slots.log_noise + (log_nu - log_lambda)

    def stationary(of: ResponseTable, where: Place, candidate: int) -> FloatArray:
        value = curves.accuracy[candidate] * where.read(of.value)
        value[where.nearest(of.log_exponent) > curves.log_most_exponent[candidate]] = -np.inf
        return np.asarray(value)

    def free_value(candidate: int) -> FloatArray:
        return stationary(free, place(row, log_lambda + curves.log_price[candidate]), candidate)

    def lean_value(candidate: int) -> FloatArray:
        where = place(curves.log_least_power[candidate], log_lambda + curves.log_price[candidate])
        return stationary(lean, where, candidate)

    def narrow_value(candidate: int) -> FloatArray:
        log_c = log_nu + curves.log_narrow_price[candidate]
        return np.asarray(curves.accuracy[candidate] * table.read(log_c, table.value))

    count = len(curves.points)
    k_free, v_free = best_of(count, free_value)
    q = np.exp(place(row, log_lambda + at(curves.log_price, k_free)).read(free.log_exponent))
    b_free = at(curves.exponent, k_free) / q
    p_free = price_b / price_p * b_free / bandwidth_elasticity(q)

    k_lean, v_lean = best_of(count, lean_value)
    v_lean -= price_p * least_p
    where = place(at(curves.log_least_power, k_lean), log_lambda + at(curves.log_price, k_lean))
    b_lean = at(curves.exponent, k_lean) / np.exp(where.read(lean.log_exponent))

    k_narrow, v_narrow = best_of(count, narrow_value)
    v_narrow -= price_b * least_b
    p_narrow = table.read(log_nu + at(curves.log_narrow_price, k_narrow), table.power)
    p_narrow = p_narrow * np.exp(at(curves.log_unit_threshold, k_narrow))

    least = curves.least_success - price_b * least_b - price_p * least_p
    k, b, p, v = np.full(k_free.shape, -1), least_b, least_p, least
    for k_new, b_new, p_new, v_new in (
        (k_narrow, least_b, p_narrow, v_narrow),
        (k_lean, b_lean, least_p, v_lean),
        (k_free, b_free, p_free, v_free),
    ):
        better = (v_new > v) & (p_new >= least_p)
        k, b = np.where(better, k_new, k), np.where(better, np.maximum(b_new, least_b), b)
        p, v = np.where(better, p_new, p), np.where(better, v_new, v)
    return _within_reach(slots, curves, prices, k, b, p, least)


def _within_reach(
    slots: DualSlots,
    curves: ResponseCurves,
    prices: FloatArray,
    candidate: IntArray,
    bandwidth: FloatArray,
    power: FloatArray,
    least: FloatArray,
) -> Response:
    """Cut shares down to what the others' minima leave and fall back to the minimum shares where they pay no more."""
    chosen = np.maximum(candidate, 0)
    cut = (bandwidth > slots.most[0]) | (power > slots.most[1])
    bandwidth, power = np.minimum(bandwidth, slots.most[0]), np.minimum(power, slots.most[1])
    if cut.any():
        # What was best with more is hardly best with less.
        x = thresholds(curves.exponent[:, cut], slots.noise[cut], bandwidth[cut], power[cut])
        accuracy = np.broadcast_to(curves.accuracy, curves.exponent.shape)[:, cut]
        chosen[cut] = (accuracy * slots.table.success(x)).argmax(axis=0)
    x = thresholds(at(curves.exponent, chosen), slots.noise, bandwidth, power)
    gross = at(curves.accuracy, chosen) * slots.table.success(x)
    value = gross - prices[0] * bandwidth - prices[1] * power
    kept = slots.active & (candidate >= 0) & (value > least)
    points = curves.points.take(chosen)
    value = np.where(kept, value, np.where(slots.active, least, 0.0))
    return Response(
        points=np.where(kept, points, curves.least_points),
        bandwidth=np.where(kept, bandwidth, slots.least[0]),
        power=np.where(kept, power, slots.least[1]),
        value=value,
        gain=np.where(kept, gross - curves.least_success, 0.0),
    )
