"""`SampleStore`: the samples of the last rounds as tensors; a checkpoint keeps them like weights."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

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
