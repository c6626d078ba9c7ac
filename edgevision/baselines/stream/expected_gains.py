"""What a frame is expected to gain, given a belief of what each camera sees."""

from __future__ import annotations

import numpy as np

from edgevision.arrays import FloatArray
from edgevision.envs.problem import SlotProblem
from edgevision.envs.stream.planned_bandwidth import RELIABILITY


def expected_gains(problem: SlotProblem, belief: FloatArray, worth: FloatArray | None = None) -> FloatArray:
    """Expected weight of right answers that a frame adds in this slot, (N, U, K).

    A frame of a changed scene makes the answer right with the accuracy of its level. If the scene is the same, it
    replaces an answer that is right with probability ``right_again`` by one that is right with ``right_at``.

    Args:
        problem: the slots.
        belief: probabilities of the states of `edgevision.envs.stream.four_states`, (N, U, 4).
        worth: factor on each state, such as the time for which it lasts, (N, U, 4) or (4,); 1 by default.
    """
    street = problem.street
    weighted = belief if worth is None else belief * worth
    background, event = weighted[..., [0, 2]], weighted[..., [1, 3]] * street.event_weight[:, None, None]
    same, changed = np.moveaxis(background + event, -1, 0)
    better = street.right_at - street.right_again[..., None]
    return RELIABILITY * (changed[..., None] * problem.accuracy + same[..., None] * better)
