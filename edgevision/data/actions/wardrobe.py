"""Figures' clothes, and painting the figures in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.random import Generator

from edgevision.arrays import Float32Array, FloatArray
from edgevision.data.actions.painting import Cloth, paint
from edgevision.data.actions.poses import BEHIND, PARTS
from edgevision.data.actions.scenery import colour
from edgevision.data.actions.timeline import Track

Wardrobe = Mapping[str, Cloth]


def draw_wardrobe(rng: Generator, glint: FloatArray | None = None) -> Wardrobe:
    """Draw clothes, mostly more colourful and brighter than the scene.

    Args:
        rng: where chance comes from.
        glint: how much a reflective band on the hands shines in every frame, 0 to 1, (F,); ``None``: there is none.
    """
    skin = colour(rng.uniform(0.03, 0.09), rng.uniform(0.3, 0.6), rng.uniform(0.4, 0.85))
    hair = colour(rng.uniform(0.02, 0.12), rng.uniform(0.2, 0.7), rng.uniform(0.05, 0.4))
    shoes = colour(rng.uniform(), rng.uniform(0, 0.5), rng.uniform(0.1, 0.7))
    hand = skin if glint is None else skin + (rng.uniform(0, 0.24) * glint)[:, None] * np.ones(3)
    shirt = [colour(rng.uniform(), rng.uniform(0.3, 1), rng.uniform(0.45, 0.85)) for _ in range(2)]
    trousers = [colour(rng.uniform(), rng.uniform(0.1, 0.8), rng.uniform(0.25, 0.7)) for _ in range(2)]
    return {
        "head": Cloth(skin, hair, 0.5),
        "near_hand": Cloth(hand, hand),
        "far_hand": Cloth(hand, hand),
        "shoes": Cloth(shoes, shoes),
        "shirt": Cloth(shirt[0], shirt[1], rng.choice([0, 0, 2, 4])),
        "trousers": Cloth(trousers[0], trousers[1], rng.choice([0, 0, 0, 3])),
    }


def dress(
    tracks: Sequence[Track], clothes: Sequence[Wardrobe], canvas: Float32Array, shake: FloatArray
) -> Float32Array:
    """Paint figures over the canvas, in place; near arms come last, so that they reach over the other figure.

    Returns:
        How much of each pixel the figures cover, 0 to 1, (F, S, S).
    """
    size = canvas.shape[1]
    covered = np.zeros(canvas.shape[:3], dtype=np.float32)
    layers = (range(len(BEHIND)), range(len(BEHIND), len(PARTS)))
    for layer in layers:
        for track, wardrobe in zip(tracks, clothes, strict=True):
            for index in layer:
                ends = (track.ends[index] + shake[:, None]) * size
                radii = np.outer(track.height * size, PARTS[index].radii)
                place, coverage = paint(canvas, ends, radii, wardrobe[PARTS[index].garment])
                covered[place] = np.maximum(covered[place], coverage)
    return covered
