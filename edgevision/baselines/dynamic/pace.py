"""`Pace`: never spend more on a request than a constant fraction of the energy left per expected request."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import numpy as np

from edgevision.baselines.dynamic.priced import Priced
from edgevision.baselines.dynamic.waiting import energy_per_request, waiting_value
from edgevision.baselines.policy_registry import register
from edgevision.checks import real_number
from edgevision.envs.allocation import Allocation
from edgevision.envs.problem import SlotProblem
from edgevision.errors import PolicyOptionError


@register
class Pace:
    """Energy rationing: a camera spends at most ``fraction`` x energy left / expected requests. Source: folklore."""

    name = "pace"
    kind = "solver"
    families = ("dynamic",)
    search: ClassVar[dict[str, tuple[float, ...]]] = {
        "fraction": (0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0),
        "wait": (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7),
    }

    def __init__(self, fraction: float = 0.7, wait: float = 0.5) -> None:
        """Set the pace.

        Args:
            fraction: largest energy for a request over the energy left per expected request.
            wait: what a request is worth if it waits, unless it is in its last slot.

        Raises:
            PolicyOptionError: a value is not a number, or out of range.
        """
        self.fraction = real_number("fraction", fraction, 0.0, 1e6, PolicyOptionError)
        self.wait = real_number("wait", wait, 0.0, 100.0, PolicyOptionError)

    def act(self, problem: SlotProblem) -> Allocation:
        """Allocate for every slot of the batch."""
        ration = self.fraction * energy_per_request(problem)
        if problem.encoding_energy is not None:
            ration = np.maximum(ration - problem.encoding_energy, 0.0)
        most = ration / problem.deadline
        if problem.max_power is not None:
            most = np.minimum(most, problem.max_power)
        # The limit on power takes the place of a price.
        limited = replace(problem, max_power=most)
        free = np.zeros(problem.active.shape)
        return Priced().act(limited.priced(free, waiting_value(problem, self.wait)))
