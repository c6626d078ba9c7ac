"""Values of waiting that several policies share. A request in its last slot gains nothing by waiting."""

from __future__ import annotations

import numpy as np

from edgevision.arrays import FloatArray
from edgevision.envs.problem import SlotProblem

_SLACK_UNIT = 16.0


def waiting_value(problem: SlotProblem, constant: float, by_slack: float = 0.0) -> FloatArray:
    """``constant`` plus ``by_slack`` for every 16 slots that are left after this one, (N, U)."""
    later = problem.future.slack - 1
    return np.where(later > 0, constant + by_slack * later / _SLACK_UNIT, 0.0)


def energy_per_request(problem: SlotProblem) -> FloatArray:
    """Battery left per request that is still expected, (N, U) [J]; at least a trifle, to divide by."""
    future = problem.future
    return np.maximum(future.battery / future.expected_requests, 1e-12)
