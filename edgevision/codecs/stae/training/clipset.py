"""Labelled clips to train and test networks on, in memory or mapped from a file."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from edgevision.arrays import IntArray
from edgevision.codecs.stae.stae_network import normalise

_CPU = torch.device("cpu")


@dataclass(frozen=True, eq=False)
class ClipSet:
    """Labelled clips.

    Attributes:
        clips: (n, F, H, W, 3) uint8; may be mapped from a file.
        labels: class of each clip, (n,).
    """

    clips: NDArray[np.uint8]
    labels: IntArray

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def rows(self) -> Tensor:
        """Indices of all clips, (n,)."""
        return torch.arange(len(self))

    def subset(self, rows: IntArray) -> ClipSet:
        """The clips with these indices, in memory."""
        return ClipSet(self.clips[rows], self.labels[rows])

    def frames(self, rows: Tensor, kept: Tensor | None = None) -> Tensor:
        """Normalised frames (B, a, 3, H, W) of clips ``rows`` (B,): those in ``kept`` (B, a), or all F."""
        if kept is None:
            return normalise(torch.from_numpy(self.clips[rows.numpy()]))
        return normalise(torch.from_numpy(self.clips[rows.numpy()[:, None], kept.numpy()]))

    def target(self, rows: Tensor) -> Tensor:
        """Classes of clips ``rows``, (B,)."""
        return torch.from_numpy(self.labels[rows.numpy()])


@contextlib.contextmanager
def reduced_precision(device: torch.device = _CPU) -> Iterator[None]:
    """Compute in bfloat16 if the machine supports it in hardware, else in float32."""
    fast = device.type == "cuda" or (device.type == "cpu" and torch.cpu._is_avx512_bf16_supported())
    with torch.autocast(device.type, torch.bfloat16, enabled=fast):
        yield


def varied(clips: Tensor, generator: torch.Generator) -> Tensor:
    """Another view of clips (B, F, 3, H, W): a random crop of at least 80 % of the sides, with random light."""
    height, width = clips.shape[3:]
    views = []
    for clip in clips:
        share, down, right, contrast, light = torch.rand(5, generator=generator).tolist()
        h, w = round(height * (0.8 + 0.2 * share)), round(width * (0.8 + 0.2 * share))
        top, left = round(down * (height - h)), round(right * (width - w))
        part = functional.interpolate(clip[:, :, top : top + h, left : left + w], size=(height, width), mode="bilinear")
        views.append(part * (0.8 + 0.4 * contrast) + 0.2 * (light - 0.5))
    return torch.stack(views)


def flipped(frames: Tensor, generator: torch.Generator) -> Tensor:
    """Mirror half of the clips (B, ..., W), at random."""
    chosen = torch.rand(len(frames), generator=generator) < 0.5
    return torch.where(chosen.view(-1, *[1] * (frames.ndim - 1)).to(frames.device), frames.flip(-1), frames)
