"""Prediction of a patch from the pixels around it: learned linear modes from 25 pixels to the lower bands.

Like matrix-based intra prediction of H.266 (Pfaff et al., 2021). The modes are matrices of whole numbers, learned by
``benchmarks/train_video_models.py`` as clusters of patches that the same matrix predicts best.
"""

from __future__ import annotations

import numpy as np

from edgevision.arrays import BoolArray, FloatArray
from edgevision.codecs.stae.bitstream.learned_tables import INTRA_MODES
from edgevision.codecs.stae.bitstream.transform import BANDS, SIDE, UNIT

MODES = len(INTRA_MODES)
BORDER = 3 * SIDE + 1  # corner, above, above to the right, left
MODE_UNIT = 64  # matrices' entries are multiples of 1 / MODE_UNIT
_MIDDLE = 128.0


def border(pixels: FloatArray, has: BoolArray) -> FloatArray:
    """Pixels around n patches with those that are missing made up.

    Args:
        pixels: corner, 8 above, 8 above to the right, 8 to the left downwards, (n, C, 25).
        has: which of the four are known, in this order, (n, 4).
    """
    has_corner, has_above, has_right, has_left = has.T[:, :, None, None]
    corner, above, right, left = np.split(pixels, (1, 1 + SIDE, 1 + 2 * SIDE), axis=-1)
    above = np.where(has_above, above, np.where(has_left, left[..., :1], _MIDDLE))
    left = np.where(has_left, left, above[..., :1])
    right = np.where(has_right & has_above, right, above[..., -1:])
    corner = np.where(has_corner, corner, left[..., :1])
    return np.concatenate((corner, above, right, left), axis=-1)


def predict(pixels: FloatArray) -> FloatArray:
    """Coefficients in their unit that each mode predicts from borders (n, C, 25): (n, C, modes, 64), whole numbers."""
    total = pixels.sum(axis=-1, keepdims=True)
    lower = np.einsum("ncb,mbk->ncmk", BORDER * pixels - total, INTRA_MODES, optimize=True)
    predicted = np.zeros((*lower.shape[:-1], BANDS))
    predicted[..., : lower.shape[-1]] = lower / MODE_UNIT
    predicted[..., 0] += SIDE * total
    return np.floor(predicted * UNIT / BORDER + 0.5)
