"""Blurring a picture where it matters little, so that any encoder spends fewer bytes there.

Each copy of the picture blurs the one before by a box, because variances of filters in a row add up. That takes half
the time of a Gaussian filter for each copy, which is three boxes.
"""

from __future__ import annotations

import math

import numpy as np
from PIL import Image, ImageFilter

from edgevision.arrays import ByteImage, FloatArray

_COPIES = 4  # blurred to different degrees, the picture itself among them


def blur(image: ByteImage, ranks: FloatArray, side: int, strongest: float) -> ByteImage:
    """Blur an image (H, W) or (H, W, 3) by nearly a Gaussian of ``strongest`` (1 - rank) pixels.

    The standard deviation is interpolated linearly between the centres of regions. Four copies of even steps of it are
    blended.

    Args:
        image: the picture.
        ranks: importance of each region, 0 to 1, (rows, columns).
        side: of a region [pixel].
        strongest: standard deviation at rank 0 [pixel]; 0 leaves the picture as it is.
    """
    if strongest <= 0:
        return image
    height, width = image.shape[:2]
    rows, columns = ranks.shape
    grid = Image.fromarray((1 - ranks).astype(np.float32))
    grown = grid.resize((columns * side, rows * side), Image.Resampling.BILINEAR).crop((0, 0, width, height))
    steps = np.asarray(grown) * (_COPIES - 1)
    blurred = blended = Image.fromarray(image)
    for copy in range(1, _COPIES):
        share = np.rint(255 * np.clip(steps - (copy - 1), 0, 1)).astype(np.uint8)
        more = (strongest / (_COPIES - 1)) ** 2 * (copy**2 - (copy - 1) ** 2)
        blurred = blurred.filter(ImageFilter.BoxBlur(box_radius(more)))
        blended = Image.composite(blurred, blended, Image.fromarray(share))
    return np.asarray(blended)


def box_radius(variance: float) -> float:
    """Radius of Pillow's box filter with this variance [pixel], whose outermost pixels have a smaller weight.

    Source: Gwosdek et al., Scale Space and Variational Methods in Computer Vision, 2011, equation 8.
    """
    whole = math.floor((math.sqrt(12 * variance + 1) - 1) / 2)
    outer = (2 * whole + 1) * (whole * (whole + 1) - 3 * variance) / (6 * (variance - (whole + 1) ** 2))
    return whole + outer
