"""Step 2 of ``joint``: each user's best operating point from tables, if all users share one ladder.

Closed-form profiles have such a ladder. If A of point k is L f_k for every user, the best k depends on two numbers:

    ``free``             log r and log(lambda L)
    ``least_power``      log(kappa L / least) and log(lambda L)
    ``least_bandwidth``  log(L / least) and log(nu kappa least)
    given shares (P1)    log(L / beta) and log(kappa beta / pi)

Tables are built once per ladder, fading and success model. ``point_choice`` decides between tables and enumeration.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from edgevision.arrays import FloatArray, IntArray
from edgevision.baselines.joint.best_points import SMALLEST_SHARE, EnumeratedPoints, enumerated_points, nearby
from edgevision.baselines.joint.power_table import power_table
from edgevision.baselines.joint.response_table import GRID, Grid, response_table
from edgevision.baselines.joint.scaled_slots import LARGEST_EXPONENT, ScaledSlots, best_of
from edgevision.envs.config import Fading, SuccessModel

_REACH = 2
_STATIONARY = Grid(-40.0, 0.5, 141, -10.0, 1 / 16, 353)
_LEAST_BANDWIDTH = Grid(-6.0, 1 / 16, 209, -46.0, 0.25, 225)
_AT_SHARES = Grid(-6.0, 1 / 32, 417, -40.0, 0.25, 201)


@dataclass(frozen=True, eq=False)
class _Best:
    """The best point at every node of a grid, and its value."""

    grid: Grid
    points: IntArray
    value: FloatArray

    def read(self, row: FloatArray, column: FloatArray) -> tuple[IntArray, FloatArray]:
        where = self.grid.place(row, column)
        return where.nearest(self.points), where.read(self.value)


@dataclass(frozen=True, eq=False)
class LadderTables:
    """Tables of one ladder for each regime, and the best upgrade of each point (K,)."""

    free: _Best
    least_power: _Best
    least_bandwidth: _Best
    at_shares: _Best
    upgrades: IntArray


@dataclass(frozen=True, eq=False)
class LadderPoints:
    """Choice of points for a batch whose users share a ladder; same methods as ``EnumeratedPoints``.

    Attributes:
        slots: the batch.
        tables: best points of the ladder.
        log_load: log L, (U, N).
        log_y: log(kappa L / least) for power, (U, N).
        log_most_exponent: log(L / least) for bandwidth, (U, N).
        log_least_noise: log(kappa least) for bandwidth, (U, N).
    """

    slots: ScaledSlots
    tables: LadderTables
    log_load: FloatArray
    log_y: FloatArray
    log_most_exponent: FloatArray
    log_least_noise: FloatArray

    def free(self, log_r: FloatArray, log_lambda: FloatArray) -> tuple[IntArray, FloatArray]:
        """Best point and its value if both shares are free, at log r (U, N) and log lambda (1, N)."""
        return self.tables.free.read(log_r, log_lambda + self.log_load)

    def least_power(self, log_lambda: FloatArray) -> tuple[IntArray, FloatArray]:
        """Best point and its value if power is at its minimum; the value excludes the cost of power."""
        return self.tables.least_power.read(self.log_y, log_lambda + self.log_load)

    def least_bandwidth(self, log_nu: FloatArray) -> tuple[IntArray, FloatArray]:
        """Best point and its value if bandwidth is at its minimum; the value excludes the cost of bandwidth."""
        return self.tables.least_bandwidth.read(self.log_most_exponent, log_nu + self.log_least_noise)

    def at_shares(self, bandwidth: FloatArray, power: FloatArray) -> IntArray:
        """P1: the point with the largest eta P at given shares, (U, N), to the accuracy of the tables."""
        best = self.tables.at_shares
        log_bandwidth = np.log(bandwidth + 1e-30)
        noise = self.slots.log_noise + log_bandwidth - np.log(power + 1e-30)
        where = best.grid.place(self.log_load - log_bandwidth, noise)
        return where.nearest(best.points)

    def refined(self, points: IntArray, bandwidth: FloatArray, power: FloatArray) -> IntArray:
        """The best of the points from ``at_shares`` and their neighbours, which its tables may have missed."""
        return nearby(self.slots, points, bandwidth, power, _REACH)

    def upgrade(self, points: IntArray) -> IntArray:
        """For each user the less compressed point with the largest gain in accuracy per additional A, (U, N)."""
        return self.tables.upgrades.take(points)


def ladder_points(slots: ScaledSlots) -> LadderPoints:
    """Prepare a batch whose ``relative`` and ``accuracy`` are the same for all users."""
    least_bandwidth, least_power = (np.log(np.maximum(share, SMALLEST_SHARE)) for share in slots.least)
    log_load = np.log(slots.load)
    return LadderPoints(
        slots,
        _tables(slots.relative.tobytes(), slots.accuracy.tobytes(), slots.fading, slots.model),
        log_load=log_load,
        log_y=slots.log_noise + log_load - least_power,
        log_most_exponent=log_load - least_bandwidth,
        log_least_noise=slots.log_noise + least_bandwidth,
    )


PointChoice = EnumeratedPoints | LadderPoints


def point_choice(slots: ScaledSlots) -> PointChoice:
    """Tables if all users share one ladder, else enumeration."""
    return ladder_points(slots) if slots.common else enumerated_points(slots)


@functools.lru_cache(maxsize=32)
def _tables(relative: bytes, accuracy: bytes, fading: Fading, model: SuccessModel) -> LadderTables:
    """Tables of a ladder given as the bytes of f and eta, (K,) float64 each."""
    f, eta = (np.frombuffer(numbers)[:, None, None] for numbers in (relative, accuracy))
    log_f, log_eta, power = np.log(f), np.log(eta), power_table(fading, model)
    free = response_table("free", fading, model).value
    least_power = response_table("least_power", fading, model).value

    def at_free(k: slice, row: FloatArray, column: FloatArray) -> FloatArray:
        return np.asarray(eta[k] * GRID.place(row, column + (log_f[k] - log_eta[k])).read(free))

    def at_least_power(k: slice, row: FloatArray, column: FloatArray) -> FloatArray:
        return np.asarray(eta[k] * GRID.place(row + log_f[k], column + (log_f[k] - log_eta[k])).read(least_power))

    def at_least_bandwidth(k: slice, row: FloatArray, column: FloatArray) -> FloatArray:
        log_growth = np.log(np.expm1(np.minimum(np.exp(row) * f[k], LARGEST_EXPONENT)))
        return np.asarray(eta[k] * power.read(column + (log_growth - log_eta[k]), power.value))

    def at_shares(k: slice, row: FloatArray, column: FloatArray) -> FloatArray:
        grown = np.expm1(np.minimum(np.exp(row) * f[k], LARGEST_EXPONENT))
        return np.asarray(eta[k] * power.success(grown * np.exp(column)))

    with np.errstate(divide="ignore", over="ignore", under="ignore"):
        return LadderTables(
            _best(_STATIONARY, len(f), at_free),
            _best(_STATIONARY, len(f), at_least_power),
            _best(_LEAST_BANDWIDTH, len(f), at_least_bandwidth),
            _best(_AT_SHARES, len(f), at_shares),
            _upgrades(f.ravel(), eta.ravel()),
        )


def _best(grid: Grid, count: int, value_of: Callable[[slice, FloatArray, FloatArray], FloatArray]) -> _Best:
    points, value = best_of(count, grid.rows * grid.columns, lambda k: value_of(k, *grid.nodes()))
    return _Best(grid, points.ravel(), value.ravel())


def _upgrades(f: FloatArray, eta: FloatArray) -> IntArray:
    """For each point the less compressed one with the largest gain in accuracy per additional A, (K,)."""
    slope = (eta - eta[:, None]) / np.maximum(f - f[:, None], 1e-12)
    slope[np.triu_indices(len(f))] = -np.inf
    return slope.argmax(axis=1)
