"""Real bytes and real answers of clips at every budget (alpha, beta)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from edgevision.arrays import ByteClip, FloatArray
from edgevision.part_store import PartStore


@dataclass(frozen=True)
class Sent:
    """One clip sent once.

    Attributes:
        plain: bytes without entropy coding.
        huffman: bytes with the published Huffman code.
        range: bytes with the range coder; as ``huffman`` where a codec has none.
        header: of the range-coded bytes, everything but mask and values.
        mask: of the range-coded bytes, what says which pixels are there.
        entropy: of the values sent, first order [bit].
        right: whether the answer was right.
        right_unrecovered: whether it is without feature recovery; as ``right`` where a codec has none.
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
    """A codec and a classifier, as profiles are measured of them."""

    def send(self, clip: ByteClip, class_index: int, frames: int, pixels: float) -> Sent:
        """Encode, decode and classify a clip under a budget (alpha, beta)."""


@dataclass(frozen=True, eq=False)
class Outcomes:
    """`Sent` for n clips, A frame budgets and B pixel budgets; (n, A, B) each."""

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


def kept(store: PartStore, label: str, description: Mapping[str, Any], make: Callable[[], Outcomes]) -> Outcomes:
    """The outcomes that ``store`` holds under a label and a description, or those that are made now and stored."""
    names = [field.name for field in fields(Outcomes)]
    found = store.load_arrays(label, {**description, "arrays": names})
    if found is not None:
        return Outcomes(**found)
    made = make()
    store.save_arrays(label, {**description, "arrays": names}, vars(made))
    return made


def measure(
    sender: VideoSender,
    clips: Sequence[ByteClip],
    labels: Sequence[int],
    frames: Sequence[int],
    pixels: Sequence[float],
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Outcomes:
    """Send each clip under every budget.

    Args:
        sender: codec and classifier.
        clips: n of them, (F, H, W, 3) uint8 each.
        labels: class of each.
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
    """Entropy of the distribution of byte values [bit per value]; 0 for none."""
    counts = np.bincount(values.ravel(), minlength=256)
    share = counts[counts > 0] / max(values.size, 1)
    return float(-(share * np.log2(share)).sum())
