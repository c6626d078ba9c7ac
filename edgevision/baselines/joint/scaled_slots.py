"""Step 0 of ``joint``: slots in units of their budgets, with shares instead of hertz and watts.

With beta = b / B_max and pi = p / P_max the threshold of a user at an operating point is

    x = kappa beta (e^q - 1) / pi,   q = A / beta,   A = ln2 S / (t B_max),   kappa = N0 B_max / (delta P_max)

(Co-CRRA, eq. 2 rewritten). Arrays have the operating points first, then users, then slots: (K, U, N).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from edgevision.arrays import BoolArray, FloatArray, IntArray
from edgevision.envs.config import Fading, SuccessModel
from edgevision.envs.problem import SlotProblem

LARGEST_EXPONENT = 600.0
_EXTREME = 1e12  # limit of both factors of A: A = 1e24 is never in time, 1e-24 means nothing to send
_LOG_NOISE_RANGE = 60.0
_TOGETHER = 1024  # numbers of an array that NumPy handles in about the time of a call


@dataclass(frozen=True, eq=False)
class ScaledSlots:
    """N slots of U users with K operating points, in units of the budgets.

    Attributes:
        active: whether each user has a request, (U, N).
        count: number of active users, at least 1, (1, N).
        load: factor of A that is common to all points of a user, (U, N).
        relative: A of each point over ``load``; (K, 1, 1) if it is the same for all users, else (K, U, N).
        accuracy: eta, broadcasts to (K, U, N); positive.
        noise: kappa, (U, N).
        log_noise: log kappa, clipped to -60 .. 60, (U, N).
        least: minimum shares of bandwidth and power, 0 for inactive users, (U, N) each.
        most: largest shares that the minima of the other users leave, (U, N) each.
        fading: distribution of the gain.
        model: success model to maximise.
    """

    active: BoolArray
    count: FloatArray
    load: FloatArray
    relative: FloatArray
    accuracy: FloatArray
    noise: FloatArray
    log_noise: FloatArray
    least: tuple[FloatArray, FloatArray]
    most: tuple[FloatArray, FloatArray]
    fading: Fading
    model: SuccessModel

    @property
    def users(self) -> int:
        """Number of users U."""
        return int(self.active.shape[0])

    @property
    def points(self) -> int:
        """Number of operating points K."""
        return len(self.relative)

    @property
    def common(self) -> bool:
        """Whether all users share one ladder."""
        return self.relative.shape[1:] == self.accuracy.shape[1:] == (1, 1)

    def only(self, chosen: BoolArray) -> ScaledSlots:
        """The slots marked in ``chosen`` (N,)."""

        def part(array: FloatArray) -> FloatArray:
            return array[..., chosen] if array.shape[-1] == len(chosen) else array

        return self._mapped(part)

    def busy(self, slots: IntArray, users: IntArray) -> ScaledSlots:
        """Some ``slots`` (M,) with some of their ``users`` (V, M)."""
        shape = self.active.shape

        def part(array: FloatArray) -> FloatArray:
            if array.shape[-1] != shape[1] or array.shape == (1, 1):
                return array
            return np.ascontiguousarray(array[..., slots] if array.shape[-2] == 1 else array[..., users, slots])

        return self._mapped(part)

    def _mapped(self, part: Callable[[Any], Any]) -> ScaledSlots:
        arrays: dict[str, Any] = {
            name: part(array) for name, array in vars(self).items() if isinstance(array, np.ndarray)
        }
        least, most = ((part(of[0]), part(of[1])) for of in (self.least, self.most))
        return replace(self, **arrays, least=least, most=most)

    def exponent(self, points: IntArray) -> FloatArray:
        """A at the given operating points (.., U, N)."""
        return self.load * at(self.relative, points)


@dataclass(frozen=True, eq=False)
class Shares:
    """A feasible allocation in shares of the budgets.

    Attributes:
        points: operating points, (U, N).
        bandwidth: share of B_max, (U, N).
        power: share of P_max, (U, N).
        value: sum of eta P over the users, (1, N).
    """

    points: IntArray
    bandwidth: FloatArray
    power: FloatArray
    value: FloatArray

    def only(self, chosen: BoolArray) -> Shares:
        """The slots marked in ``chosen`` (N,)."""
        return Shares(*(array[:, chosen] for array in vars(self).values()))

    def or_better(self, other: Shares) -> Shares:
        """The better of the two in every slot."""
        better = other.value > self.value
        return Shares(*(np.where(better, getattr(other, name), mine) for name, mine in vars(self).items()))


def scale_slots(problem: SlotProblem, model: SuccessModel | None = None) -> ScaledSlots:
    """Convert a batch to units of its budgets; ``model`` replaces the scenario's success model."""
    active = np.ascontiguousarray(problem.active.T)
    count = np.maximum(active.sum(axis=0, keepdims=True), 1.0)
    least_b = np.where(active, problem.min_bandwidth / problem.bandwidth_budget, 0.0)
    least_p = np.where(active, problem.min_power / problem.power_budget, 0.0)
    fraction, compute_time, accuracy = (
        np.ascontiguousarray(_compact(array).T)
        for array in (problem.size_fraction, problem.compute_time, problem.accuracy)
    )
    scale = np.log(2.0) * problem.raw_size.T / problem.bandwidth_budget
    budget = problem.noise_density * problem.bandwidth_budget / problem.power_budget
    with np.errstate(divide="ignore", invalid="ignore", over="ignore", under="ignore"):
        if len(compute_time) == 1 or (compute_time.shape[1:] == (1, 1) and not np.ptp(compute_time)):
            scale, relative = scale / (problem.deadline.T - compute_time[0]), fraction
        else:
            airtime = problem.deadline.T - compute_time
            relative = np.where(airtime >= 0, fraction / airtime, np.inf)  # without time, even an empty payload is late
        load, relative = (
            np.ascontiguousarray(np.where(part >= 0, np.clip(part, 1 / _EXTREME, _EXTREME), _EXTREME))
            for part in (scale, relative)
        )
        noise = np.where(active, np.divide(budget, problem.gain_scale.T, order="C"), 1.0)
        log_noise = np.clip(np.log(noise), -_LOG_NOISE_RANGE, _LOG_NOISE_RANGE)
    return ScaledSlots(
        active=active,
        count=count,
        load=load,
        relative=relative,
        accuracy=np.maximum(accuracy, 1e-12),
        noise=noise,
        log_noise=log_noise,
        least=(least_b, least_p),
        most=(np.maximum(1 - (count - 1) * least_b, least_b), np.maximum(1 - (count - 1) * least_p, least_p)),
        fading=problem.fading,
        model=model or problem.success_model,
    )


def _compact(array: FloatArray) -> FloatArray:
    """The array with every broadcast axis (stride 0) reduced to length 1."""
    return array[tuple(slice(0, 1) if stride == 0 else slice(None) for stride in array.strides)]


def at(table: FloatArray, points: IntArray) -> FloatArray:
    """Entries of a table that broadcasts to (K, U, N) at ``points``, (.., U, N) or (C, 1, 1) for all users."""
    if points.shape[1:] == (1, 1) and points.ndim == 3:
        return np.asarray(table[points[:, 0, 0]])
    if table.shape[1:] == (1, 1):
        return np.asarray(table.ravel().take(points))
    shape = points.shape[-2:]
    if table.shape[1:] != shape:
        table = np.broadcast_to(table, (len(table), *shape))
    users = shape[0] * shape[1]
    return np.asarray(table.ravel().take(points * users + np.arange(users).reshape(shape)))


def best_of(count: int, size: int, value_of: Callable[[slice], FloatArray]) -> tuple[IntArray, FloatArray]:
    """Index and value of the largest of ``count`` arrays of ``size`` numbers, elementwise; the first of equal ones.

    ``value_of`` makes the arrays of a slice of indices, (C, U, N). They are made one by one for a large batch, so
    that they stay in the cache, and all together for a single slot, to save calls.
    """
    at_a_time = max(_TOGETHER // max(size, 1), 1)
    for start in range(0, count, at_a_time):
        values = value_of(slice(start, min(start + at_a_time, count)))
        largest = values[0] if len(values) == 1 else values.max(axis=0)
        found = 0 if len(values) == 1 else (values == largest).argmax(axis=0)
        if start == 0:
            index, best = np.zeros(largest.shape, np.int64) + found, largest
        else:
            np.copyto(index, start + found, where=largest > best)
            np.maximum(best, largest, out=best)
    return index, best


def fill(share: FloatArray, active: BoolArray, least: FloatArray) -> FloatArray:
    """Rescale what users have above their minimum so that a slot's shares sum to 1, (U, N)."""
    above = np.where(active, np.maximum(share - least, 0.0), 0.0)
    total = above.sum(axis=0, keepdims=True)
    free = np.maximum(1.0 - least.sum(axis=0, keepdims=True), 0.0)
    return least + above * (free / np.maximum(total, 1e-300))


def thresholds(exponent: FloatArray, noise: FloatArray, bandwidth: FloatArray, power: FloatArray) -> FloatArray:
    """x at given shares; arguments broadcast, and shares are at least 1e-30."""
    bandwidth, power = np.maximum(bandwidth, 1e-30), np.maximum(power, 1e-30)
    grown = np.expm1(np.minimum(exponent / bandwidth, LARGEST_EXPONENT))
    return np.asarray(grown * (noise * bandwidth / power))
