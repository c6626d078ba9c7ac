"""JPEG's example quantisation tables (ITU-T T.81, Annex K) and their scaling by a level."""

from __future__ import annotations

import numpy as np

from edgevision.arrays import FloatArray, IntArray

LUMINANCE: FloatArray = np.array(
    [
        [16, 11, 10, 16, 24, 40, 51, 61],
        [12, 12, 14, 19, 26, 58, 60, 55],
        [14, 13, 16, 24, 40, 57, 69, 56],
        [14, 17, 22, 29, 51, 87, 80, 62],
        [18, 22, 37, 56, 68, 109, 103, 77],
        [24, 35, 55, 64, 81, 104, 113, 92],
        [49, 64, 78, 87, 103, 121, 120, 101],
        [72, 92, 95, 98, 112, 100, 103, 99],
    ],
    np.float64,
)
CHROMINANCE: FloatArray = np.full((8, 8), 99.0)
CHROMINANCE[:4, :4] = [[17, 18, 24, 47], [18, 21, 26, 66], [24, 26, 56, 99], [47, 66, 99, 99]]

# Factors that suit classifiers better; the standard's tables were made for human viewers.
CHROMA_SCALE = 0.5
DC_SCALE = 0.6


def scaled_tables(chroma_scale: float, dc_scale: float) -> tuple[FloatArray, FloatArray]:
    """Luminance and chrominance tables (8, 8) at level 1, with scaled chrominance and scaled DC entries."""
    luminance, chrominance = LUMINANCE.copy(), CHROMINANCE * chroma_scale
    luminance[0, 0] *= dc_scale
    chrominance[0, 0] *= dc_scale
    return luminance, chrominance


def baseline_table(table: FloatArray, level: float) -> IntArray:
    """``table`` times ``level``, rounded and clipped to baseline JPEG's range 1 to 255, (8, 8)."""
    return np.clip(np.rint(table * level), 1, 255).astype(np.int64)


def level_of(table: IntArray, reference: FloatArray) -> float:
    """Estimate the level at which ``reference`` became ``table``, by least squares over entries not clipped."""
    inside = (table > 1) & (table < 255)
    if not inside.any():
        return 1 / 16 if (table <= 1).all() else 64.0
    return float((table * reference)[inside].sum() / (reference**2)[inside].sum())
