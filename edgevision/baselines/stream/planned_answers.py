"""`PlannedAnswers`: sends what the prices of `street_bound` value most, in ``EdgeVision/Stream-v0``."""

from __future__ import annotations

import numpy as np

from edgevision.baselines.stream.slot_solver import best_frames
from edgevision.baselines.stream.street_bound import StreetBound, frame_exponents, shares_with, success_of
from edgevision.envs.allocation import Allocation
from edgevision.envs.problem import SlotProblem
from edgevision.envs.stream.planned_bandwidth import IMPOSSIBLE
from edgevision.envs.stream.stream_simulator import StreamSimulator

#: Success probabilities that a frame is sent for.
_TARGETS = (0.5, 0.65, 0.76, 0.84, 0.89, 0.925, 0.95, 0.968, 0.98, 0.99)
#: Scales values of answers, which are rewards, to those that the slot solver expects.
_SCALE = 10.0


class PlannedAnswers:
    """Sends the cheapest right frames of cameras whose answer is wrong, by what a right answer is worth from now on."""

    name = "planned-answers"
    kind = "solver"

    def __init__(self, plan: StreetBound, simulator: StreamSimulator) -> None:
        """Take the plan of the episodes to come, and the simulator that plays them."""
        self.plan, self._simulator = plan, simulator
        self._exponents = frame_exponents(simulator)

    def act(self, problem: SlotProblem) -> Allocation:
        """Allocate for every slot of the batch."""
        street, simulator = problem.street, self._simulator
        rows = street.environment
        exponents = self._exponents[simulator.content[rows]]
        level, easiest = exponents.argmin(axis=2), exponents.min(axis=2)
        held = (simulator.right & ~simulator.changed)[rows]
        slot = np.minimum(street.slot, self.plan.answer_value.shape[1] - 1)  # an episode may be over
        worth = np.where(held | np.isinf(easiest), 0.0, self.plan.answer_value[rows, slot])
        noise = problem.noise_density * problem.bandwidth_budget * problem.users / problem.power_budget
        noise_ratio = (noise[:, None] / problem.gain_scale)[..., None]
        exponent = np.where(np.isinf(easiest), 1.0, easiest)[..., None]
        share = shares_with(exponent, noise_ratio, -np.log(np.asarray(_TARGETS)))
        net = worth[..., None] * success_of(exponent, noise_ratio, share) - self.plan.frame_price[rows][..., None]
        share = np.where(street.frames_left[..., None] > 0, share, IMPOSSIBLE)
        gain = _SCALE * net
        send, choice = best_frames(gain, share)
        needed = np.where(send, np.take_along_axis(share, choice[..., None], axis=2)[..., 0], 0.0)
        total = needed.sum(axis=1, keepdims=True)
        return Allocation(
            operating_point=np.where(send, level, 0),
            bandwidth=needed / np.where(total > 0, total, 1.0) * problem.bandwidth_budget[:, None],
            power=np.where(send, (problem.power_budget / problem.users)[:, None], 0.0),
        )
