"""`SampleStore`: the samples of the last rounds as tensors; a checkpoint keeps them like weights."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from edgevision.agents.marginal.paired_rollouts import Samples

_TYPES = {"camera": torch.int64}


class SampleStore(nn.Module):
    """A ring of ``rounds`` rounds with ``per_round`` samples each.

    Attributes:
        begun: number of rounds that were stored so far, ().
    """

    begun: Tensor

    def __init__(self, rounds: int, per_round: int, users: tuple[int, int], cell_features: int) -> None:
        super().__init__()
        self._rounds, self._per_round = rounds, per_round
        shapes = {"users": users, "cell": (cell_features,), "reference": (2,)}
        for field in dataclasses.fields(Samples):
            shape = (rounds * per_round, *shapes.get(field.name, ()))
            self.register_buffer(field.name, torch.zeros(shape, dtype=_TYPES.get(field.name, torch.float32)))
        self.register_buffer("begun", torch.zeros((), dtype=torch.int64))

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False) -> Any:
        """Restore the samples.

        Raises:
            ValueError: they are none that ``add`` could have stored.
        """
        result = super().load_state_dict(state_dict, strict, assign)
        if not all(bool(value.isfinite().all()) for value in self.buffers()):
            raise ValueError("samples hold NaN or infinity")
        camera = self.get_buffer("camera")
        if int(self.begun) < 0 or int(camera.min()) < 0 or int(camera.max()) >= self.get_buffer("users").shape[1]:
            raise ValueError("samples are of no camera of the cell, or of fewer than no rounds")
        return result

    def add(self, parts: Sequence[Samples]) -> None:
        """Store a round in the place of the oldest."""
        first = int(self.begun) % self._rounds * self._per_round
        for field in dataclasses.fields(Samples):
            values = np.concatenate([getattr(part, field.name) for part in parts])
            stored = self.get_buffer(field.name)
            stored[first : first + self._per_round] = torch.from_numpy(values).to(stored.dtype)
        self.begun += 1

    def __len__(self) -> int:
        """Number of samples."""
        return min(int(self.begun), self._rounds) * self._per_round

    def at(self, index: Tensor) -> dict[str, Tensor]:
        """Samples by the names of their attributes."""
        return {field.name: self.get_buffer(field.name)[index] for field in dataclasses.fields(Samples)}
