"""Blurring a picture where it matters little, so that any encoder spends fewer bytes there."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

from edgevision.arrays import ByteImage, FloatArray

_COPIES = 4  # blurred to different degrees, the picture itself among them


def blur(image: ByteImage, ranks: FloatArray, side: int, strongest: float) -> ByteImage:
    """Blur an image (H, W) or (H, W, 3) by a Gaussian of ``strongest`` (1 - rank) pixels.

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
    sharp = blended = Image.fromarray(image)
    for copy in range(1, _COPIES):
        share = np.rint(255 * np.clip(steps - (copy - 1), 0, 1)).astype(np.uint8)
        blurred = sharp.filter(ImageFilter.GaussianBlur(strongest * copy / (_COPIES - 1)))
        blended = Image.composite(blurred, blended, Image.fromarray(share))
    return np.asarray(blended)
