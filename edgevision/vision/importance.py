"""``Importance``: how much a classifier needs each pixel of an image."""

from __future__ import annotations

from dataclasses import dataclass

from edgevision.arrays import FloatArray


@dataclass(frozen=True, eq=False)
class Importance:
    """How much a classifier needs each pixel of an image, and the class probabilities of the network that says so.

    Attributes:
        weights: importance per pixel in any scale, larger is more important, (h, w).
        probabilities: class probabilities (C,), or ``None`` where the map does not come from a network.
    """

    weights: FloatArray
    probabilities: FloatArray | None = None
