"""Certificate of ``joint``, inner part: an upper bound on every user's best net value at given prices.

The net value is max over k, beta, pi of eta P - lambda beta - nu pi. It is bounded on intervals of bandwidth, not
sampled. For a fixed operating point let u(beta) be the threshold per unit of power (its square under ``chernoff``),
which falls and is convex in bandwidth. Let J(u) = max over power of eta F - nu pi, which is convex in u as a maximum of
convex functions. On an interval of bandwidth J lies below its chord, and beta(u), also convex, above its tangents. So

    max [J - lambda beta] <= max of chord - lambda max(tangents),

where the right side is linear on two pieces. Its excess is quadratic in the interval's length. Intervals that could
hold the maximum are halved until the excess is below a tolerance; the others are dropped. Source: ours.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgevision.arrays import FloatArray, IntArray
from edgevision.baselines.joint.power_table import PowerTable
from edgevision.baselines.joint.scaled_slots import LARGEST_EXPONENT
from edgevision.envs.channel.modulation import Modulation

_ROUNDS = 60


@dataclass(frozen=True, eq=False)
class Users:
    """M users of any slots, in units of their slots' budgets.

    Attributes:
        exponent: A = ln2 S / (t B_max), (M, K); infinite if nothing can arrive in time, 0 if nothing is sent.
        accuracy: eta, (M, K).
        noise: kappa, (M,).
        least: minimum shares of bandwidth and power, (M,) each.
        most: largest shares that the minima of the other users leave, (M,) each.
        table: success probability and its conjugate.
        modulation: what limits the rate. The bounds here use Shannon's rate, which no other exceeds.
    """

    exponent: FloatArray
    accuracy: FloatArray
    noise: FloatArray
    least: tuple[FloatArray, FloatArray]
    most: tuple[FloatArray, FloatArray]
    table: PowerTable
    modulation: Modulation = "shannon"


@dataclass(frozen=True, eq=False)
class _Nodes:
    """Ends of intervals: bandwidth, u, -du/dbeta, an upper bound on J, and the power at which J has it."""

    bandwidth: FloatArray
    u: FloatArray
    slope: FloatArray
    value: FloatArray
    power: FloatArray

    def __getitem__(self, chosen: IntArray) -> _Nodes:
        return _Nodes(*(array[chosen] for array in vars(self).values()))

    def joined(self, other: _Nodes) -> _Nodes:
        return _Nodes(*(np.concatenate(pair) for pair in zip(vars(self).values(), vars(other).values(), strict=True)))


def inner_maxima(users: Users, prices: FloatArray, tolerance: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Bound max over k, beta, pi of eta P - lambda beta - nu pi for each user.

    Args:
        users: M users.
        prices: lambda and nu of each user, (2, M), >= 0.
        tolerance: largest excess of a bound over the maximum.

    Returns:
        The bounds (M,), and bandwidth and power (M,) of the best node, which give a slope of the Lagrangian bound.
    """
    m, k = users.exponent.shape
    user, point = np.divmod(np.arange(m * k), k)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore", under="ignore"):
        low, high = (_evaluate(users, prices, user, point, share[user]) for share in (users.least[0], users.most[0]))
        best = _Best(m)
        best.update(user, prices, low)
        best.update(user, prices, high)
        for _ in range(_ROUNDS):
            bound = _interval_bound(prices[0][user], low, high)
            (kept,) = np.nonzero(~(bound <= best.value[user] + tolerance))
            if not len(kept):
                return best.value + tolerance, best.bandwidth, best.power
            user, point, low, high = user[kept], point[kept], low[kept], high[kept]
            middle = _evaluate(users, prices, user, point, _between(low.bandwidth, high.bandwidth))
            best.update(user, prices, middle)
            low, high = low.joined(middle), middle.joined(high)
            user, point = np.tile(user, 2), np.tile(point, 2)
        # Intervals that remain count with their bounds.
        np.maximum.at(best.value, user, _interval_bound(prices[0][user], low, high))
    return best.value + tolerance, best.bandwidth, best.power


class _Best:
    """The best node found so far for each user."""

    def __init__(self, users: int) -> None:
        self.value = np.full(users, -np.inf)
        self.bandwidth = np.zeros(users)
        self.power = np.zeros(users)

    def update(self, user: IntArray, prices: FloatArray, nodes: _Nodes) -> None:
        net = nodes.value - prices[0][user] * nodes.bandwidth
        np.maximum.at(self.value, user, net)
        winner = net >= self.value[user]
        self.bandwidth[user[winner]] = nodes.bandwidth[winner]
        self.power[user[winner]] = nodes.power[winner]


def _between(low: FloatArray, high: FloatArray) -> FloatArray:
    middle = np.where(low > 0, np.sqrt(low * high), high / 8)
    return np.where((middle > low) & (middle < high), middle, (low + high) / 2)


def _evaluate(users: Users, prices: FloatArray, user: IntArray, point: IntArray, bandwidth: FloatArray) -> _Nodes:
    """Nodes of the given users, operating points and bandwidths, one-dimensional arrays of equal length."""
    table, nu = users.table, prices[1][user]
    exponent, accuracy = users.exponent[user, point], users.accuracy[user, point]
    least, most = users.least[1][user], users.most[1][user]
    q = np.where(exponent > 0, exponent / bandwidth, 0.0)
    reachable = q < LARGEST_EXPONENT
    grown = np.expm1(np.minimum(q, LARGEST_EXPONENT))
    m = np.where(q > 0, np.where(reachable, users.noise[user] * bandwidth * grown, np.inf), 0.0)
    slope = users.noise[user] * (q * (grown + 1.0) - grown)

    def at_power(power: FloatArray) -> FloatArray:
        return accuracy * table.success(np.where(m > 0, m / power, 0.0)) - nu * power

    # In pi, F(m / pi) - nu pi is convex, then concave with its maximum at pi / m in s_low .. s_high.
    price = np.where(accuracy > 0, nu * m / accuracy, np.inf)
    conjugate, s_low, s_high = table.conjugate(np.where(np.isnan(price), np.inf, price))
    at_least = at_power(least)
    beyond = np.where(s_low * m >= most, at_power(most), accuracy * conjugate)
    none = (s_high * m <= least) | ~(m > 0) | ~reachable
    value = np.where(none, at_least, np.maximum(at_least, beyond))
    power = np.where(none | (at_least >= beyond), least, np.clip(s_high * m, least, most))
    if table.order == 2:
        return _Nodes(bandwidth, m * m, 2.0 * m * slope, value, power)
    return _Nodes(bandwidth, m, slope, value, power)


def _interval_bound(price: FloatArray, low: _Nodes, high: _Nodes) -> FloatArray:
    """Upper bound on J - lambda beta between two nodes; ``low`` has less bandwidth and larger u."""
    width, drop = high.bandwidth - low.bandwidth, low.u - high.u
    # Bandwidth that the tangent at each node spans over the interval: rise_low <= width <= rise_high.
    rise_low, rise_high = drop / low.slope, drop / high.slope
    back = np.clip((width - rise_low) / (1.0 - rise_low / rise_high), 0.0, width)
    theta = np.clip(back / rise_high, 0.0, 1.0)
    kink = high.value + theta * (low.value - high.value) - price * (high.bandwidth - back)
    ends = np.maximum(low.value - price * low.bandwidth, high.value - price * high.bandwidth)
    monotone = high.value - price * low.bandwidth
    smooth = np.maximum(ends, kink)
    return np.where(
        np.isfinite(smooth) & (drop > 0), np.minimum(smooth, np.maximum(monotone, ends)), np.maximum(monotone, ends)
    )
