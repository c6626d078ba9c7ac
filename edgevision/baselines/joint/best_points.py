"""Step 2 of ``joint``: each user's best operating point at given prices or shares, by enumeration.

All points of a short ladder are tried; of a long one, a dozen points and then those near the best. For each regime
(``free``, ``least_power``, ``least_bandwidth``) the result is the index of the best point and its value.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from edgevision.arrays import FloatArray, IntArray
from edgevision.baselines.joint.power_table import power_table
from edgevision.baselines.joint.response_table import GRID, Place, ResponseTable, response_table
from edgevision.baselines.joint.scaled_slots import ScaledSlots, Shares, at, best_of, thresholds

SMALLEST_SHARE = 1e-12
_SHORT_LADDER = 24
_REACH = 2  # with strides 3 and 1 this reaches every point between candidates
_TOLERANCE = 0.03  # of log q, so that points at the border of a regime count


@dataclass(frozen=True, eq=False)
class EnumeratedPoints:
    """Logarithms that do not depend on prices, for the L candidate points of each user.

    Attributes:
        slots: the batch.
        points: index of each candidate into the K points, (L,).
        log_price: log A - log eta, (L, U, N); plus log lambda it is log c.
        log_most_exponent: log of the largest q, reached at minimum bandwidth, plus a tolerance, (L, U, N).
        log_y: log y of the regime ``least_power``, (L, U, N).
        log_least_bandwidth_price: log of (threshold per unit of power over eta) at minimum bandwidth, (L, U, N).
    """

    slots: ScaledSlots
    points: IntArray
    log_price: FloatArray
    log_most_exponent: FloatArray
    log_y: FloatArray
    log_least_bandwidth_price: FloatArray

    def free(self, log_r: FloatArray, log_lambda: FloatArray) -> tuple[IntArray, FloatArray]:
        """Best point and its value if both shares are free, at log r (U, N) and log lambda (1, N)."""
        of = response_table("free", self.slots.fading, self.slots.model)
        return self._best(lambda i: self._stationary(of, GRID.place(log_r, log_lambda + self.log_price[i]), i))

    def least_power(self, log_lambda: FloatArray) -> tuple[IntArray, FloatArray]:
        """Best point and its value if power is at its minimum; the value excludes the cost of power."""
        of = response_table("least_power", self.slots.fading, self.slots.model)
        return self._best(lambda i: self._stationary(of, GRID.place(self.log_y[i], log_lambda + self.log_price[i]), i))

    def least_bandwidth(self, log_nu: FloatArray) -> tuple[IntArray, FloatArray]:
        """Best point and its value if bandwidth is at its minimum; the value excludes the cost of bandwidth."""
        table = power_table(self.slots.fading, self.slots.model)
        return self._best(
            lambda i: self._accuracy(i) * table.read(log_nu + self.log_least_bandwidth_price[i], table.value)
        )

    def at_shares(self, bandwidth: FloatArray, power: FloatArray) -> IntArray:
        """P1: the point with the largest eta P at given shares, (U, N)."""
        best, _ = self._best(lambda i: success(self.slots, self.points[i, None, None], bandwidth, power))
        if len(self.points) == self.slots.points:
            return best
        for stride in (3, 1):
            best = nearby(self.slots, best, bandwidth, power, _REACH, stride)
        return best

    def refined(self, points: IntArray, bandwidth: FloatArray, power: FloatArray) -> IntArray:
        """The same points, because ``at_shares`` is exact here."""
        return points

    def upgrade(self, points: IntArray) -> IntArray:
        """For each user the less compressed point with the largest gain in accuracy per additional A, (U, N)."""
        slots = self.slots
        a, eta = at(slots.relative, points), at(slots.accuracy, points)

        every = np.arange(slots.points)[:, None, None]

        def slope(k: slice) -> FloatArray:
            rise = (slots.accuracy[k] - eta) / np.maximum(slots.relative[k] - a, 1e-12)
            return np.asarray(np.where(every[k] < points, rise, -np.inf))

        return best_of(slots.points, points.size, slope)[0]

    def _best(self, value_of: Callable[[slice], FloatArray]) -> tuple[IntArray, FloatArray]:
        best, value = best_of(len(self.points), self.slots.active.size, value_of)
        return self.points.take(best), value

    def _accuracy(self, candidates: slice) -> FloatArray:
        return np.asarray(self.slots.accuracy[self.points[candidates]])

    def _stationary(self, of: ResponseTable, where: Place, candidates: slice) -> FloatArray:
        value = self._accuracy(candidates) * where.read(of.value)
        value[where.lower(of.log_exponent) > self.log_most_exponent[candidates]] = -np.inf
        return np.asarray(value)


def enumerated_points(slots: ScaledSlots) -> EnumeratedPoints:
    """Prepare the candidates of a batch."""
    points = candidates(slots.points)
    accuracy, exponent = slots.accuracy[points], slots.load * slots.relative[points]
    least_bandwidth, least_power = (np.maximum(share, SMALLEST_SHARE) for share in slots.least)
    log_exponent, log_accuracy = np.log(exponent), np.log(accuracy)
    q = np.minimum(exponent / least_bandwidth, 1e30)
    return EnumeratedPoints(
        slots,
        points,
        log_price=log_exponent - log_accuracy,
        log_most_exponent=np.log(q) + _TOLERANCE,
        log_y=slots.log_noise + log_exponent - np.log(least_power),
        log_least_bandwidth_price=log_unit_threshold(slots, q) - log_accuracy,
    )


def log_unit_threshold(slots: ScaledSlots, q: FloatArray) -> FloatArray:
    """log of the threshold per unit of power at minimum bandwidth, for given q = A / beta; broadcasts."""
    growth = q + np.log(-np.expm1(-np.maximum(q, 1e-30)))
    return np.minimum(slots.log_noise + np.log(np.maximum(slots.least[0], SMALLEST_SHARE)) + growth, 700.0)


def candidates(points: int) -> IntArray:
    """Indices of the operating points to try first: all points of a short ladder, else a dozen.

    They are evenly spaced, with more of them near the most compressed end, where the relative size changes most.
    """
    if points <= _SHORT_LADDER:
        return np.arange(points)
    return np.unique(np.concatenate([np.linspace(0, points - 1, 8).astype(np.int64), points - np.array([9, 5, 3, 2])]))


def nearby(
    slots: ScaledSlots, points: IntArray, bandwidth: FloatArray, power: FloatArray, reach: int, stride: int = 1
) -> IntArray:
    """The best of the points (U, N) and of ``reach`` points on either side, ``stride`` apart, at given shares."""
    tried = np.clip(points + stride * np.arange(-reach, reach + 1)[:, None, None], 0, slots.points - 1)
    found, _ = best_of(len(tried), points.size, lambda i: success(slots, tried[i], bandwidth, power))
    return np.take_along_axis(tried, found[None], axis=0)[0]


def success(slots: ScaledSlots, points: IntArray, bandwidth: FloatArray, power: FloatArray) -> FloatArray:
    """eta P at given points, (.., U, N) or (C, 1, 1) for all users, and shares; inactive users are not masked."""
    x = thresholds(slots.load * at(slots.relative, points), slots.noise, bandwidth, power)
    table = power_table(slots.fading, slots.model)
    return np.asarray(at(slots.accuracy, points) * table.success(x))


def valued(slots: ScaledSlots, points: IntArray, bandwidth: FloatArray, power: FloatArray) -> Shares:
    """`Shares` of the given points and shares, with their value."""
    value = np.where(slots.active, success(slots, points, bandwidth, power), 0.0).sum(axis=0, keepdims=True)
    return Shares(points, bandwidth, power, value)
