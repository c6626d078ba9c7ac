"""`PlannedSending`: carries out the plan of `episode_bound` in ``EdgeVision/Dynamic-v0``."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edgevision.arrays import FloatArray
from edgevision.baselines.dynamic.episode_bound import EpisodeBound
from edgevision.baselines.dynamic.priced import Priced
from edgevision.envs.allocation import Allocation
from edgevision.envs.problem import SlotProblem


class PlannedSending:
    """Cameras send in the slots of the bound's matching, at its prices of energy and the true gains."""

    name = "planned-sending"
    kind = "solver"

    def __init__(self, plan: EpisodeBound, gain: FloatArray) -> None:
        """Take the plan of the episodes to come, and their true gains (N, T + 1, U)."""
        self.plan, self.gain = plan, gain

    def act(self, problem: SlotProblem) -> Allocation:
        """Allocate for every slot of the batch."""
        future = problem.future
        slot = np.minimum(future.episode_slots - future.slots_left, self.plan.planned.shape[1] - 1)
        planned = self.plan.planned[future.environment, slot]
        price = self.plan.energy_price[future.environment]
        gain = self.gain[future.environment, slot]
        sending = replace(problem, active=problem.active & planned, gain_scale=gain)
        return Priced().act(sending.priced(price, np.zeros(price.shape)))
