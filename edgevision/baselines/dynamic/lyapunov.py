"""`Lyapunov`: drift plus penalty with a virtual queue of energy per camera."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from edgevision.baselines.dynamic.priced import Priced
from edgevision.baselines.dynamic.waiting import waiting_value
from edgevision.baselines.policy_registry import register
from edgevision.checks import real_number
from edgevision.envs.allocation import Allocation
from edgevision.envs.problem import SlotProblem
from edgevision.errors import PolicyOptionError


@register
class Lyapunov:
    """Drift plus penalty: the price of energy is the length of a virtual queue that fills when a camera overspends.

    Each slot the queue of a camera grows by the energy spent and falls by E / T, the energy of an episode over its
    slots: Z(t + 1) = max(Z(t) + e(t) - E / T, 0), and the price is Z / (V E^2). It starts at ``start`` times E. With a
    start of at least 1 it never empties, so that its length is a closed form of the time and the energy left, and the
    policy needs no memory. Harvest that a full battery cannot take counts as spent. Source: Neely, Stochastic Network
    Optimization with Application to Communication and Queueing Systems (2010), chapters 3 and 4.
    """

    name = "lyapunov"
    kind = "solver"
    families = ("dynamic",)
    search: ClassVar[dict[str, tuple[float, ...]]] = {
        "weight": (0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.4, 2.0, 3.0, 5.0),
        "wait": (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7),
        "start": (1.0, 1.5, 2.0, 4.0),
    }

    def __init__(self, weight: float = 0.3, wait: float = 0.4, start: float = 1.0) -> None:
        """Set the queue.

        Args:
            weight: V, the weight of success against energy.
            wait: what a request is worth if it waits, unless it is in its last slot.
            start: length of the virtual queue at the start over E, at least 1.

        Raises:
            PolicyOptionError: a value is not a number, or out of range.
        """
        self.weight = real_number("weight", weight, 1e-9, 1e9, PolicyOptionError)
        self.wait = real_number("wait", wait, 0.0, 100.0, PolicyOptionError)
        self.start = real_number("start", start, 1.0, 1e9, PolicyOptionError)

    def act(self, problem: SlotProblem) -> Allocation:
        """Allocate for every slot of the batch."""
        future = problem.future
        full = np.maximum(future.episode_energy, 1e-12)
        past = 1.0 - future.slots_left / future.episode_slots
        queue = self.start + (1.0 - future.energy_left / full) - past[:, None]
        price = queue / (self.weight * full)
        return Priced().act(problem.priced(price, waiting_value(problem, self.wait)))
