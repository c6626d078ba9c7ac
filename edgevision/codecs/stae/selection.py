"""The frames and pixels that are kept of a clip, under the budgets (alpha, beta) of section II."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgevision.arrays import BoolArray, IntArray
from edgevision.errors import CodecInputError

#: The sets A and B of section IV-A; pixel budgets are fractions, where the paper has per cent.
FRAME_BUDGETS = (1, 2, 4, 8, 16)
PIXEL_BUDGETS = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4)


@dataclass(frozen=True, eq=False)
class Selection:
    """The kept frames and, in each of them, the kept pixels.

    Attributes:
        frames: indices of the kept frames, increasing, (a,).
        mask: which pixels of each kept frame are kept, (a, H, W) bool.
        length: number F of frames of the whole clip.

    Raises:
        CodecInputError: frames and mask do not fit together, or frames do not increase within the clip.
    """

    frames: IntArray
    mask: BoolArray
    length: int

    def __post_init__(self) -> None:
        frames, mask = np.asarray(self.frames, np.int64), np.asarray(self.mask, np.bool_)
        if frames.ndim != 1 or not len(frames) or mask.ndim != 3 or len(mask) != len(frames):
            raise CodecInputError(f"frames (a,) and mask (a, H, W) must agree, got {frames.shape} and {mask.shape}")
        if (np.diff(frames) <= 0).any() or frames[0] < 0 or frames[-1] >= self.length:
            raise CodecInputError(f"frames must increase within 0..{self.length - 1}, got {frames.tolist()}")
        object.__setattr__(self, "frames", frames)
        object.__setattr__(self, "mask", mask)


def kept_pixels(pixels: float, height: int, width: int) -> int:
    """Number of pixels of a frame that the budget beta keeps: round(beta H W), at least one.

    Raises:
        CodecInputError: the budget is not in (0, 1].
    """
    if not 0 < pixels <= 1:
        raise CodecInputError(f"pixels must be in (0, 1], got {pixels!r}")
    return max(1, round(pixels * height * width))


def top(scores: NDArray[np.floating], count: int) -> BoolArray:
    """Mark the ``count`` largest entries along the last axis; of equal entries, the first.

    Args:
        scores: (..., n).
        count: in 1..n.

    Returns:
        (..., n) bool, with exactly ``count`` true entries in each row.
    """
    order = np.argsort(-scores, axis=-1, kind="stable")[..., :count]
    marked = np.zeros(scores.shape, np.bool_)
    np.put_along_axis(marked, order, True, axis=-1)
    return marked
