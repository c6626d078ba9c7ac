"""`Importance`: a map of what a classifier needs of an image."""

from __future__ import annotations

from dataclasses import dataclass

from edgevision.arrays import FloatArray


@dataclass(frozen=True, eq=False)
class Importance:
    """How much a classifier needs each pixel, and what the network that says so made of the image.

    Attributes:
        weights: importance per pixel, any scale, larger is more important, (h, w).
        probabilities: class probabilities of the network behind the map, (C,), or ``None``.
    """

    weights: FloatArray
    probabilities: FloatArray | None = None
