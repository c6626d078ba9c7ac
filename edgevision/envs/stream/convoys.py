"""When events are in view of the cameras: convoys that pass the street, or events of each camera alone.

Traffic is busy or calm, a Markov chain with two states. Per direction at most one convoy enters in a slot. It has its
own pace and its own length, which are the same at all cameras. A camera sees it with probability ``seen``: an event is
then in view from its arrival on, for as long as the convoy takes to pass.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgevision.arrays import BoolArray, FloatArray, IntArray
from edgevision.envs.simulation.random_processes import busy_slots, standard_normal
from edgevision.envs.stream.stream_config import StreamConfig

#: Slots before an episode in which convoys enter already.
WARM_UP = 60
_DIRECTIONS = 2


@dataclass(frozen=True, eq=False)
class Passages:
    """M events in view of a camera; ``arrival`` is the first slot of each, which may lie outside the episode.

    Attributes:
        episode: (M,).
        camera: (M,).
        arrival: (M,).
        stay: slots in view, (M,).
    """

    episode: IntArray
    camera: IntArray
    arrival: IntArray
    stay: IntArray

    def mark(self, shape: tuple[int, int, int]) -> tuple[BoolArray, BoolArray]:
        """Whether an event is in view, and whether one begins or ends, (N, slots, U) each."""
        slots = shape[1]
        begins, ends = self.arrival, self.arrival + self.stay
        count, edge = np.zeros((shape[0], slots + 1, shape[2]), np.int64), np.zeros(shape, bool)
        np.add.at(count, (self.episode, np.clip(begins, 0, slots), self.camera), 1)
        np.add.at(count, (self.episode, np.clip(ends, 0, slots), self.camera), -1)
        for slot in (begins, ends):
            inside = (slot >= 0) & (slot < slots)
            edge[self.episode[inside], slot[inside], self.camera[inside]] = True
        return np.cumsum(count, axis=1)[:, :slots] > 0, edge


def uniforms_needed(config: StreamConfig, slots: int) -> int:
    """How many uniform numbers `passages` needs for an episode of this many slots."""
    if config.traffic == "independent":
        return (slots + WARM_UP) * config.users * 2
    return (slots + WARM_UP) * (1 + _DIRECTIONS * (3 + 3 * config.users)) + 1


def passages(config: StreamConfig, uniforms: FloatArray, slots: int) -> Passages:
    """All events of N episodes, from uniform numbers (N, ``uniforms_needed``)."""
    if config.traffic == "independent":
        return _independent(config, uniforms, slots)
    return _convoys(config, uniforms, slots)


def _convoys(config: StreamConfig, uniforms: FloatArray, slots: int) -> Passages:
    n, length, users = len(uniforms), slots + WARM_UP, config.users
    busy = busy_slots(config.mean_stay_slots, uniforms[:, 0], uniforms[:, 1 : 1 + length])
    rest = uniforms[:, 1 + length :].reshape(n, length, _DIRECTIONS, 3 + 3 * users)
    chance = config.convoys_per_slot * np.where(busy, 1.0, config.calm_traffic)
    episode, slot, direction = np.nonzero(rest[..., 0] < chance[..., None])
    drawn = rest[episode, slot, direction]
    low, high = config.pace_slots
    pace = low + (high - low) * drawn[:, 1]
    radius, angle, seen = drawn[:, 3:].reshape(-1, 3, users).swapaxes(0, 1)
    links = pace[:, None] * np.exp(config.pace_spread * standard_normal(radius, angle))
    links[:, 0] = 0.0
    arrival = np.rint(slot[:, None] - WARM_UP + np.cumsum(links, axis=1)).astype(np.int64)
    order = np.arange(users)
    camera = np.where(direction[:, None] == 0, order, users - 1 - order)
    convoy, place = np.nonzero(seen < config.seen)
    stay = _stay(config, drawn[:, 2])
    return Passages(episode[convoy], camera[convoy, place], arrival[convoy, place], stay[convoy])


def _independent(config: StreamConfig, uniforms: FloatArray, slots: int) -> Passages:
    begin, stay = uniforms.reshape(len(uniforms), 2, slots + WARM_UP, config.users).swapaxes(0, 1)
    episode, slot, camera = np.nonzero(begin < config.event_start)
    return Passages(episode, camera, slot - WARM_UP, _stay(config, stay[episode, slot, camera]))


def _stay(config: StreamConfig, uniform: FloatArray) -> IntArray:
    """Slots in view: the least number, plus a geometric variable of the given mean."""
    least, mean = config.passage_slots
    if mean <= 1.0:
        return np.full(uniform.shape, least + int(mean), np.int64)
    return least + np.ceil(np.log1p(-uniform) / np.log1p(-1.0 / mean)).clip(1.0).astype(np.int64)
