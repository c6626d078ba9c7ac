"""Step 1 of ``joint``: table of the optimal power at a given price, one per fading and success model.

It solves max over p of eta F(m / p) - nu p. F(x) is the success probability at the normalised threshold x, and m = x p
is the threshold per unit of power. With s = p / m the maximum is eta H(c), c = nu m / eta, where
H(c) = max_s F(1/s) - c s depends only on fading and success model. F(1/s) is convex up to one inflection and concave
beyond it; H is the maximum over the concave part.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from edgevision.arrays import FloatArray
from edgevision.envs.channel import radio
from edgevision.envs.config import Fading, SuccessModel

_PROBABILITY_STEPS_PER_UNIT = 256
_LARGEST_THRESHOLD = 8.5  # F is at most 2e-4 (Rayleigh, computed directly) or 2e-17 beyond
_LOG_PRICE_RANGE = 46.0
_PRICE_STEPS_PER_UNIT = 256
_BISECTIONS = 70


@dataclass(frozen=True, eq=False)
class PowerTable:
    """Tables of the success probability F and its conjugate H; linear interpolation is never below the true values.

    Chords of a convex function lie above it. F is convex in the threshold x where it is tabulated (the exact
    half-normal model), and H is convex in c as a maximum of linear functions.

    Attributes:
        fading: distribution of the gain.
        model: success model.
        order: F is convex in this power of x: 2 for exp(-x^2 / 2), else 1.
        probability: F at multiples of 1 / 256.
        log_price: log c of the first node; nodes are 1 / 256 apart.
        value: H at the nodes.
        power: maximiser s at the nodes; it falls with c.
    """

    fading: Fading
    model: SuccessModel
    order: int
    probability: FloatArray
    log_price: float
    value: FloatArray
    power: FloatArray

    def success(self, threshold: FloatArray) -> FloatArray:
        """F(x), or up to 1e-6 above it, for thresholds x >= 0 of any shape, infinity included."""
        if self.fading == "rayleigh":
            return np.asarray(np.exp(-threshold))
        if self.model == "chernoff":
            return np.asarray(np.exp(-0.5 * np.minimum(threshold, _LARGEST_THRESHOLD) ** 2))
        return _interpolate(self.probability, np.minimum(threshold, _LARGEST_THRESHOLD) * _PROBABILITY_STEPS_PER_UNIT)

    def conjugate(self, price: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """An upper bound on H(c), and bounds on its maximiser from below and above.

        Beyond the price of the inflection there is no stationary point: the bound on H is still valid, and the upper
        bound on the maximiser is 0.
        """
        last = len(self.value) - 1
        position = (np.log(price) - self.log_price) * _PRICE_STEPS_PER_UNIT
        node = np.clip(position, 0.0, last - 1.0).astype(np.int64)
        # Linear in c, not in log c, because only then the chord is above H.
        weight = np.clip(np.expm1((position - node) / _PRICE_STEPS_PER_UNIT) / _CHORD, 0.0, 1.0)
        value = self.value.take(node)
        value += weight * (self.value.take(node + 1) - value)
        low, high = self.power.take(node + 1) * (1 - 1e-9), self.power.take(node) * (1 + 1e-9)
        value = np.where(position < 0, 1.0, value)
        high = np.where(position < 0, np.inf, np.where(position > last, 0.0, high))
        return value, low, high

    def read(self, log_price: FloatArray, column: FloatArray) -> FloatArray:
        """``value`` or ``power`` interpolated linearly in log c, which is clipped."""
        position = (log_price - self.log_price) * _PRICE_STEPS_PER_UNIT
        return _interpolate(column, np.clip(position, 0.0, len(self.value) - 1.001))


def _interpolate(table: FloatArray, position: FloatArray) -> FloatArray:
    """Linear interpolation of a table at fractional indices of any shape."""
    node = position.astype(np.int64)
    low = table.take(node)
    return np.asarray(low + (position - node) * (table.take(node + 1) - low))


_CHORD = float(np.expm1(1 / _PRICE_STEPS_PER_UNIT))


@functools.lru_cache(maxsize=8)
def power_table(fading: Fading, model: SuccessModel) -> PowerTable:
    """Build the tables for one fading and success model."""
    order = 2 if fading == "half-normal" and model == "chernoff" else 1

    def success(x: FloatArray) -> FloatArray:
        with np.errstate(divide="ignore"):
            return radio.success_probability(np.log(x), fading, model)

    # c = -F'(x) x^2 rises with x up to the inflection.
    inflection = {("rayleigh", 1): 2.0, ("half-normal", 1): np.sqrt(2.0), ("half-normal", 2): np.sqrt(3.0)}[
        fading, order
    ]
    highest = float(2.0 * np.log(inflection) + np.log(marginal_success(np.array(inflection), fading, model)))
    log_price = highest - np.arange(int(_LOG_PRICE_RANGE * _PRICE_STEPS_PER_UNIT), -1, -1) / _PRICE_STEPS_PER_UNIT
    low, high = np.full((2, len(log_price)), [[1e-12], [inflection]])
    for _ in range(_BISECTIONS):
        middle = np.sqrt(low * high)
        below = np.log(marginal_success(middle, fading, model) * middle * middle) < log_price
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    x = np.sqrt(low * high)
    grid = np.arange(int(_LARGEST_THRESHOLD * _PROBABILITY_STEPS_PER_UNIT) + 2) / _PROBABILITY_STEPS_PER_UNIT
    return PowerTable(
        fading, model, order, success(grid), float(log_price[0]), success(x) - np.exp(log_price) / x, 1.0 / x
    )


def marginal_success(x: FloatArray, fading: Fading, model: SuccessModel) -> FloatArray:
    """-F'(x): gain in success probability per decrease of the threshold x."""
    if fading == "rayleigh":
        return np.asarray(np.exp(-x))
    factor = x if model == "chernoff" else np.sqrt(2.0 / np.pi)
    return np.asarray(factor * np.exp(-0.5 * np.minimum(x, 50.0) ** 2))
