"""A picture of the map that steers a codec: the ranks of regions in colour over the image."""

from __future__ import annotations

from edgevision.arrays import ByteImage, FloatArray
from edgevision.codecs.importance_input import fitted
from edgevision.codecs.spat_imco.overlay import tinted
from edgevision.codecs.steered.region_ranks import region_ranks, region_side
from edgevision.vision.importance import Importance


def map_overlay(image: ByteImage, importance: Importance | FloatArray) -> ByteImage:
    """An image (H, W, 3) or (H, W), its regions from blue (least important) over yellow to red, (H, W, 3).

    Raises:
        CodecInputError: an impossible map, see ``fitted``.
    """
    height, width = image.shape[:2]
    side = region_side(height, width)
    return tinted(image, region_ranks(fitted(importance, height, width), side), side)
