"""Last step of policies that choose shares: rescale them so that C1..C4 hold and both budgets are spent."""

from __future__ import annotations

import numpy as np

from edgevision.arrays import BoolArray, FloatArray
from edgevision.envs.problem import SlotProblem


def fill_budget(share: FloatArray, active: BoolArray, budget: FloatArray, least: FloatArray) -> FloatArray:
    """Rescale what each user has above its minimum so that a slot's shares sum to its budget.

    Success never falls with more bandwidth or power, so some optimum spends both budgets. Shares of a solver are
    feasible to about 1e-8 only; afterwards they are feasible to rounding.

    Args:
        share: proposed shares, (N, U); values below the minimum are raised to it.
        active: who gets a share, (N, U).
        budget: budget of each slot, (N,).
        least: minimum of each active user, (N,).

    Returns:
        Shares (N, U), zero for inactive users; equal shares if no proposed share is above the minimum.
    """
    above = np.where(active, np.maximum(share - least[:, None], 0.0), 0.0)
    above = np.where(above.sum(axis=1, keepdims=True) > 0, above, active)
    above /= np.maximum(above.sum(axis=1, keepdims=True), np.finfo(float).tiny)
    free = np.maximum(budget - least * active.sum(axis=1), 0.0)
    return np.where(active, least[:, None] + above * free[:, None], 0.0)


def fill_budgets(problem: SlotProblem, bandwidth: FloatArray, power: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Apply ``fill_budget`` to bandwidth [Hz] and power [W], (N, U) each; no user gets more than its largest power."""
    bandwidth = fill_budget(bandwidth, problem.active, problem.bandwidth_budget, problem.min_bandwidth)
    power = fill_budget(power, problem.active, problem.power_budget, problem.min_power)
    return bandwidth, power if problem.max_power is None else np.minimum(power, problem.max_power)
