"""What several policies need beside a price: values of waiting, the energy for a request, and what encoding costs."""

from __future__ import annotations

import numpy as np

from edgevision.arrays import FloatArray
from edgevision.envs.problem import SlotProblem

_SLACK_UNIT = 16.0
#: Energy per request at which the prices of policies are given [J].
REFERENCE_ENERGY = 1e-2


def waiting_value(problem: SlotProblem, constant: float, by_slack: float = 0.0) -> FloatArray:
    """``constant`` plus ``by_slack`` for every 16 slots that are left after this one, (N, U).

    A request in its last slot gains nothing by waiting.
    """
    later = problem.future.slack - 1
    return np.where(later > 0, constant + by_slack * later / _SLACK_UNIT, 0.0)


def energy_per_request(problem: SlotProblem) -> FloatArray:
    """Energy left per request that is still expected, (N, U) [J]; at least a trifle, to divide by."""
    future = problem.future
    return np.maximum(future.energy_left / future.expected_requests, 1e-12)


def encoding_cost(problem: SlotProblem, price: FloatArray) -> FloatArray:
    """What the energy of encoding a request costs at a price of energy (N, U) [successes / J], (N, U) [successes]."""
    return np.zeros(price.shape) if problem.encoding_energy is None else price * problem.encoding_energy
