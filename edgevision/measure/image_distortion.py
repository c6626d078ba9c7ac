"""How far a decoded image is from the original: PSNR and SSIM of its luma, as codecs are compared for human viewers."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image
from skimage.metrics import structural_similarity

from edgevision.arrays import ByteImage, FloatArray

HIGHEST_PSNR = 100.0  # of equal images, whose PSNR is infinite [dB]


def psnr(original: ByteImage, decoded: ByteImage) -> float:
    """Peak signal-to-noise ratio of the luma of two (H, W, 3) images [dB], at most ``HIGHEST_PSNR``."""
    error = float(np.mean((_luma(original) - _luma(decoded)) ** 2))
    return min(HIGHEST_PSNR, 10 * math.log10(255**2 / error)) if error else HIGHEST_PSNR


def ssim(original: ByteImage, decoded: ByteImage) -> float:
    """Structural similarity of the luma of two (H, W, 3) images, 1 if equal; sides of at least 11 pixels.

    Source: Wang et al., IEEE Transactions on Image Processing 13(4), 2004, with its Gaussian window.
    """
    window = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    return float(structural_similarity(_luma(original), _luma(decoded), data_range=255, **window))


def _luma(image: ByteImage) -> FloatArray:
    """Y of JPEG's YCbCr, (H, W), rounded to whole numbers."""
    return np.asarray(Image.fromarray(image).convert("L"), np.float64)
