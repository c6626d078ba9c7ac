"""`NETWORKS`: what learns a belief. Each follows every camera of a street, and most look at its neighbours."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
import torch
from torch import Tensor, nn

from edgevision.arrays import FloatArray
from edgevision.envs.stream.four_states import STATES
from edgevision.envs.stream.stream_outlook import StreamOutlook

#: What the network sees of a camera, in order; the log belief of the filter is last.
SIGNS = (
    "change score [2 noise levels]",
    "whether a frame was delivered in the slot before",
    "whether a frame was lost in the slot before",
    "1 if its answer differs from the one before, -1 if not, 0 without a delivery",
    "whether the edge has no answer yet",
    "slots since the last delivery, at most 40 [20 slots]",
    "confidence of the newest answer, minus 0.5",
    "1 if the newest answer says that an event is in view, else -1",
    "the same in the slot after its delivery, else 0",
    "moving average of the change score, weight 0.25",
    *(f"log of the probability of {state!r}, over 4" for state in STATES),
)
_SCALE = 4.0
_OLD = 40


def signs(outlook: StreamOutlook) -> FloatArray:
    """What the network sees, (N, U, S) float32."""
    told_event = np.where(outlook.told_event, 1.0, -1.0)
    columns = [
        np.clip(outlook.score, -4.0, 6.0) / 2.0,
        outlook.delivered,
        outlook.lost,
        np.where(outlook.delivered, np.where(outlook.told_change, 1.0, -1.0), 0.0),
        outlook.empty,
        np.minimum(outlook.age, _OLD) / (0.5 * _OLD),
        np.where(outlook.empty, 0.0, outlook.confidence - 0.5),
        told_event,
        np.where(outlook.delivered, told_event, 0.0),
        np.clip(outlook.score_averages[:, 1], -3.0, 3.0),
        *(np.log(np.maximum(outlook.belief, 1e-4)) / _SCALE).transpose(2, 0, 1),
    ]
    return np.stack(columns, axis=-1).astype(np.float32)


class BeliefNetwork(nn.Module, ABC):
    """Base of the networks: all cameras have the same weights, and what they give corrects the filter's log belief.

    Attributes:
        width: numbers that the state of a camera holds.
    """

    width: int

    def forward(self, seen: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Log belief up to a constant (N, U, 4), and the new state (N, U, width), from signs and state."""
        correction, after = self.correct(seen, state)
        return correction + _SCALE * seen[..., -len(STATES) :], after

    @abstractmethod
    def correct(self, seen: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """The correction (N, U, 4), and the new state."""


class CameraNetwork(BeliefNetwork):
    """A gated recurrent unit for each camera, which reads its signs."""

    width = 40
    _around = 0

    def __init__(self) -> None:
        """Random weights."""
        super().__init__()
        inputs = len(SIGNS) + 2 * self._around * (len(SIGNS) + self.width)
        self.enter = nn.Linear(inputs, self.width)
        self.cell = nn.GRUCell(self.width, self.width)
        self.leave = nn.Sequential(nn.Linear(self.width, self.width), nn.ReLU(), nn.Linear(self.width, len(STATES)))

    def correct(self, seen: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """The correction (N, U, 4), and the new state."""
        steps = [step for place in range(1, self._around + 1) for step in (place, -place)]
        inputs = torch.cat([seen, *(_shifted(part, step) for part in (seen, state) for step in steps)], dim=-1)
        flat = torch.relu(self.enter(inputs)).flatten(0, 1)
        after = self.cell(flat, state.flatten(0, 1)).view_as(state)
        return self.leave(after), after


class StreetNetwork(CameraNetwork):
    """The same, and it reads the signs and the states of the two neighbours as well."""

    _around = 1


class LaggedRegression(BeliefNetwork):
    """Logistic regression on the signs of the last slots, at the camera and at the two on either side of it.

    It is linear: a classical method that is given the same labels and the same signs.
    """

    _lags, _places = 10, (1, -1, 2, -2)
    _kept = (0, 1, 3, 8, -4, -3, -2, -1)  # what is regressed on of each slot, as indices into `SIGNS`
    width = _lags * len(_kept)

    def __init__(self) -> None:
        """Weights of 0."""
        super().__init__()
        self.weights = nn.Linear(len(SIGNS) + self.width * (1 + len(self._places)), len(STATES))
        nn.init.zeros_(self.weights.weight)
        nn.init.zeros_(self.weights.bias)

    def correct(self, seen: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """The correction (N, U, 4), and the new state: the newest slots, newest first."""
        after = torch.cat([seen[..., self._kept], state[..., : -len(self._kept)]], dim=-1)
        around = [_shifted(after, place) for place in self._places]
        return self.weights(torch.cat([seen, after, *around], dim=-1)), after


def _shifted(values: Tensor, step: int) -> Tensor:
    """Values (N, U, ...) of the cameras ``step`` places before; 0 beyond the ends of the street."""
    size = min(abs(step), values.shape[1])
    nothing = torch.zeros_like(values[:, :size])
    if step > 0:
        return torch.cat([nothing, values[:, : values.shape[1] - size]], dim=1)
    return torch.cat([values[:, size:], nothing], dim=1)


#: Networks by name.
NETWORKS: dict[str, type[BeliefNetwork]] = {
    "street-gru": StreetNetwork,
    "camera-gru": CameraNetwork,
    "lagged-regression": LaggedRegression,
}
