"""The operating points of video profiles: frames x pixels x mode, from least to most compressed.

Budgets are the sets A and B of the STAE paper, section IV-A.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

Mode = Literal["plain", "entropy", "local"]

#: Names of the grid's axes, as in ``OperatingPointProfile.axis_names``.
AXES = ("frames", "pixels", "mode")
#: alpha: kept frames of 16.
FRAMES = (16, 8, 4, 2, 1)
#: beta: kept share of each kept frame's pixels.
PIXELS = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4)
#: How the kept values are sent: as bytes, entropy-coded, or not at all because the device classifies.
MODES: tuple[Mode, ...] = get_args(Mode)
#: Sizes of the axes; points are numbered in row-major order.
GRID = (len(FRAMES), len(PIXELS), len(MODES))


@dataclass(frozen=True)
class VideoPoint:
    """One operating point of a video profile.

    Attributes:
        frames: alpha.
        pixels: beta; ignored for ``local``, which classifies whole frames.
        mode: how the kept values are sent.
    """

    frames: int
    pixels: float
    mode: Mode

    def __str__(self) -> str:
        pixels = "" if self.mode == "local" else f" x {100 * self.pixels:.0f} %"
        return f"{self.frames}{pixels} {self.mode}"


def video_point(point: int) -> VideoPoint:
    """The budgets of the operating point of this index."""
    frames, pixels, mode = np.unravel_index(point, GRID)
    return VideoPoint(FRAMES[frames], PIXELS[pixels], MODES[mode])


def point_index(frames: int, pixels: float, mode: str) -> int:
    """The index of the operating point with these budgets.

    Raises:
        ValueError: a budget is not in the grid; the message lists the valid ones.
    """
    cells = []
    for name, value, known in (("frames", frames, FRAMES), ("pixels", pixels, PIXELS), ("mode", mode, MODES)):
        if value not in known:
            raise ValueError(f"{name} must be one of {', '.join(map(str, known))}, got {value!r}")
        cells.append(known.index(value))
    return int(np.ravel_multi_index(cells, GRID))
