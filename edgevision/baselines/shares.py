"""Splitting budgets: what policies that choose shares do last, so that C1..C4 hold and nothing is left over.

Solvers and closed forms give shares that are right up to their tolerance. ``fill_budget`` makes them add up to the
budget, to rounding, with every minimum kept.
"""

from __future__ import annotations

import numpy as np

from edgevision.arrays import BoolArray, FloatArray
from edgevision.envs.problem import SlotProblem


def fill_budget(share: FloatArray, active: BoolArray, budget: FloatArray, least: FloatArray) -> FloatArray:
    """Rescale what each user has above its minimum so that a slot's shares sum to its budget.

    Success never falls with more bandwidth or power, so an optimum always spends both budgets. Solver output is
    feasible to about 1e-8 only; after this it is feasible to rounding.

    Args:
        share: proposed shares, (N, U); what lies below the minimum is raised to it.
        active: who gets a share, (N, U).
        budget: total per slot, (N,).
        least: minimum per active user, (N,).

    Returns:
        Shares (N, U) with zeros for inactive users; equal shares where nobody asks for more than the minimum.
    """
    above = np.where(active, np.maximum(share - least[:, None], 0.0), 0.0)
    above = np.where(above.sum(axis=1, keepdims=True) > 0, above, active)
    above /= np.maximum(above.sum(axis=1, keepdims=True), np.finfo(float).tiny)
    free = np.maximum(budget - least * active.sum(axis=1), 0.0)
    return np.where(active, least[:, None] + above * free[:, None], 0.0)


def fill_budgets(problem: SlotProblem, bandwidth: FloatArray, power: FloatArray) -> tuple[FloatArray, FloatArray]:
    """``fill_budget`` for the bandwidth [Hz] and the power [W] of a batch, (N, U) each."""
    return (
        fill_budget(bandwidth, problem.active, problem.bandwidth_budget, problem.min_bandwidth),
        fill_budget(power, problem.active, problem.power_budget, problem.min_power),
    )
