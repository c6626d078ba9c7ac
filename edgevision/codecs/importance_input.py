"""Importance maps as codecs take them: estimated by a network, or given by the caller in any size."""

from __future__ import annotations

import numpy as np

from edgevision.arrays import ByteImage, FloatArray
from edgevision.codecs.base import MAX_PIXELS, MAX_SIDE
from edgevision.errors import CodecInputError
from edgevision.vision.grad_cam import ImportanceMap, resize_map
from edgevision.vision.importance import Importance


def estimate(maker: ImportanceMap, image: ByteImage) -> Importance:
    """Importance of the pixels of an image (H, W, 3) or (H, W)."""
    return _called(maker, image)


def glance(maker: ImportanceMap, image: ByteImage) -> Importance:
    """The same, with the class probabilities of the maker's network if it has them (``Theta.glance``)."""
    return _called(getattr(maker, "glance", maker), image)


def _called(maker: ImportanceMap, image: ByteImage) -> Importance:
    colour = image if image.ndim == 3 else np.repeat(image[..., None], 3, axis=2)
    found = maker(colour)
    return found if isinstance(found, Importance) else Importance(np.asarray(found, np.float64))


def fitted(importance: Importance | FloatArray, height: int, width: int) -> FloatArray:
    """The map as (height, width) numbers; one of another size is interpolated linearly.

    Raises:
        CodecInputError: not a map of two dimensions, one larger than pictures may be, or a number that is not finite in
            single precision.
    """
    given = importance.weights if isinstance(importance, Importance) else importance
    try:
        weights = np.asarray(given)
    except ValueError:  # rows of unequal length
        weights = np.zeros(0)
    if weights.ndim != 2 or not weights.size or weights.dtype.kind not in "biuf":
        raise CodecInputError("importance must be a map of two dimensions that holds numbers")
    if weights.size > MAX_PIXELS or max(weights.shape) > MAX_SIDE:
        raise CodecInputError(
            f"importance must have at most {MAX_PIXELS} numbers and sides of {MAX_SIDE}, got {weights.shape}"
        )
    weights = weights.astype(np.float64)
    if not (np.abs(weights) <= np.finfo(np.float32).max).all():  # also false for NaN
        raise CodecInputError("importance must hold finite numbers, and at least one does not")
    return weights if weights.shape == (height, width) else resize_map(weights, (height, width))
