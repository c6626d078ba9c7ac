"""`SendingNetwork`: how much more, or less, sending is worth than the dynamic program says. Source: ours."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from edgevision.arrays import FloatArray
from edgevision.envs.problem import SlotProblem

#: What the network sees of a camera beside the state of the belief network, in order.
SENDING_SIGNS = (
    *(f"log of the probability of state {number}, over 4" for number in range(4)),
    "net gain of the best level that the band can carry, over 10",
    "value of a frame in the battery, over 10",
    "frames left, over 10",
    "frames left per slot left, at most 1, times 5",
    "share of the episode that is left",
    "whether the edge has no answer yet",
    "whether a frame was lost in the slot before",
    "slots since the last delivery, at most 40 [20 slots]",
    "probability that the newest answer is right, if the scene is the same",
    "share of the band that the most compressed level needs, at most 1",
    "change score [2 noise levels]",
    "whether the newest answer says that an event is in view",
)
_LEAST_GAIN, _LIMIT = -30.0, 10.0
#: Largest correction [weight of right answers].
LARGEST = 15.0
_WIDTH = 64


def best_gain(problem: SlotProblem, gain: FloatArray) -> FloatArray:
    """Net gain of the best level that the whole band can carry, (N, U), from those of all levels, (N, U, K)."""
    possible = problem.street.planned_share <= 1.0
    return np.asarray(np.where(possible, gain, _LEAST_GAIN).max(axis=2))


def sending_signs(
    problem: SlotProblem, belief: FloatArray, state: NDArray[np.float32], gain: FloatArray, price: FloatArray
) -> NDArray[np.float32]:
    """What the network sees, (N, U, 16 + W): `SENDING_SIGNS`, and the state (N, U, W) of the belief network."""
    street = problem.street
    left = street.slots_left[:, None]
    columns = [
        *(np.log(np.maximum(belief, 1e-6)) / 4.0).transpose(2, 0, 1),
        best_gain(problem, gain) / 10.0,
        price / 10.0,
        street.frames_left / 10.0,
        5.0 * np.minimum(street.frames_left / np.maximum(left, 1), 1.0),
        np.broadcast_to(left / street.episode_slots[:, None], price.shape),
        street.empty,
        street.lost,
        np.minimum(street.age, 40) / 20.0,
        street.right_again,
        np.minimum(street.planned_share[..., -1], 1.0),
        street.score / 2.0,
        street.told_event,
    ]
    seen = np.concatenate([np.stack(columns, axis=-1), state], axis=-1)
    return np.clip(seen, -_LIMIT, _LIMIT).astype(np.float32)


class SendingNetwork(nn.Module):
    """Two hidden layers; its correction is 0 before training."""

    def __init__(self, state_width: int) -> None:
        """Random weights, for a belief network with ``state_width`` numbers per camera."""
        super().__init__()
        last = nn.Linear(_WIDTH, 1)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        self.layers = nn.Sequential(
            *(nn.Linear(len(SENDING_SIGNS) + state_width, _WIDTH), nn.SiLU()),
            *(nn.Linear(_WIDTH, _WIDTH), nn.SiLU(), last),
        )

    def forward(self, seen: Tensor) -> Tensor:
        """Corrections of the net gains (...), from signs (..., 16 + W)."""
        correction: Tensor = self.layers(seen)[..., 0]
        return correction

    def corrections(self, seen: NDArray[np.float32]) -> FloatArray:
        """The same without gradients, limited to 15 either way."""
        with torch.inference_mode():
            return np.clip(self(torch.from_numpy(seen)).numpy().astype(np.float64), -LARGEST, LARGEST)
