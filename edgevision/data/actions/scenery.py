"""What stands around the figures: a textured scene, things that pass, camera movement, light and noise."""

from __future__ import annotations

import colorsys
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from edgevision.arrays import Float32Array, FloatArray
from edgevision.data.actions.painting import Cloth, paint

_PAN = 0.12  # farthest that the scene moves over a clip, in frame sides
_BRIGHTEST = 0.8  # part of the scene, so that a figure can outshine it
_CLOUDS = ((3, 1.5), (9, 2.0), (27, 2.5), (60, 2.5))  # cells across the scene, and what divides their contrast
_SHAKE = 0.012  # of the camera, standard deviation in frame sides
_VEHICLES = 0.6  # share of vehicles among what passes; the others are balls and blocks
_VEHICLE = (  # start and end (x, y) and radius of its capsules, and their material
    ((-2.2, 0.0, 2.2, 0.0), 1.0, "paint"),
    ((-1.0, -1.0, 1.0, -1.0), 0.8, "paint"),
    ((-1.6, 1.0, -1.6, 1.0), 0.5, "rubber"),
    ((1.6, 1.0, 1.6, 1.0), 0.5, "rubber"),
    ((2.8, 0.0, 2.8, 0.0), 0.25, "lamp"),
)


@dataclass(frozen=True, eq=False)
class Camera:
    """How the camera moves.

    Attributes:
        shake: of everything, in frame sides, (F, 2).
        pan: of the scene alone, which is farther away, in frame sides, (F, 2).
    """

    shake: FloatArray
    pan: FloatArray


def colour(hue: float, saturation: float, value: float) -> FloatArray:
    """Red, green, blue of a hue (any number: its fraction counts), (3,)."""
    return np.array(colorsys.hsv_to_rgb(hue % 1, saturation, value))


def draw_camera(rng: Generator, frames: int) -> Camera:
    """Draw a slow pan and an unsteady hand."""
    steps = rng.normal(0, _SHAKE, (frames + 2, 2))
    shake = (steps[:-2] + steps[1:-1] + steps[2:]) / 3
    way = rng.uniform(-_PAN, _PAN, 2) * (1, 0.3)
    return Camera(shake, np.linspace(-0.5, 0.5, frames)[:, None] * way)


def draw_scene(rng: Generator, camera: Camera, size: int) -> Float32Array:
    """Draw a wall or street front and a ground, and film them, (F, S, S, 3)."""
    margin = int(np.ceil((_PAN / 2 + 5 * _SHAKE) * size)) + 1
    texture = _texture(rng, size + 2 * margin)
    offsets = np.clip((camera.shake + camera.pan) * size, 1 - margin, margin - 1) + margin
    whole = np.floor(offsets).astype(int)
    part = (offsets - whole).astype(np.float32)
    frames = np.empty((len(offsets), size, size, 3), dtype=np.float32)
    for frame, (x, y), (right, down) in zip(frames, whole, part, strict=True):
        rows = texture[y : y + size + 1, x : x + size + 1]
        wide = rows[:, :-1] + right * (rows[:, 1:] - rows[:, :-1])
        frame[:] = wide[:-1] + down * (wide[1:] - wide[:-1])
    return frames


def _texture(rng: Generator, side: int) -> Float32Array:
    """A scene larger than the frame: a wall with windows and a striped ground, in muted colours under clouds."""
    down, across = np.linspace(0, 1, side)[:, None], np.linspace(0, 1, side)[None, :]
    wall, panes, ground = (colour(rng.uniform(), rng.uniform(0, 0.4), rng.uniform(0.18, 0.55)) for _ in range(3))
    rows, columns = rng.integers(3, 9, 2)
    phase = rng.uniform(0, 2 * np.pi, 2)
    windows = (np.sin(2 * np.pi * columns * across + phase[0]) > 0.2) & (np.sin(2 * np.pi * rows * down + phase[1]) > 0)
    front = wall + rng.uniform() * windows[..., None] * (panes - wall)
    stripes = np.sign(np.sin(2 * np.pi * rng.integers(2, 8) * (down**2 + rng.uniform(-1, 1) * across)))
    floor = ground * (1 + rng.uniform(0, 0.25) * stripes[..., None])
    surface = np.where(down[..., None] < rng.uniform(0.5, 0.7), front, floor)
    clouds = sum(_clouds(rng, side, cells) / weight for cells, weight in _CLOUDS)
    bright = surface * np.exp(rng.uniform(0.15, 0.45) * clouds)[..., None]
    return (_BRIGHTEST * np.tanh(bright / _BRIGHTEST)).astype(np.float32)


def _clouds(rng: Generator, side: int, cells: int) -> FloatArray:
    """Smooth noise: standard normal values on a coarse grid, interpolated linearly, (side, side)."""
    grid = rng.normal(size=(cells + 1, cells + 1))
    place = np.linspace(0, cells, side, endpoint=False)
    whole, part = place.astype(int), place % 1
    rows = grid[whole] + part[:, None] * (grid[whole + 1] - grid[whole])
    clouds: FloatArray = rows[:, whole] + part * (rows[:, whole + 1] - rows[:, whole])
    return clouds


def draw_passers(rng: Generator, canvas: Float32Array, camera: Camera) -> None:
    """Paint balls and vehicles that pass behind the figures, in place; they say nothing of the class.

    A vehicle's lamp flashes at random, as bright as anything that the figures wear.
    """
    frames, size = canvas.shape[:2]
    for _ in range(rng.integers(1, 4)):
        scale = rng.uniform(0.03, 0.07)
        across = rng.uniform() + rng.uniform(-0.6, 0.6) * np.linspace(-0.5, 0.5, frames)
        centre = np.stack([across, np.full(frames, rng.uniform(0.45, 0.72))], axis=1) + camera.shake + camera.pan
        parts = _VEHICLE if rng.uniform() < _VEHICLES else _VEHICLE[:1]
        materials = _draw_materials(rng, frames)
        for ends, radius, material in parts:
            corners = (centre[:, None] + scale * np.reshape(ends, (2, 2))) * size
            paint(canvas, corners, (radius * scale * size,) * 2, materials[material])


def _draw_materials(rng: Generator, frames: int) -> dict[str, Cloth]:
    first, second = (colour(rng.uniform(), rng.uniform(0, 0.7), rng.uniform(0.2, 0.6)) for _ in range(2))
    lit = np.where(rng.uniform(size=frames) < 0.1, rng.uniform(0.6, 1.0), 0.35)
    lamp, rubber = np.repeat(lit[:, None], 3, axis=1), np.full(3, 0.08)
    return {
        "paint": Cloth(first, second, rng.choice([0, 0.5, 2])),
        "rubber": Cloth(rubber, rubber),
        "lamp": Cloth(lamp, lamp),
    }


def draw_light(rng: Generator, frames: int) -> FloatArray:
    """Brightness of every frame: slow change and flicker, (F,)."""
    phase = rng.uniform(0, 2 * np.pi, 2)
    time = np.linspace(0, 2 * np.pi, frames)
    slow = rng.uniform(0, 0.06, 2) @ np.sin(np.outer((0.5, 1.0), time) + phase[:, None])
    light: FloatArray = rng.uniform(0.85, 1.05) * (1 + slow + rng.normal(0, 0.006, frames))
    return light


def expose(rng: Generator, canvas: Float32Array, light: FloatArray) -> NDArray[np.uint8]:
    """Bytes that a noisy camera makes of the light, (F, S, S, 3)."""
    noise = rng.standard_normal(canvas.shape, dtype=np.float32)
    noise *= np.float32(255 * rng.uniform(0.008, 0.025))
    canvas *= (255 * light).astype(np.float32)[:, None, None, None]
    canvas += noise
    np.clip(canvas, 0, 255, out=canvas)
    return np.rint(canvas, out=canvas).astype(np.uint8)
