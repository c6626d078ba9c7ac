"""`Lagrangian`: a constant price of energy, as the multiplier of the battery constraint."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from edgevision.baselines.dynamic.priced import Priced
from edgevision.baselines.dynamic.waiting import REFERENCE_ENERGY, waiting_value
from edgevision.baselines.policy_registry import register
from edgevision.checks import real_number
from edgevision.envs.allocation import Allocation
from edgevision.envs.problem import SlotProblem
from edgevision.errors import PolicyOptionError


@register
class Lagrangian:
    """A price of energy that stays constant during the episode. Source: Lagrangian relaxation of the battery.

    There is one multiplier per camera, because there is one battery per camera: ``price`` over the energy of
    its episode per expected request, to the power ``scaling``.
    """

    name = "lagrangian"
    kind = "solver"
    families = ("dynamic",)
    search: ClassVar[dict[str, tuple[float, ...]]] = {
        "price": (1.0, 2.0, 4.0, 8.0, 12.0, 16.0, 24.0, 32.0, 64.0, 128.0, 256.0),
        "wait": (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7),
        "scaling": (0.0, 0.5, 0.75, 1.0),
    }

    def __init__(self, price: float = 12.0, wait: float = 0.4, scaling: float = 1.0) -> None:
        """Set the price.

        Args:
            price: price of energy of a camera whose battery holds 10 mJ per expected request [successes / J].
            wait: what a request is worth if it waits, unless it is in its last slot.
            scaling: 1 makes the price inverse to the camera's battery, 0 makes it the same for all cameras.

        Raises:
            PolicyOptionError: a value is not a number, or out of range.
        """
        self.price = real_number("price", price, 0.0, 1e9, PolicyOptionError)
        self.wait = real_number("wait", wait, 0.0, 100.0, PolicyOptionError)
        self.scaling = real_number("scaling", scaling, 0.0, 10.0, PolicyOptionError)

    def act(self, problem: SlotProblem) -> Allocation:
        """Allocate for every slot of the batch."""
        future = problem.future
        requests = future.arrival_rate * future.episode_slots
        energy = future.episode_energy / np.maximum(requests, 1.0)[:, None]
        price = self.price * np.maximum(energy / REFERENCE_ENERGY, 1e-9) ** -self.scaling
        return Priced().act(problem.priced(price, waiting_value(problem, self.wait)))
