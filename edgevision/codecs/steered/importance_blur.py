"""Blurring a picture where it matters little, so that any encoder spends fewer bytes there.

The picture is mixed with one blurred copy of it, and the blur is one box. More copies, each blurred to its own degree,
and a Gaussian filter, which is three boxes, take longer; on development pictures they saved no more bytes.
"""

from __future__ import annotations

import math

import numpy as np
from PIL import Image, ImageFilter

from edgevision.arrays import ByteImage, FloatArray


def blur(image: ByteImage, ranks: FloatArray, side: int, strongest: float) -> ByteImage:
    """Mix an image (H, W) or (H, W, 3) with a blurred copy, whose share is 1 - rank.

    Shares are interpolated linearly between the centres of regions.

    Args:
        image: the picture.
        ranks: importance of each region, 0 to 1, (rows, columns).
        side: of a region [pixel].
        strongest: standard deviation of the blur [pixel]; 0 leaves the picture as it is.
    """
    if strongest <= 0:
        return image
    height, width = image.shape[:2]
    rows, columns = ranks.shape
    shares = Image.fromarray(np.rint(255 * (1 - ranks)).astype(np.uint8))
    shares = shares.resize((columns * side, rows * side), Image.Resampling.BILINEAR).crop((0, 0, width, height))
    sharp = Image.fromarray(image)
    return np.asarray(Image.composite(sharp.filter(ImageFilter.BoxBlur(box_radius(strongest**2))), sharp, shares))


def box_radius(variance: float) -> float:
    """Radius of Pillow's box filter with this variance [pixel], whose outermost pixels have a smaller weight.

    Source: Gwosdek et al., Scale Space and Variational Methods in Computer Vision, 2011, equation 8.
    """
    whole = math.floor((math.sqrt(12 * variance + 1) - 1) / 2)
    outer = (2 * whole + 1) * (whole * (whole + 1) - 3 * variance) / (6 * (variance - (whole + 1) ** 2))
    return whole + outer
