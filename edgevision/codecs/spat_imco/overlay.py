"""A picture of how a file's regions are compressed: the level map in colour over the decoded image."""

from __future__ import annotations

import numpy as np

from edgevision.arrays import ByteImage
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
    image = SpatImco().decode(data)
    importance = plan.level_map / max(len(plan.levels) - 1, 1)
    anchors = np.array([_COARSEST, _MIDDLE, _FINEST])
    colours = np.stack([np.interp(importance, (0, 0.5, 1), channel) for channel in anchors.T], axis=2)
    heat = colours.repeat(REGION, axis=0).repeat(REGION, axis=1)[: header.height, : header.width]
    return np.rint((1 - _OPACITY) * image + _OPACITY * heat).astype(np.uint8)
