"""Random processes that the traces of several environments share, from uniform numbers."""

from __future__ import annotations

import numpy as np

from edgevision.arrays import BoolArray, FloatArray


def standard_normal(radius: FloatArray, angle: FloatArray) -> FloatArray:
    """Standard normal numbers from pairs of uniforms in [0, 1), by Box and Muller; 1 - u > 0 keeps the log finite."""
    return np.asarray(np.sqrt(-2.0 * np.log(1.0 - radius)) * np.cos(2.0 * np.pi * angle))


def autoregressive(steps: FloatArray, correlation: FloatArray | float) -> FloatArray:
    """Stationary process of order 1 and unit variance, (N, slots, U), from standard normal steps.

    Args:
        steps: standard normal numbers, (N, slots, U).
        correlation: correlation between one slot and the next, a number or (N, U).
    """
    walk, new = steps.copy("K"), np.sqrt(1.0 - correlation**2)
    for slot in range(1, walk.shape[1]):
        walk[:, slot] = correlation * walk[:, slot - 1] + new * steps[:, slot]
    return walk


def busy_slots(
    mean_stay_slots: tuple[FloatArray | float, FloatArray | float], first: FloatArray, uniform: FloatArray
) -> BoolArray:
    """Whether it is busy, (N, slots, ..): a Markov chain of two states, stationary from the first slot on.

    Args:
        mean_stay_slots: mean number of slots for which it stays calm, and busy; at least 1 each,
            numbers or (N,).
        first: uniform numbers for the first slot, (N, ..).
        uniform: uniform numbers for all slots, (N, slots, ..).
    """
    calm_stay, busy_stay = mean_stay_slots
    busy = np.empty(uniform.shape, bool)
    busy[:, 0] = first < busy_stay / (calm_stay + busy_stay)
    for slot in range(1, uniform.shape[1]):
        leaves = uniform[:, slot] < np.where(busy[:, slot - 1], 1.0 / busy_stay, 1.0 / calm_stay)
        busy[:, slot] = busy[:, slot - 1] != leaves
    return busy
