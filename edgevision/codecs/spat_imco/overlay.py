"""Pictures of how regions are compressed: in colour over the image, from blue (most) over yellow to red (least)."""

from __future__ import annotations

import numpy as np

from edgevision.arrays import ByteImage, FloatArray
from edgevision.codecs.jpeg.markers import read_header
from edgevision.codecs.jpeg.transform import REGION
from edgevision.codecs.spat_imco import app_segment
from edgevision.codecs.spat_imco.spat_imco_codec import SpatImco
from edgevision.errors import BitstreamError

_COARSEST, _MIDDLE, _FINEST = ((0.0, 114.0, 178.0), (240.0, 228.0, 66.0), (213.0, 94.0, 0.0))
_OPACITY = 0.45


def level_overlay(data: bytes) -> ByteImage:
    """The decoded picture, each region tinted from blue (coarsest level) over yellow to red (finest), (H, W, 3).

    Raises:
        BitstreamError: the file cannot be decoded or has no level map.
    """
    header = read_header(data)
    plan = app_segment.find(data, header)
    if plan is None:
        raise BitstreamError("the file has no level map to show; only the mapped container states one")
    return tinted(SpatImco().decode(data), plan.level_map / max(len(plan.levels) - 1, 1), REGION)


def tinted(image: ByteImage, shares: FloatArray, side: int) -> ByteImage:
    """An image with its regions in colour, (H, W, 3).

    Args:
        image: (H, W, 3) or (H, W).
        shares: of each region, 0 (blue) to 1 (red), (rows, columns).
        side: of a region [pixel].
    """
    colour = image if image.ndim == 3 else image[..., None]
    anchors = np.array([_COARSEST, _MIDDLE, _FINEST])
    colours = np.stack([np.interp(shares, (0, 0.5, 1), channel) for channel in anchors.T], axis=2)
    heat = colours.repeat(side, axis=0).repeat(side, axis=1)[: image.shape[0], : image.shape[1]]
    return np.rint((1 - _OPACITY) * colour + _OPACITY * heat).astype(np.uint8)
