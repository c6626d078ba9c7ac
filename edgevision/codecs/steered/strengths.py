"""How strongly a map steers a codec at each level.

The tables follow, smoothly, the best strengths of 100 development pictures (AVIF) and of 35 (HEVC and H.264), which
``python benchmarks/steered_codecs.py strengths`` prints.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np


@dataclass(frozen=True)
class Strength:
    """How strongly ranks of regions steer.

    Attributes:
        blur: standard deviation of the blurred copy that the picture is mixed with, see ``importance_blur`` [pixel].
        offset: added to the quantisation parameter there, and taken from it where the picture matters most.
    """

    blur: float
    offset: float = 0.0


@dataclass(frozen=True)
class Strengths:
    """Strengths by level, interpolated linearly; outside the table those of the nearest level.

    Attributes:
        rows: levels with their strengths, by level.
    """

    rows: tuple[tuple[float, Strength], ...]

    def __post_init__(self) -> None:
        if not self.rows or any(first >= second for (first, _), (second, _) in pairwise(self.rows)):
            raise ValueError("levels of strengths must increase")

    def at(self, level: float) -> Strength:
        """The strength at a level."""
        levels = [row[0] for row in self.rows]
        blurs, offsets = ([getattr(row[1], name) for row in self.rows] for name in ("blur", "offset"))
        return Strength(float(np.interp(level, levels, blurs)), float(np.interp(level, levels, offsets)))

    def as_rows(self) -> list[list[float]]:
        """Level, blur and offset of each row, for metadata."""
        return [[level, strength.blur, strength.offset] for level, strength in self.rows]


AVIF = Strengths(((40.0, Strength(0.0)), (50.0, Strength(0.6)), (75.0, Strength(0.8)), (90.0, Strength(1.8))))
HEVC = Strengths(((30.0, Strength(0.0, 6.0)), (42.0, Strength(1.0, 4.0))))
H264 = Strengths(((30.0, Strength(0.0, 4.0)), (42.0, Strength(0.8, 4.0))))
