"""MSVRA: bandwidth and power that maximise the sum rate, in closed form up to one scalar per slot."""

from __future__ import annotations

import numpy as np

from edgevision.arrays import FloatArray, IntArray
from edgevision.baselines.operating_points import FixedCompression
from edgevision.baselines.policy_registry import register
from edgevision.baselines.shares import fill_budgets
from edgevision.envs.problem import SlotProblem

_BISECTIONS = 60


def sum_rate_shares(problem: SlotProblem) -> tuple[FloatArray, FloatArray]:
    """Bandwidth [Hz] and power [W] that maximise sum_i b_i log2(1 + a_i p_i / b_i) under C1..C4, (N, U) each.

    a_i = delta_i / N0, because a controller knows the scale of the gain, not its value. The objective is jointly
    concave and homogeneous of degree 1, so its optimality conditions leave one unknown: the signal-to-noise ratio s of
    the strongest users, those with a_i = max a = A. Given s, the other users get

        b_i = max(B_min, a_i P_min / s),   p_i = max(P_min, B_min ((1 + s) / A - 1 / a_i)),

    that is, water-filling at the minimum bandwidth, or the minimum power at ratio s. The strongest users divide the
    rest equally, and the rest must also have the ratio s: A (P_max - sum p) = s (B_max - sum b). Left minus right falls
    with s, and s B_max / (A P_max) lies between 1/U and U.
    """
    active = problem.active
    with np.errstate(divide="ignore", invalid="ignore"):
        strength = np.where(active, problem.gain_scale, 0.0)
        relative = strength / strength.max(axis=1, keepdims=True)
        snr = (strength.max(axis=1) * problem.power_budget / problem.noise_density / problem.bandwidth_budget)[:, None]
        # P_min and B_min as shares of the budgets.
        least_b = (problem.min_bandwidth / problem.bandwidth_budget)[:, None]
        least_p = (problem.min_power / problem.power_budget)[:, None]

        def others(ratio: FloatArray) -> tuple[FloatArray, FloatArray]:
            bandwidth = np.maximum(least_b, relative * least_p / ratio)
            power = np.maximum(least_p, least_b * (ratio + (1.0 - 1.0 / relative) / snr))
            return np.where(active, bandwidth, 0.0), np.where(active, power, 0.0)

        low = np.full((problem.slots, 1), -np.log(problem.users))
        high = -low
        for _ in range(_BISECTIONS):
            middle = (low + high) / 2
            bandwidth, power = others(np.exp(middle))
            excess = 1 - power.sum(axis=1, keepdims=True) - np.exp(middle) * (1 - bandwidth.sum(axis=1, keepdims=True))
            low, high = np.where(excess > 0, middle, low), np.where(excess > 0, high, middle)
        bandwidth, power = others(np.exp(low))
    strongest = active & (relative == 1.0)
    share = strongest / np.maximum(strongest.sum(axis=1, keepdims=True), 1)
    bandwidth += share * (1 - bandwidth.sum(axis=1, keepdims=True))
    power += share * (1 - power.sum(axis=1, keepdims=True))
    return fill_budgets(problem, bandwidth * problem.bandwidth_budget[:, None], power * problem.power_budget[:, None])


@register
class MSVRA(FixedCompression):
    """Maximum system velocity for resource allocation: shares of largest sum rate, with fixed compression.

    Source: Co-CRRA paper, section VI-B (baseline MSVRA), eq. 1.
    """

    name = "msvra"
    kind = "solver"

    def shares(self, problem: SlotProblem, points: IntArray) -> tuple[FloatArray, FloatArray]:
        """Shares of largest sum rate: bandwidth [Hz] and power [W], (N, U) each; ``points`` are not used."""
        return sum_rate_shares(problem)
