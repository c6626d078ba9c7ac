"""`Adaptive`: a price of energy from what a camera can still spend per expected request."""

from __future__ import annotations

from typing import ClassVar

from edgevision.arrays import FloatArray
from edgevision.baselines.dynamic.priced import Priced
from edgevision.baselines.dynamic.waiting import REFERENCE_ENERGY, energy_per_request, waiting_value
from edgevision.baselines.policy_registry import register
from edgevision.checks import real_number
from edgevision.envs.allocation import Allocation
from edgevision.envs.problem import SlotProblem
from edgevision.errors import PolicyOptionError


def adaptive_price(problem: SlotProblem, price: float) -> FloatArray:
    """Price of energy that rises as the energy left per expected request falls, (N, U) [successes / J].

    ``price`` is that of a camera with 10 mJ per request. Success grows about with the logarithm of energy, so that
    spending at a constant share of what is left needs a price inverse to it.
    """
    return price * REFERENCE_ENERGY / energy_per_request(problem)


@register
class Adaptive:
    """A price inverse to the energy left per expected request; waiting is worth more with more slack. Source: ours."""

    name = "adaptive"
    kind = "solver"
    families = ("dynamic",)
    search: ClassVar[dict[str, tuple[float, ...]]] = {
        "price": (4.0, 6.0, 8.0, 10.0, 12.0, 14.0, 17.0, 20.0, 24.0, 32.0, 48.0),
        "wait": (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6),
        "by_slack": (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8),
    }

    def __init__(self, price: float = 14.0, wait: float = 0.2, by_slack: float = 0.4) -> None:
        """Set price and value of waiting.

        Args:
            price: price of energy with 10 mJ per expected request [successes / J].
            wait: what a request is worth if it waits, unless it is in its last slot.
            by_slack: what it is worth more for every 16 slots that it has left.

        Raises:
            PolicyOptionError: a value is not a number, or out of range.
        """
        self.price = real_number("price", price, 0.0, 1e9, PolicyOptionError)
        self.wait = real_number("wait", wait, 0.0, 100.0, PolicyOptionError)
        self.by_slack = real_number("by_slack", by_slack, 0.0, 100.0, PolicyOptionError)

    def act(self, problem: SlotProblem) -> Allocation:
        """Allocate for every slot of the batch."""
        waiting = waiting_value(problem, self.wait, self.by_slack)
        return Priced().act(problem.priced(adaptive_price(problem, self.price), waiting))
