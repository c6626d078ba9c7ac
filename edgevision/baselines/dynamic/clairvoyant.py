"""`Clairvoyant`: a reference that knows the future and carries out the plan of `episode_bound`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edgevision.baselines.dynamic.episode_bound import EpisodeBound, episode_bound
from edgevision.baselines.dynamic.priced import Priced
from edgevision.baselines.policy_registry import register
from edgevision.envs.dynamic.dynamic_simulator import DynamicSimulator
from edgevision.envs.problem import Allocation, SlotProblem
from edgevision.envs.simulation.base import EpisodeSimulator
from edgevision.errors import SlotProblemError


@register
class Clairvoyant:
    """Cameras send in the slots of the bound's matching, at its prices of energy. It is feasible, but not causal.

    Between it and the bound lies the best that any policy can do. It shows how much of the room above causal policies
    is real. Source: ours.

    Attributes:
        plan: bound and plan of the episodes that it has seen; ``None`` before.
    """

    name = "clairvoyant"
    kind = "solver"
    families = ("dynamic",)

    def __init__(self) -> None:
        self.plan: EpisodeBound | None = None

    def foresee(self, simulator: EpisodeSimulator) -> None:
        """Plan the episodes that have begun in a simulator of ``EdgeVision/Dynamic-v0``.

        Raises:
            SlotProblemError: it is a simulator of another environment.
        """
        if not isinstance(simulator, DynamicSimulator):
            raise SlotProblemError("clairvoyant plans episodes of EdgeVision/Dynamic-v0 only")
        self.plan = episode_bound(simulator)

    def act(self, problem: SlotProblem) -> Allocation:
        """Allocate for every slot of the batch.

        Raises:
            SlotProblemError: it has not seen the episodes; see ``foresee``.
        """
        future = problem.future
        if self.plan is None:
            raise SlotProblemError("clairvoyant must see the episodes first; call foresee(env.unwrapped.simulator)")
        slot = np.minimum(future.episode_slots - future.slots_left, self.plan.planned.shape[1] - 1)
        planned = self.plan.planned[future.environment, slot]
        price = self.plan.energy_price[future.environment]
        sending = replace(problem, active=problem.active & planned)
        return Priced().act(sending.priced(price, np.zeros(price.shape)))
