"""Antialiased capsules painted on all frames of a clip at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgevision.arrays import Float32Array, FloatArray

Patch = tuple[tuple[NDArray[np.int_], NDArray[np.int_], NDArray[np.int_]], Float32Array]
"""Frame, row and column of pixels, broadcastable, and how much of each is covered, (F, h, w)."""


@dataclass(frozen=True, eq=False)
class Cloth:
    """How a capsule is coloured along its axis.

    Attributes:
        colour: red, green, blue, (3,) or one for each frame (F, 3).
        second: the other colour of its stripes, of the same shape.
        stripes: pairs of stripes along the axis; 0.5 gives the far half the second colour, 0 none.
    """

    colour: FloatArray
    second: FloatArray
    stripes: float = 0.0


def paint(canvas: Float32Array, ends: FloatArray, radii: tuple[float, float] | FloatArray, cloth: Cloth) -> Patch:
    """Paint one capsule over the canvas, in place.

    Coverage is half a pixel minus the signed distance to the outline, which antialiases it.

    Args:
        canvas: the frames, (F, S, S, 3).
        ends: start and end (x, y) [pixel] in each frame, (F, 2, 2).
        radii: at the start and the end [pixel], (2,) or for each frame (F, 2).
        cloth: its colours.

    Returns:
        Where it was painted and how much it covers there.
    """
    size = canvas.shape[1]
    width = np.broadcast_to(np.asarray(radii, dtype=np.float32), ends.shape[:2])
    margin = float(width.max()) + 1
    low = np.floor(ends.min(axis=1) - margin).astype(int)
    extent = np.minimum((np.ceil(ends.max(axis=1) + margin).astype(int) - low).max(axis=0), size)
    low = np.clip(low, 0, size - extent)
    x, y = low[:, :1] + np.arange(extent[0]), low[:, 1:] + np.arange(extent[1])
    along, distance, radius = _measure(x, y, ends.astype(np.float32), width)
    coverage = np.clip(radius - distance + np.float32(0.5), 0, 1)
    place = np.arange(len(canvas))[:, None, None], y[:, :, None], x[:, None, :]
    shade = coverage * (1 - np.float32(0.3) * np.minimum(distance / radius, 1) ** 2)
    patch = canvas[place]
    patch *= (1 - coverage)[..., None]
    patch += _colours(cloth, along) * shade[..., None]
    canvas[place] = patch
    return place, coverage


def _measure(
    x: NDArray[np.int_], y: NDArray[np.int_], ends: Float32Array, width: Float32Array
) -> tuple[Float32Array, Float32Array, Float32Array]:
    """Place along the axis (0 to 1), distance from it and radius there [pixel], each (F, h, w)."""
    half = np.float32(0.5)
    right = (x - ends[:, 0, :1] + half).astype(np.float32)[:, None, :]
    down = (y - ends[:, 0, 1:] + half).astype(np.float32)[:, :, None]
    axis = (ends[:, 1] - ends[:, 0])[:, :, None, None]
    length = np.maximum((axis**2).sum(axis=1), np.float32(1e-6))
    along = np.clip((right * axis[:, 0] + down * axis[:, 1]) / length, 0, 1)
    distance = np.sqrt((right - along * axis[:, 0]) ** 2 + (down - along * axis[:, 1]) ** 2)
    first, last = width[:, 0, None, None], width[:, 1, None, None]
    return along, distance, first + (last - first) * along


def _colours(cloth: Cloth, along: Float32Array) -> Float32Array:
    """Colour at each place along the axis, broadcastable to (F, h, w, 3)."""
    colour = np.atleast_2d(cloth.colour).astype(np.float32)[:, None, None]
    if not cloth.stripes:
        return colour
    second = np.atleast_2d(cloth.second).astype(np.float32)[:, None, None]
    mix = np.clip(0.5 - 3 * np.cos(np.float32(2 * np.pi * cloth.stripes) * along), 0, 1)
    return colour + mix[..., None] * (second - colour)
