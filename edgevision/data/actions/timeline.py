"""When the decisive moment is, and how two figures move before, in and after it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from edgevision.arrays import FloatArray
from edgevision.data.actions.poses import ACTIONS, JOINTS, STANDING, body

_SHARES = (2 / 16, 5 / 16)  # of the frames, decisive ones
_GAIT = np.array([{"near_shoulder": -0.7, "far_shoulder": 0.7, "near_hip": 1, "far_hip": -1}.get(j, 0) for j in JOINTS])
_KNEES = np.array([{"near_knee": 1, "far_knee": -1}.get(j, 0) for j in JOINTS])


@dataclass(frozen=True, eq=False)
class Moment:
    """The decisive moment of a clip.

    Attributes:
        frames: indices of the decisive frames, increasing.
        envelope: how far the action has come in every frame, 0 to 1, (F,).
    """

    frames: NDArray[np.int_]
    envelope: FloatArray


@dataclass(frozen=True, eq=False)
class Track:
    """A figure's way through a clip.

    Attributes:
        ends: ends of its capsules in frame sides, (P, F, 2, 2).
        height: of the body, in frame sides, (F,).
    """

    ends: FloatArray
    height: FloatArray


def draw_moment(rng: Generator, frames: int) -> Moment:
    """Draw a short window anywhere in the clip: its middle is uniform over the frames, so none is privileged."""
    length = max(round(rng.uniform(*_SHARES) * frames), 1)
    start = int(np.clip(int(rng.uniform() * frames) - length // 2, 0, frames - length))
    away = np.maximum(start - np.arange(frames), np.arange(frames) - (start + length - 1))
    onset = rng.uniform(0.15, 0.4)
    envelope = np.where(away <= 0, 1.0, np.where(away == 1, onset, 0.0))
    return Moment(np.arange(start, start + length), envelope)


def draw_pair(rng: Generator, name: str, moment: Moment) -> tuple[Track, Track]:
    """Two figures who walk towards or away from each other, and do ``name`` at the decisive moment.

    The class is used for the decisive poses and distance only: without it, all clips are alike.
    """
    action = ACTIONS[name]
    time = np.linspace(0, 1, len(moment.envelope))
    height = rng.uniform(0.54, 0.74) * (1 + rng.uniform(0.03, 0.1) * moment.envelope)
    ground = rng.uniform(0.88, 0.97) + 0.02 * moment.envelope
    middle = rng.uniform(0.44, 0.56) + rng.uniform(-0.05, 0.05) * time
    apart = rng.permutation([rng.uniform(0.8, 1.0), rng.uniform(0.6, 0.75)])
    distance = apart[0] + (apart[1] - apart[0]) * time
    scatter = rng.uniform(0.94, 1.06)
    if action.distance is not None:
        distance += moment.envelope * (action.distance * scatter - distance)
    side = int(rng.choice([-1, 1]))
    tracks = []
    for place, decisive in ((-side, action.actor), (side, action.partner)):
        angles = _angles(rng, decisive, moment.envelope)
        across = middle + place * distance * height / 2
        tall = height * rng.uniform(0.94, 1.06)
        tracks.append(Track(body(angles, np.stack([across, ground], axis=1), tall, -place), tall))
    return tracks[0], tracks[1]


def draw_bystander(rng: Generator, frames: int) -> Track:
    """A smaller figure farther away who stands or walks by."""
    height = np.full(frames, rng.uniform(0.26, 0.4))
    walk = rng.choice([0.0, 1.0]) * rng.uniform(0.15, 0.5)
    facing = int(rng.choice([-1, 1]))
    across = rng.uniform(0.05, 0.95) + facing * walk * np.linspace(-0.5, 0.5, frames)
    place = np.stack([across, np.full(frames, rng.uniform(0.66, 0.76))], axis=1)
    angles = _angles(rng, STANDING, np.zeros(frames), stride=20.0 * (walk > 0))
    return Track(body(angles, place, height, facing), height)


def _angles(rng: Generator, decisive: FloatArray, envelope: FloatArray, stride: float | None = None) -> FloatArray:
    """Angles of a figure who strides [degree], fidgets, and takes the decisive pose, (F, 10)."""
    stride = rng.uniform(4, 24) if stride is None else stride
    phase = 2 * np.pi * (rng.uniform() + rng.uniform(1, 3) * np.linspace(0, 1, len(envelope)))[:, None]
    idle = STANDING + np.radians(rng.normal(0, 5, len(JOINTS)))
    idle = idle + np.radians(stride) * (np.sin(phase) * _GAIT + np.maximum(np.cos(phase) * _KNEES, 0))
    aim = decisive + np.radians(rng.normal(0, 5, len(JOINTS)))
    blend = envelope[:, None] * rng.uniform(0.9, 1.05, (len(envelope), 1))
    angles: FloatArray = idle + blend * (aim - idle)
    return angles
