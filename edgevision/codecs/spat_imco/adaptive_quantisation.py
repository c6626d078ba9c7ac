"""Adaptive quantisation between pictures: one rich in detail is coded coarser than asked, a plain one finer.

A level costs far more bytes in a picture of foliage than in one of a cup, and is worth hardly more there to a
classifier. So the asked level is multiplied by a power of how much detail the picture has, as MPEG-2's Test Model 5
(step 3) and x264's adaptive quantisation do with the activity of a macroblock.
"""

from __future__ import annotations

import numpy as np

from edgevision.codecs.jpeg.quantisation_tables import CHROMA_SCALE, DC_SCALE, scaled_tables
from edgevision.codecs.jpeg.transform import GREY_BLOCKS, ZIGZAG, Coefficients

ORDINARY = 0.079  # detail of the ordinary picture, whose level is the asked one: 224 x 224 crops of ImageNet
_LEVEL = 2.0  # what counts as detail would survive being quantised at twice this level
_BOUNDS = (0.25, 4.0)


def detail(coefficients: Coefficients) -> float:
    """Coefficients per pixel that are at least 2 table entries large."""
    luminance, chrominance = (
        (_LEVEL * table.reshape(64)[ZIGZAG]).astype(np.float32) for table in scaled_tables(CHROMA_SCALE, DC_SCALE)
    )
    magnitude = np.abs(coefficients.blocks)
    large = (magnitude[:, :, :GREY_BLOCKS] >= luminance).sum() + (magnitude[:, :, GREY_BLOCKS:] >= chrominance).sum()
    rows, columns = coefficients.blocks.shape[:2]
    return int(large) / (rows * columns * GREY_BLOCKS * 64)


def level_factor(amount: float, strength: float) -> float:
    """Factor on the asked level of a picture with this much ``detail``; 1 for the ordinary picture."""
    return float(np.clip(amount / ORDINARY, *_BOUNDS)) ** strength
