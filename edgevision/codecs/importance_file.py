"""Reading an importance map from a file: a grey picture, or NumPy's numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edgevision.arrays import FloatArray
from edgevision.codecs.base import MAX_PIXELS
from edgevision.data.image_reading import read_image
from edgevision.errors import CodecInputError
from edgevision.storage.storage_arrays import map_array


def read_importance(path: Path) -> FloatArray:
    """A map (h, w) in [0, 1], larger where the picture matters more.

    Args:
        path: of a grey ``.png`` (white is 1), or of an ``.npy`` file of floating-point numbers in [0, 1].

    Raises:
        UnreadableImageError: the picture cannot be read.
        CodecInputError: another kind of file, colours, other numbers, or too many.
    """
    if path.suffix.lower() == ".png":
        pixels = read_image(path)
        if (pixels != pixels[..., :1]).any():
            raise CodecInputError(f"{path}: an importance map must be grey, and this picture has colours")
        return pixels[..., 0] / 255
    if path.suffix.lower() != ".npy":
        raise CodecInputError(f"{path}: an importance map must be a grey .png or an .npy file")
    stored = map_array(path, CodecInputError)
    if stored.ndim != 2 or not 0 < stored.size <= MAX_PIXELS or stored.dtype.kind != "f":
        raise CodecInputError(
            f"{path}: an importance map must be a floating-point array of two dimensions and 1 to {MAX_PIXELS} "
            f"numbers, got {stored.dtype} {stored.shape}"
        )
    weights = np.array(stored, np.float64)
    if not ((weights >= 0) & (weights <= 1)).all():
        raise CodecInputError(f"{path}: an importance map must hold numbers from 0 to 1")
    return weights
