"""Adaptive quantisation between pictures: pictures with much detail are coded coarser, pictures with little finer.

At one level, a picture of foliage takes far more bytes than a picture of a cup, but a classifier gains little from
them. The requested level is therefore multiplied by a power of the picture's detail, as MPEG-2's Test Model 5 (step 3)
and x264's adaptive quantisation do with the activity of a macroblock.
"""

from __future__ import annotations

import numpy as np

from edgevision.codecs.jpeg.quantisation_tables import CHROMA_SCALE, DC_SCALE, scaled_tables
from edgevision.codecs.jpeg.transform import GREY_BLOCKS, ZIGZAG, Coefficients, strips

ORDINARY = 0.079  # detail of a typical picture (224 x 224 crops of ImageNet), which keeps the requested level
_LEVEL = 2.0  # coefficients of at least this many table entries count as detail
_BOUNDS = (0.25, 4.0)  # of the detail, relative to ORDINARY


def detail(coefficients: Coefficients) -> float:
    """Detail of a picture: the number of coefficients per pixel that are at least 2 table entries large."""
    luminance, chrominance = (
        (_LEVEL * table.reshape(64)[ZIGZAG]).astype(np.float32) for table in scaled_tables(CHROMA_SCALE, DC_SCALE)
    )
    rows, columns, _ = coefficients.grid
    large = 0
    for strip in strips(rows, columns):
        magnitude = np.abs(coefficients.blocks[strip])
        large += int((magnitude[:, :, :GREY_BLOCKS] >= luminance).sum())
        large += int((magnitude[:, :, GREY_BLOCKS:] >= chrominance).sum())
    return large / (rows * columns * GREY_BLOCKS * 64)


def level_factor(amount: float, strength: float) -> float:
    """Factor on the requested level for a picture of the given ``detail``; 1 for ``ORDINARY``."""
    return float(np.clip(amount / ORDINARY, *_BOUNDS)) ** strength
