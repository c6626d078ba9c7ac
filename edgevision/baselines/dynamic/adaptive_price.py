"""`Adaptive`: a price of energy from what a camera can still spend per expected request."""

from __future__ import annotations

from typing import ClassVar

from edgevision.arrays import FloatArray
from edgevision.baselines.dynamic.priced import Priced
from edgevision.baselines.dynamic.waiting import energy_per_request, waiting_value
from edgevision.baselines.policy_registry import register
from edgevision.envs.problem import Allocation, SlotProblem

_REFERENCE = 1e-2  # [J] per request


def adaptive_price(problem: SlotProblem, price: float) -> FloatArray:
    """Price of energy that rises as the energy left per expected request falls, (N, U) [successes / J].

    ``price`` is that of a camera with 10 mJ per request. Success grows about with the logarithm of energy, so that
    spending at a constant share of what is left needs a price inverse to it.
    """
    return price * _REFERENCE / energy_per_request(problem)


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
        """
        self.price, self.wait, self.by_slack = price, wait, by_slack

    def act(self, problem: SlotProblem) -> Allocation:
        """Allocate for every slot of the batch."""
        waiting = waiting_value(problem, self.wait, self.by_slack)
        return Priced().act(problem.priced(adaptive_price(problem, self.price), waiting))
