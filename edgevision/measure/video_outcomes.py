"""Real bytes and real answers of clips at every budget (alpha, beta)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edgevision.arrays import ByteClip, FloatArray
from edgevision.progress import Progress


@dataclass(frozen=True)
class Sent:
    """Result of sending one clip under one budget.

    Attributes:
        plain: size without entropy coding [byte].
        huffman: size with the published Huffman code [byte].
        range: size with the range coder [byte]; equal to ``huffman`` for a codec without a range coder.
        header: part of ``range`` that is neither mask nor values [byte].
        mask: part of ``range`` that tells which pixels were sent [byte].
        entropy: first-order entropy of the values sent [bit per value].
        right: whether the answer was right.
        right_unrecovered: whether the answer without feature recovery was right; equal to ``right`` for a codec
            without feature recovery.
    """

    plain: int
    huffman: int
    range: int
    header: int
    mask: int
    entropy: float
    right: bool
    right_unrecovered: bool


class VideoSender(Protocol):
    """A codec together with the classifier that its clips are for."""

    def send(self, clip: ByteClip, class_index: int, frames: int, pixels: float) -> Sent:
        """Encode, decode and classify a clip under a budget (alpha, beta)."""


@dataclass(frozen=True, eq=False)
class Outcomes:
    """The fields of ``Sent`` for n clips, A frame budgets and B pixel budgets, (n, A, B) each."""

    plain: FloatArray
    huffman: FloatArray
    range: FloatArray
    header: FloatArray
    mask: FloatArray
    entropy: FloatArray
    right: FloatArray
    right_unrecovered: FloatArray

    @classmethod
    def join(cls, parts: Sequence[Outcomes]) -> Outcomes:
        """Clips of several measurements, one after the other."""
        return cls(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)))


def measure(
    sender: VideoSender,
    clips: Sequence[ByteClip],
    labels: Sequence[int],
    frames: Sequence[int],
    pixels: Sequence[float],
    progress: Progress = lambda done, total: None,
) -> Outcomes:
    """Send each clip under every budget.

    Args:
        sender: codec and classifier.
        clips: n clips, (F, H, W, 3) uint8 each.
        labels: class of each clip.
        frames: the A frame budgets.
        pixels: the B pixel budgets.
        progress: called with clips done and all of them.
    """
    shape = len(clips), len(frames), len(pixels)
    found = {field.name: np.zeros(shape) for field in fields(Outcomes)}
    for row, (clip, label) in enumerate(zip(clips, labels, strict=True)):
        progress(row, len(clips))
        for a, alpha in enumerate(frames):
            for b, beta in enumerate(pixels):
                for name, value in vars(sender.send(clip, label, alpha, beta)).items():
                    found[name][row, a, b] = value
    progress(len(clips), len(clips))
    return Outcomes(**found)


def first_order_entropy(values: NDArray[np.uint8]) -> float:
    """Entropy of the distribution of byte values [bit per value]; 0 for an empty array."""
    counts = np.bincount(values.ravel(), minlength=256)
    share = counts[counts > 0] / max(values.size, 1)
    return float(-(share * np.log2(share)).sum())
