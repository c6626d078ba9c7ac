"""Slots in the units of the dual problem: shares of the budgets instead of hertz and watts, operating points first.

With beta = b / B_max and pi = p / P_max the threshold of user i at point k is

    x = kappa beta (e^q - 1) / pi,   q = A / beta,   A = ln2 S / (t B_max),   kappa = N0 B_max / (delta P_max).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from edgevision.baselines.dual_power import PowerTable, power_table
from edgevision.envs.config import SuccessModel
from edgevision.envs.problem import BoolArray, FloatArray, IntArray, SlotProblem

LARGEST_EXPONENT = 600.0
_NEVER, _NOTHING = 1e25, 1e-25  # A of a point that cannot arrive in time, and of one that sends nothing
_LOG_NOISE_RANGE = 60.0


@dataclass(frozen=True, eq=False)
class DualSlots:
    """N slots of U users with K operating points, in shares of the budgets.

    Attributes:
        active: who takes part, (N, U).
        count: number of active users, at least 1, (N, 1).
        exponent: A, (K, N, U); clipped to a range that stands for never and for nothing to send.
        accuracy: eta, broadcasts to (K, N, U); positive.
        noise: kappa, (N, U).
        log_noise: log kappa, clipped to +-60, (N, U).
        least: minimum shares of bandwidth and power, 0 for inactive users, (N, U) each.
        most: what the other users' minima leave, (N, U) each.
        table: success probability and its conjugate.
    """

    active: BoolArray
    count: FloatArray
    exponent: FloatArray
    accuracy: FloatArray
    noise: FloatArray
    log_noise: FloatArray
    least: tuple[FloatArray, FloatArray]
    most: tuple[FloatArray, FloatArray]
    table: PowerTable

    @property
    def users(self) -> int:
        """Number of users U."""
        return int(self.active.shape[1])


def dual_slots(problem: SlotProblem, model: SuccessModel | None = None) -> DualSlots:
    """Rewrite a batch in shares of its budgets; ``model`` overrides the scenario's success model."""
    active, count = problem.active, np.maximum(problem.active.sum(axis=1, keepdims=True), 1.0)
    least = tuple(
        np.where(active, (minimum / budget)[:, None], 0.0)
        for minimum, budget in (
            (problem.min_bandwidth, problem.bandwidth_budget),
            (problem.min_power, problem.power_budget),
        )
    )
    fraction, compute_time, accuracy = (
        np.moveaxis(_compact(array), 2, 0) for array in (problem.size_fraction, problem.compute_time, problem.accuracy)
    )
    scale = np.log(2.0) * problem.raw_size / problem.bandwidth_budget[:, None]
    airtime = problem.deadline - compute_time
    with np.errstate(divide="ignore", invalid="ignore", over="ignore", under="ignore"):
        exponent = scale * fraction / airtime
        exponent = np.where(airtime > 0, np.clip(exponent, _NOTHING, _NEVER), _NEVER)
        exponent[np.broadcast_to(scale * fraction <= 0, exponent.shape)] = _NOTHING
        noise = (problem.noise_density * problem.bandwidth_budget / problem.power_budget)[:, None] / problem.gain_scale
        noise = np.where(active, noise, 1.0)
        log_noise = np.clip(np.log(noise), -_LOG_NOISE_RANGE, _LOG_NOISE_RANGE)
    return DualSlots(
        active=active,
        count=count,
        exponent=exponent,
        accuracy=np.maximum(accuracy, 1e-12),
        noise=noise,
        log_noise=log_noise,
        least=(least[0], least[1]),
        most=(np.maximum(1 - (count - 1) * least[0], least[0]), np.maximum(1 - (count - 1) * least[1], least[1])),
        table=power_table(problem.fading, model or problem.success_model),
    )


def _compact(array: FloatArray) -> FloatArray:
    """The array with axes along which it is one value broadcast cut to length 1."""
    return array[tuple(slice(0, 1) if stride == 0 else slice(None) for stride in array.strides)]


def at(table: FloatArray, points: IntArray) -> FloatArray:
    """Entries ``points`` (.., N, U) of a table that broadcasts to (K, N, U)."""
    if table.shape[1:] == (1, 1):
        return np.asarray(table.ravel().take(points))
    shape = points.shape[-2:]
    if table.shape[1:] != shape:
        table = np.broadcast_to(table, (len(table), *shape))
    users = shape[0] * shape[1]
    return np.asarray(table.ravel().take(points * users + np.arange(users).reshape(shape)))


def best_of(count: int, value_of: Callable[[int], FloatArray]) -> tuple[IntArray, FloatArray]:
    """Index and value of the largest of ``count`` arrays (N, U); of equals the first.

    One array at a time stays in the cache, where all of them at once would not.
    """
    best = value_of(0)
    index = np.zeros(best.shape, np.int64)
    for i in range(1, count):
        value = value_of(i)
        np.copyto(index, i, where=value > best)
        np.maximum(best, value, out=best)
    return index, best


def fill(share: FloatArray, active: BoolArray, least: FloatArray) -> FloatArray:
    """Rescale what users have above their minimum so that a slot's shares sum to 1, (N, U)."""
    above = np.where(active, np.maximum(share - least, 0.0), 0.0)
    total = above.sum(axis=1, keepdims=True)
    free = np.maximum(1.0 - least.sum(axis=1, keepdims=True), 0.0)
    return least + above * (free / np.maximum(total, 1e-300))


def thresholds(exponent: FloatArray, noise: FloatArray, bandwidth: FloatArray, power: FloatArray) -> FloatArray:
    """x at given shares; everything broadcasts, and zero shares count as tiny ones."""
    bandwidth, power = np.maximum(bandwidth, 1e-30), np.maximum(power, 1e-30)
    grown = np.expm1(np.minimum(exponent / bandwidth, LARGEST_EXPONENT))
    return np.asarray(grown * (noise * bandwidth / power))
