"""The operating points of video profiles: frames x pixels x mode, from least to most compressed.

Budgets are the sets A and B of the STAE paper, section IV-A. A profile of a video codec has the same grid. Its mode
``h264`` or ``h265`` takes the place of ``entropy``, and its pixel axis is the quality of the video.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from edgevision.profiles.profile import OperatingPointProfile

Mode = Literal["plain", "entropy", "local"]
#: A coder of whole kept frames, in the place of the mode ``entropy``.
VideoCoder = Literal["h264", "h265"]

#: Names of the grid's axes, as in ``OperatingPointProfile.axis_names``.
AXES = ("frames", "pixels", "mode")
#: alpha: kept frames of 16.
FRAMES = (16, 8, 4, 2, 1)
#: beta: kept share of each kept frame's pixels.
PIXELS = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4)
#: Quality of ``h264`` and ``h265`` at each place of the pixel axis: constant rate factor.
CRFS = (8.0, 12.0, 16.0, 20.0, 24.0, 28.0, 32.0)
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
        crf: quality of the mode ``h264`` or ``h265``, and ``None`` for other modes. A profile that has it sends whole
            frames in all modes, so ``pixels`` is 1.
    """

    frames: int
    pixels: float
    mode: Mode | VideoCoder
    crf: float | None = None

    def __str__(self) -> str:
        if self.crf is not None:
            return f"{self.frames} x CRF {self.crf:g} {self.mode}"
        pixels = "" if self.mode == "local" else f" x {100 * self.pixels:.0f} %"
        return f"{self.frames}{pixels} {self.mode}"


def video_coder(profile: OperatingPointProfile) -> VideoCoder | None:
    """The video codec that takes the place of the mode ``entropy`` in a profile; ``None`` if none does."""
    coding = profile.metadata.get("coding")
    return next((coder for coder in get_args(VideoCoder) if coder == coding), None)


def mode_names(coder: VideoCoder | None) -> tuple[str, ...]:
    """The modes of a profile, in the order of the axis."""
    return tuple(coder if coder and mode == "entropy" else mode for mode in MODES)


def video_point(point: int, coder: VideoCoder | None = None) -> VideoPoint:
    """The budgets of the operating point of this index, in a profile with this ``video_coder``."""
    frames, pixels, mode = np.unravel_index(point, GRID)
    if coder is None:
        return VideoPoint(FRAMES[frames], PIXELS[pixels], MODES[mode])
    if MODES[mode] == "entropy":
        return VideoPoint(FRAMES[frames], 1.0, coder, CRFS[pixels])
    return VideoPoint(FRAMES[frames], 1.0, MODES[mode])


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
