"""Colours and 8 x 8 cosine transform of patches, exact in the direction that the edge computes.

Coefficients are whole numbers, in units of 1/8 of the orthonormal transform's, in zigzag order. The way back works
on whole numbers in float64, whose sums are exact in any order: every machine gets the same pixels.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgevision.arrays import FloatArray
from edgevision.codecs.jpeg.transform import TO_RGB, ZIGZAG

SIDE = 8  # of a patch [pixel]
BANDS = SIDE * SIDE
UNIT = 8  # coefficients are multiples of 1 / UNIT
_FRACTION = 1 << 12  # of the basis pictures' whole numbers
_COLOUR = 1 << 16

_k = np.arange(SIDE)
_DCT = np.cos(np.pi * (2 * _k[None, :] + 1) * _k[:, None] / 16) / 2
_DCT[0] /= np.sqrt(2)
#: Row k holds the pixels of the k-th basis picture in zigzag order, (64, 64).
BASIS: FloatArray = np.einsum("uy,vx->uvyx", _DCT, _DCT).reshape(BANDS, BANDS)[ZIGZAG]
_WHOLE_BASIS: FloatArray = np.round(_FRACTION * BASIS)
_WHOLE_RGB = np.round(_COLOUR * TO_RGB.astype(np.float64))
_TO_YCC = np.linalg.inv(TO_RGB.astype(np.float64))


def forward(pixels: FloatArray) -> FloatArray:
    """Coefficients in their unit, not rounded, of patches' pixels (..., 64)."""
    return UNIT * (pixels @ BASIS.T)


def whole_forward(pixels: FloatArray) -> FloatArray:
    """Coefficients, rounded, of whole pixels (..., 64): exact, as the edge needs them."""
    return np.floor(pixels @ _WHOLE_BASIS.T * (UNIT / _FRACTION) + 0.5)


def inverse(coefficients: FloatArray) -> FloatArray:
    """Pixels (..., 64) of whole coefficients (..., 64): whole numbers in 0..255."""
    return np.clip(np.floor(coefficients @ _WHOLE_BASIS / (_FRACTION * UNIT) + 0.5), 0, 255)


def to_ycc(colours: NDArray[np.uint8]) -> FloatArray:
    """Luminance and the two colour differences + 128, of (..., 3)."""
    return colours @ _TO_YCC.T + (0, 128, 128)


def to_rgb(planes: FloatArray) -> NDArray[np.uint8]:
    """The way back for whole numbers (..., 3)."""
    colours = np.floor((planes - (0, 128, 128)) @ _WHOLE_RGB.T / _COLOUR + 0.5)
    return np.clip(colours, 0, 255).astype(np.uint8)
