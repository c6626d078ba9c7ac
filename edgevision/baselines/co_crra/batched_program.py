"""Problem P2.2 for many slots at once: a primal-dual interior-point method on arrays, with a certificate of optimality.

Without mu, upsilon and rho, which are tight at an optimum, P2.2 (``convex_program``) has two variables per user:

    minimise    sum weight u^2   (Rayleigh: weight u; half-normal: u at least 0)
    where       u = pi + 2 - sqrt(8 pi - s^2),   s = beta + (e^(exponent (1 / beta - 1)) - decay) / growth
    subject to  sum bandwidth beta <= 1, sum power pi <= 1, beta >= min_bandwidth, pi >= min_power

u is convex, and the number under its root concave. Each Newton step minimises the objective - mu sum log(slacks) of a
slot, with the slacks of the bounds, of the budgets and of the numbers under the roots. Its matrix has a block of 2 x 2
per user, plus a rank of 2 for the budgets, so a step takes linear time. Steps are shortened until this barrier function
falls enough. mu shrinks where the last one was nearly minimised.

The objective lies above its tangent plane, and a number under a root below its own. With a price for the latter, the
minimum over the other constraints is known in closed form, and is a lower bound. An answer is taken only if its
objective is within ``TOLERANCE`` of this bound.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from edgevision.arrays import BoolArray, FloatArray
from edgevision.envs.config import Fading

#: Largest distance from the optimum of an answer, relative to the objective at the last iterate.
TOLERANCE = 1e-8

_INTERIOR = 1e-10  # by which users at their minimum may fall below it, so that every program has inner points
_MOST_STEPS = 120
_MOST_HALVINGS = 50
_FIRST_BARRIER = 0.03  # mu per user, relative to the objective at the last iterate
_LAST_BARRIER = 0.1 * TOLERANCE
_SHRINK = 0.01
_CENTRED = 3.0  # times mu: the expected fall of the barrier function below which mu shrinks
_TO_BOUNDARY = 0.9
_ENOUGH = 1e-4  # of the expected fall
_ROUNDING = 1e-13
_MULTIPLIER_RANGE = 1e6


def solve_programs(numbers: FloatArray, users: BoolArray, fading: Fading) -> tuple[FloatArray, BoolArray]:
    """Solve P2.2 for every slot.

    Args:
        numbers: values of ``convex_program.PARAMETERS``, (8, N, U).
        users: who takes part, (N, U); the numbers of others are ignored.
        fading: distribution of the gain.

    Returns:
        Bandwidth and power relative to the last iterate, (2, N, U), 1 for users that do not take part; and whether the
        answer is certified, (N,). Where it is not, both are 1.
    """
    answer = np.ones((2, *users.shape))
    solved = np.zeros(len(users), bool)
    with np.errstate(all="ignore"):
        programs = _programs(numbers, users, fading)
        usable = programs.usable()
        left = np.flatnonzero(usable)
        programs = programs.only(usable)
        state = _start(programs)
        for _ in range(_MOST_STEPS):
            local = _local(programs, state.x)
            done = _gap(programs, local, state) <= TOLERANCE * programs.weight.sum(axis=0)
            if done.any():
                answer[:, left[done]] = np.where(programs.users, state.x, 1.0)[..., done].transpose(0, 2, 1)
                solved[left[done]] = True
                left, programs, state, local = (
                    left[~done],
                    programs.only(~done),
                    state.only(~done),
                    local.only(~done),
                )
            if not len(left):
                break
            state = _step(programs, local, state)
    return answer, solved


@dataclass(frozen=True, eq=False)
class _Programs:
    """M programs of U users each: parameters (U, M); bounds and costs for (beta, pi), (2, U, M)."""

    users: BoolArray
    weight: FloatArray
    exponent: FloatArray
    decay: FloatArray
    growth: FloatArray
    cost: FloatArray
    least: FloatArray
    fading: Fading

    def only(self, chosen: BoolArray) -> _Programs:
        arrays: dict[str, Any] = {
            name: of[..., chosen] for name, of in vars(self).items() if isinstance(of, np.ndarray)
        }
        return replace(self, **arrays)

    def usable(self) -> BoolArray:
        """Programs of finite numbers whose last iterate satisfies the minima, (M,)."""
        numbers = np.stack([self.weight, self.exponent, self.decay, self.growth, *self.cost, *self.least])
        return np.asarray(np.isfinite(numbers).all(axis=(0, 1)) & (self.free() >= 0).all(axis=0))

    def free(self) -> FloatArray:
        """What the minima leave of each budget, (2, M)."""
        return np.asarray(1.0 - (self.cost * self.least).sum(axis=1))


def _programs(numbers: FloatArray, users: BoolArray, fading: Fading) -> _Programs:
    """Users that do not take part get harmless numbers: they cost nothing and have no weight."""
    neutral = np.array([0.0, 1.0, np.exp(-1.0), -np.expm1(-1.0), 0.0, 0.0, 0.5, 0.5])
    given = np.where(users.T, np.swapaxes(numbers, 1, 2), neutral[:, None, None])
    least = np.where(given[6:8] <= 1.0 + 1e-9, np.minimum(given[6:8], 1.0 - _INTERIOR), np.nan)
    return _Programs(users.T, given[0], given[1], given[2], given[3], given[4:6], least, fading)


@dataclass(frozen=True, eq=False)
class _State:
    """Shares relative to the last iterate (2, U, M), multipliers, and mu (M,).

    The multipliers are those of the bounds (2, U, M), of the number under the root (U, M) and of both budgets (2, M).
    """

    x: FloatArray
    bound_price: FloatArray
    root_price: FloatArray
    budget_price: FloatArray
    barrier: FloatArray

    def only(self, chosen: BoolArray) -> _State:
        return _State(*(of[..., chosen] for of in vars(self).values()))


@dataclass(frozen=True, eq=False)
class _Local:
    """Objective (U, M), its gradient (2, U, M), and its second derivatives bb, bp, pp (3, U, M).

    ``domain`` is the number under the root, (U, M), with its gradient (2, U, M) and minus its second derivative in
    beta, (U, M).
    """

    value: FloatArray
    gradient: FloatArray
    hessian: FloatArray
    domain: FloatArray
    domain_gradient: FloatArray
    domain_bend: FloatArray

    def only(self, chosen: BoolArray) -> _Local:
        return _Local(*(of[..., chosen] for of in vars(self).values()))


def _start(programs: _Programs) -> _State:
    """A point inside all constraints near the last iterate: a part of what users can spare is given to all users."""
    count = np.maximum(programs.users.sum(axis=0), 1)
    bearable = np.stack([0.3 / (programs.exponent + 1.0), np.full(programs.exponent.shape, 0.1)])
    spared = np.minimum(0.5 * (1.0 - programs.least), bearable)
    total = (programs.cost * spared).sum(axis=1)
    given = np.minimum(0.5 * total[:, None] / (count * np.maximum(programs.cost, 1e-300)), 0.1)
    x = np.where(programs.users, 1.0 - spared + given, 1.0)
    barrier = _FIRST_BARRIER * programs.weight.sum(axis=0) / count
    rooms, slacks = _rooms(programs, x)
    return _State(x, barrier / rooms, barrier / _domain(programs, x), barrier / slacks, barrier)


def _rooms(programs: _Programs, x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Distances to the bounds, (2, U, M), and what is left of the budgets, (2, M)."""
    return x - programs.least, 1.0 - (programs.cost * x).sum(axis=1)


def _domain(programs: _Programs, x: FloatArray) -> FloatArray:
    """The number under the root, (U, M)."""
    s = x[0] + (np.exp(programs.exponent * (1.0 / x[0] - 1.0)) - programs.decay) / programs.growth
    return np.asarray(8.0 * x[1] - s * s)


def objective(programs: _Programs, x: FloatArray, domain: FloatArray) -> FloatArray:
    """Each user's part of the objective, (U, M); NaN outside its domain."""
    u = x[1] + 2.0 - np.sqrt(domain)
    return np.asarray(programs.weight * (u if programs.fading == "rayleigh" else np.maximum(u, 0.0) ** 2))


def _local(programs: _Programs, x: FloatArray) -> _Local:
    a, inverse = programs.exponent, 1.0 / x[0]
    grown = np.exp(a * (inverse - 1.0)) / programs.growth
    s = x[0] + grown - programs.decay / programs.growth
    slope = a * grown * inverse * inverse
    bend = slope * inverse * (a * inverse + 2.0)
    domain = 8.0 * x[1] - s * s
    root = np.sqrt(domain)
    u = x[1] + 2.0 - root
    rise, curve = s * (1.0 - slope), (1.0 - slope) ** 2 + s * bend
    u_b, u_p = rise / root, 1.0 - 4.0 / root
    u_bb, u_bp, u_pp = (curve + u_b * u_b) / root, -4.0 * rise / root**3, 16.0 / root**3
    if programs.fading == "rayleigh":
        first, second = programs.weight, np.zeros(())
        value = first * u
    else:
        u = np.maximum(u, 0.0)
        second = 2.0 * programs.weight * (u > 0)
        first, value = second * u, programs.weight * u * u
    return _Local(
        value,
        np.stack([first * u_b, first * u_p]),
        np.stack(
            [first * u_bb + second * u_b * u_b, first * u_bp + second * u_b * u_p, first * u_pp + second * u_p**2]
        ),
        domain,
        np.stack([-2.0 * rise, np.full(rise.shape, 8.0)]),
        2.0 * curve,
    )


def _gap(programs: _Programs, local: _Local, state: _State) -> FloatArray:
    """The objective minus its lower bound, (M,).

    Any price of the number under the root is valid. The one at which power is stationary does not suffer where this
    number is tiny, and so inexact.
    """
    stationary = local.gradient[1] + state.budget_price[1] * programs.cost[1] - state.bound_price[1]
    price = np.where(programs.users, np.maximum(stationary / 8.0, 0.0), 0.0)
    gradient = local.gradient - price * local.domain_gradient
    spent = (gradient * (state.x - programs.least)).sum(axis=(0, 1)) + (price * local.domain).sum(axis=0)
    steepest = np.where(programs.users, gradient / programs.cost, 0.0).min(axis=1)
    return np.asarray(spent - (programs.free() * np.minimum(steepest, 0.0)).sum(axis=0))


def _step(programs: _Programs, local: _Local, state: _State) -> _State:
    """One Newton step on every program."""
    x, z, v, y, mu = state.x, state.bound_price, state.root_price, state.budget_price, state.barrier
    rooms, slacks = _rooms(programs, x)
    domain, towards = local.domain, local.domain_gradient
    slope = local.gradient + (mu / slacks)[:, None] * programs.cost - mu / rooms - mu / domain * towards
    stiff = v / domain
    hessian = local.hessian + stiff * np.stack([towards[0] ** 2, towards[0] * towards[1], towards[1] ** 2])
    hessian[0] += v * local.domain_bend + z[0] / rooms[0]
    hessian[2] += z[1] / rooms[1]
    slope = np.where(programs.users, slope, 0.0)
    dx = _direction(programs, hessian, slacks / y, slope)
    fall = -(slope * dx).sum(axis=(0, 1))
    drain = (programs.cost * dx).sum(axis=1)
    longest = np.minimum(_reach(rooms, -dx).min(axis=(0, 1)), _reach(slacks, drain).min(axis=0))
    length = _search(programs, local, state, dx, fall, longest)
    dz, dv = mu / rooms - z - z / rooms * dx, mu / domain - v - stiff * (towards * dx).sum(axis=0)
    dy = mu / slacks - y + y / slacks * drain
    dual = np.minimum(_reach(z, -dz).min(axis=(0, 1)), _reach(y, -dy).min(axis=0))
    dual = np.minimum(dual, _reach(v, -dv).min(axis=0))
    x = x + length * dx
    rooms, slacks = _rooms(programs, x)
    # Multipliers far from mu / slack would make poor matrices.
    z, v, y = (
        np.clip(price + dual * change, mu / room / _MULTIPLIER_RANGE, mu / room * _MULTIPLIER_RANGE)
        for price, change, room in ((z, dz, rooms), (v, dv, _domain(programs, x)), (y, dy, slacks))
    )
    lowest = _LAST_BARRIER * programs.weight.sum(axis=0) / (3 * programs.users.sum(axis=0) + 2)
    mu = np.where((fall < _CENTRED * mu) & (length > 0), np.maximum(_SHRINK * mu, lowest), mu)
    return _State(x, z, v, y, mu)


def _reach(distance: FloatArray, approach: FloatArray) -> FloatArray:
    """The longest step, at most 1, that keeps a part of each distance."""
    return np.where(approach > 0, np.minimum(_TO_BOUNDARY * distance / approach, 1.0), 1.0)


def _direction(programs: _Programs, hessian: FloatArray, budgets: FloatArray, slope: FloatArray) -> FloatArray:
    """-(blocks + cost of each budget cost^T / ``budgets``)^-1 slope by Woodbury's formula, (2, U, M)."""
    bb, bp, pp = hessian
    determinant = bb * pp - bp * bp
    i_bb, i_bp, i_pp = pp / determinant, -bp / determinant, bb / determinant
    cost_b, cost_p = programs.cost
    free_b, free_p = i_bb * slope[0] + i_bp * slope[1], i_bp * slope[0] + i_pp * slope[1]
    a_bb = (cost_b * i_bb * cost_b).sum(axis=0) + budgets[0]
    a_bp = (cost_b * i_bp * cost_p).sum(axis=0)
    a_pp = (cost_p * i_pp * cost_p).sum(axis=0) + budgets[1]
    r_b, r_p = (cost_b * free_b).sum(axis=0), (cost_p * free_p).sum(axis=0)
    scale = 1.0 / (a_bb * a_pp - a_bp * a_bp)
    y_b, y_p = (a_pp * r_b - a_bp * r_p) * scale * cost_b, (a_bb * r_p - a_bp * r_b) * scale * cost_p
    return np.stack([i_bb * y_b + i_bp * y_p - free_b, i_bp * y_b + i_pp * y_p - free_p])


def _search(
    programs: _Programs, local: _Local, state: _State, dx: FloatArray, fall: FloatArray, longest: FloatArray
) -> FloatArray:
    """Lengths (M,) of steps that lower the barrier function enough, found by halving; 0 if there is none."""
    closest = (1.0 - _TO_BOUNDARY) * local.domain
    before = _barrier_function(programs, local.value, state.x, local.domain, state.barrier)
    length, answer = longest, np.zeros_like(longest)
    left = np.arange(len(longest))
    for _ in range(_MOST_HALVINGS):
        x = state.x + length * dx
        domain = _domain(programs, x)
        after = _barrier_function(programs, objective(programs, x, domain), x, domain, state.barrier)
        allowed = before - _ENOUGH * length * fall + _ROUNDING * (1.0 + np.abs(before))
        fine = (after <= allowed) & (domain >= closest).all(axis=0)
        answer[left[fine]] = length[fine]
        if fine.all():
            break
        wrong = ~fine
        programs, state, dx, left = programs.only(wrong), state.only(wrong), dx[..., wrong], left[wrong]
        closest = closest[:, wrong]
        before, fall, length = before[wrong], fall[wrong], 0.5 * length[wrong]
    return answer


def _barrier_function(
    programs: _Programs, value: FloatArray, x: FloatArray, domain: FloatArray, barrier: FloatArray
) -> FloatArray:
    rooms, slacks = _rooms(programs, x)
    logs = np.where(programs.users, np.log(rooms[0] * rooms[1] * domain), 0.0).sum(axis=0)
    return np.asarray(value.sum(axis=0) - barrier * (logs + np.log(slacks).sum(axis=0)))
