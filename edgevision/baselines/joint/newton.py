"""Step 6 of ``joint``: Newton steps on the bandwidth and power of all users under both budgets.

The steps maximise sum_i eta_i F(x_i) over shares of each budget that add up to 1, first with operating points that
follow the shares, then with fixed points. In relative steps (d beta / beta, d pi / pi) a user's gradient is G (psi, 1)
and its Hessian -G M with

    G = -eta F'(x) x,   M = [[h psi^2 + chi + psi, h psi], [h psi, 1 + h]],   chi = q psi'(q),   h = -dlog G / dlog x,

where h depends on the fading: 1 - x^2 (exact), 2 - x^2 (chernoff), 1 - x (Rayleigh). M is positive definite for h >= 0;
where success is convex, h is raised to 0.

A user on a long ladder also changes its point, and then responds far more strongly to prices. With a = log A as a third
coordinate its Hessian is -G M' with the additional entries

    m_ba = -(psi s + chi),   m_pa = -s,   m_aa = (psi + 1) (epsilon + s) + chi,   s = epsilon + h (psi + 1),

where epsilon = dlog eta / da, and the Schur complement M - m m^T / m_aa replaces M.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from edgevision.arrays import BoolArray, FloatArray
from edgevision.baselines.joint.ladder_points import PointChoice
from edgevision.baselines.joint.power_table import marginal_success, power_table
from edgevision.baselines.joint.response_table import bandwidth_elasticity
from edgevision.baselines.joint.scaled_slots import LARGEST_EXPONENT, ScaledSlots, Shares, at, fill, thresholds

_MOST_GROWTH = 1.5
_ACTIVE_SET_ROUNDS = 2
_FREE_STEPS = 2
_FAR = 1e3  # larger than any bound of a step
_FIXED_STEPS = 1


def polish(slots: ScaledSlots, choice: PointChoice, shares: Shares, prices: FloatArray) -> Shares:
    """Newton steps with points that follow the shares, then with fixed points; the value never falls.

    Args:
        slots: the batch.
        choice: finds the best points.
        shares: a feasible start.
        prices: estimates of lambda and nu, (2, 1, N).
    """
    best = shares
    at_hand = replace(shares, points=choice.at_shares(shares.bandwidth, shares.power))
    for _ in range(_FREE_STEPS):
        local = _local(slots, at_hand)
        best = best.or_better(replace(at_hand, value=local.value))
        bandwidth, power, prices = _newton_step(slots, _quadratic(slots, local, free=True), at_hand, prices)
        at_hand = Shares(choice.at_shares(bandwidth, power), bandwidth, power, local.value)
    best = best.or_better(replace(at_hand, value=_local(slots, at_hand).value))
    points = choice.refined(best.points, best.bandwidth, best.power)
    return best.or_better(settle(slots, replace(best, points=points), prices))


def settle(slots: ScaledSlots, shares: Shares, prices: FloatArray) -> Shares:
    """The best allocation of Newton steps with fixed points; ignores ``shares.value`` at the start."""
    local = _local(slots, shares)
    best = at_hand = replace(shares, value=local.value)
    for _ in range(_FIXED_STEPS):
        bandwidth, power, prices = _newton_step(slots, _quadratic(slots, local, free=False), at_hand, prices)
        local = _local(slots, replace(at_hand, bandwidth=bandwidth, power=power))
        at_hand = Shares(at_hand.points, bandwidth, power, local.value)
        best = best.or_better(at_hand)
    return best


@dataclass(frozen=True, eq=False)
class _Local:
    """Quantities at given shares that Newton's method needs, (U, N) each, but ``value`` (1, N)."""

    bandwidth: FloatArray
    power: FloatArray
    exponent: FloatArray
    accuracy: FloatArray
    threshold: FloatArray
    success: FloatArray
    inner: BoolArray
    value: FloatArray


def _local(slots: ScaledSlots, shares: Shares) -> _Local:
    exponent = slots.exponent(shares.points)
    accuracy = np.where(slots.active, at(slots.accuracy, shares.points), 0.0)
    bandwidth, power = np.maximum(shares.bandwidth, 1e-30), np.maximum(shares.power, 1e-30)
    x = np.minimum(thresholds(exponent, slots.noise, bandwidth, power), 1e3)
    success = power_table(slots.fading, slots.model).success(x)
    return _Local(
        bandwidth=bandwidth,
        power=power,
        exponent=np.minimum(exponent / bandwidth, LARGEST_EXPONENT),
        accuracy=accuracy,
        threshold=x,
        success=success,
        inner=(shares.points > 0) & (shares.points < slots.points - 1),
        value=(accuracy * success).sum(axis=0, keepdims=True),
    )


@dataclass(frozen=True, eq=False)
class _Quadratic:
    """Quadratic model of each user around its shares, in relative steps and divided by G; all (U, N).

    The gradient is (``psi``, 1) - prices x ``cost``; the Hessian is -M with M = ``curvature`` (bb, bp, pp). Steps lie
    in ``low`` .. ``_MOST_GROWTH``.
    """

    psi: FloatArray
    curvature: tuple[FloatArray, FloatArray, FloatArray]
    cost: tuple[FloatArray, FloatArray]
    low: tuple[FloatArray, FloatArray]


@dataclass(frozen=True, eq=False)
class _Linear:
    """Optimal steps as a linear function of prices: ``rise`` - prices x ``slope``, for b, then for p."""

    rise: tuple[FloatArray, FloatArray]
    slope: tuple[FloatArray, FloatArray, FloatArray, FloatArray]


def _quadratic(slots: ScaledSlots, local: _Local, free: bool) -> _Quadratic:
    """The quadratic model; with ``free``, users between the ends of their ladder also change their point."""
    x, q = local.threshold, local.exponent
    psi = bandwidth_elasticity(q)
    chi = np.maximum((psi + 1.0) * (1.0 - (psi + 1.0) * np.exp(-q)), 0.0)
    gain = local.accuracy * marginal_success(x, slots.fading, slots.model) * x + 1e-300
    order = power_table(slots.fading, slots.model).order
    bend = np.maximum(1.0 - x if slots.fading == "rayleigh" else order - x * x, 0.0)
    m_bb, m_bp, m_pp = bend * psi * psi + chi + psi, bend * psi, 1.0 + bend
    if free:
        # At its optimal point a user's accuracy has elasticity epsilon with respect to A.
        epsilon = np.minimum(gain * (psi + 1.0) / np.maximum(local.accuracy * local.success, 1e-300), 0.5)
        slide = epsilon + bend * (psi + 1.0)
        m_ba = psi * slide + chi
        share = local.inner / ((psi + 1.0) * (epsilon + slide) + chi)
        m_bb, m_bp, m_pp = m_bb - m_ba * m_ba * share, m_bp - m_ba * slide * share, m_pp - slide * slide * share
    cost = local.bandwidth / gain, local.power / gain
    # x grows like e^q when bandwidth shrinks, so a step may raise log x by 1, or from far below to about -1.
    room = np.maximum(1.0, -1.2 - np.log(x + 1e-30))
    low = (
        np.maximum(slots.least[0] / local.bandwidth - 1.0, -room / (q + room)),
        np.maximum(slots.least[1] / local.power - 1.0, -np.minimum(room / (1.0 + room), 0.8)),
    )
    return _Quadratic(psi, (m_bb, m_bp, m_pp), cost, low)


def _linear(model: _Quadratic, held: tuple[BoolArray | float, BoolArray | float]) -> _Linear:
    """Steps as a function of prices, if users in ``held`` stay at their lower bounds."""
    m_bb, m_bp, m_pp = model.curvature
    held_b, held_p = held
    both_free = (1.0 - held_b) * (1.0 - held_p)
    scale = 1.0 / (m_bb * m_pp - m_bp * m_bp * both_free)
    i_bb, i_bp, i_pp = m_pp * scale, -m_bp * scale * both_free, m_bb * scale
    gradient_b, gradient_p = model.psi - m_bp * model.low[1] * held_p, 1.0 - m_bp * model.low[0] * held_b
    cost_b, cost_p = model.cost
    return _Linear(
        rise=(i_bb * gradient_b + i_bp * gradient_p, i_bp * gradient_b + i_pp * gradient_p),
        slope=(i_bb * cost_b, i_bp * cost_p, i_bp * cost_b, i_pp * cost_p),
    )


def _newton_step(
    slots: ScaledSlots, model: _Quadratic, shares: Shares, prices: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Shares after one step, and prices that clear the budgets; users at a bound of their step stay there."""
    held: tuple[BoolArray | float, BoolArray | float] = (0.0, 0.0)
    linear = _linear(model, held)
    step = _answer(linear, prices)
    for _ in range(_ACTIVE_SET_ROUNDS):
        prices = _clearing_prices(slots, model, linear, shares, step, prices)
        step = _answer(linear, prices)
        held = step[0] <= model.low[0], step[1] <= model.low[1]
        linear = _linear(model, held)
        step = _held(_answer(linear, prices), held)
    bandwidth, power = (
        fill(share * (1.0 + np.clip(change, low, _MOST_GROWTH)), slots.active, least)
        for share, change, low, least in zip(
            (shares.bandwidth, shares.power), step, model.low, slots.least, strict=True
        )
    )
    return bandwidth, power, prices


def _held(step: tuple[FloatArray, FloatArray], held: tuple[BoolArray, BoolArray]) -> tuple[FloatArray, FloatArray]:
    """The step with ``held`` entries far below their bounds; the caller clips them to the bounds."""
    return np.where(held[0], -_FAR, step[0]), np.where(held[1], -_FAR, step[1])


def _answer(linear: _Linear, prices: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Relative steps at given prices, without bounds."""
    return (
        linear.rise[0] - prices[0] * linear.slope[0] - prices[1] * linear.slope[1],
        linear.rise[1] - prices[0] * linear.slope[2] - prices[1] * linear.slope[3],
    )


def _clearing_prices(
    slots: ScaledSlots,
    model: _Quadratic,
    linear: _Linear,
    shares: Shares,
    step: tuple[FloatArray, FloatArray],
    prices: FloatArray,
) -> FloatArray:
    """Prices (2, 1, N) at which users within their bounds at ``step`` spend exactly what the others leave."""
    rows = []
    for share, change, rise, low, (of_b, of_p) in (
        (shares.bandwidth, step[0], linear.rise[0], model.low[0], linear.slope[:2]),
        (shares.power, step[1], linear.rise[1], model.low[1], linear.slope[2:]),
    ):
        inside = (change > low) & (change < _MOST_GROWTH) & slots.active
        wanted = share * (1.0 + np.where(inside, rise, np.clip(change, low, _MOST_GROWTH)))
        weight = share * inside
        rows.append([term.sum(axis=0, keepdims=True) for term in (weight * of_b, weight * of_p, wanted)])
    (a_bb, a_bp, r_b), (a_pb, a_pp, r_p) = rows
    determinant = a_bb * a_pp - a_bp * a_pb
    solvable = determinant > 1e-12 * a_bb * a_pp
    determinant = np.where(solvable, determinant, 1.0)
    new = np.stack([(r_b - 1.0) * a_pp - (r_p - 1.0) * a_bp, (r_p - 1.0) * a_bb - (r_b - 1.0) * a_pb]) / determinant
    return np.asarray(np.clip(np.where(solvable, new, prices), 0.2 * prices, 5.0 * prices))
