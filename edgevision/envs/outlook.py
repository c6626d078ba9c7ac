"""`Outlook`: what a controller knows beyond the current slot, in environments whose decisions change later slots."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgevision.arrays import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Outlook:
    """State of N episodes with U cameras, and what is known of their future: the routes and the rates of arrivals.

    It holds neither future arrivals nor future shadowing.

    Attributes:
        environment: index of the environment in its simulator, (N,).
        slots_left: slots of the episode that are left, this one included, (N,).
        episode_slots: slots of the whole episode, (N,).
        slack: slots in which the request at the head of each queue can still be sent, this one included, (N, U); 0 for
            an empty queue, and never more than ``slots_left``.
        next_slack: the same for the request behind the head, (N, U).
        waiting: number of requests in each queue, (N, U).
        battery: energy left, (N, U) [J].
        full_battery: energy at the start of the episode, and the most that the battery holds, (N, U) [J].
        harvest: energy that each camera gains after every slot, (N, U) [J].
        arrival_average: moving average of the arrivals per slot, (N, U).
        arrival_rate: mean arrivals per camera and slot, (N,).
        route_gain: mean gain along the known route in this slot and the H - 1 slots after it, (N, H, U) [linear];
            shadowing is not included.
        far_gain: the same in 32 and in 64 slots (at the latest in the last one), then the largest and the mean in dB
            of the slots that are left, (N, 4, U) [dB].
        line_of_sight: whether the camera sees the base station, (N, U).
        shadowing_db: standard deviation of the shadowing, (N, U) [dB].
        correlation: correlation of the shadowing between one slot and the next, (N, U).
        queue_length: most requests that a queue holds, (N,).
    """

    environment: IntArray
    slots_left: IntArray
    episode_slots: IntArray
    slack: IntArray
    next_slack: IntArray
    waiting: IntArray
    battery: FloatArray
    full_battery: FloatArray
    harvest: FloatArray
    arrival_average: FloatArray
    arrival_rate: FloatArray
    route_gain: FloatArray
    far_gain: FloatArray
    line_of_sight: BoolArray
    shadowing_db: FloatArray
    correlation: FloatArray
    queue_length: IntArray

    @property
    def expected_requests(self) -> FloatArray:
        """Requests per camera that the rest of the episode brings on average, at least 1, (N, 1)."""
        return np.maximum(self.slots_left * self.arrival_rate, 1.0)[:, None]

    @property
    def energy_left(self) -> FloatArray:
        """What each camera can still spend, its battery and what it gains before the last slot, (N, U) [J]."""
        return self.battery + np.maximum(self.slots_left - 1, 0)[:, None] * self.harvest

    @property
    def episode_energy(self) -> FloatArray:
        """``energy_left`` at the start of the episode, (N, U) [J]."""
        return self.full_battery + (self.episode_slots - 1)[:, None] * self.harvest

    def __getitem__(self, index: slice | BoolArray | IntArray) -> Outlook:
        """The episodes that ``index`` selects along N."""
        arrays: dict[str, Any] = {name: value[index] for name, value in vars(self).items()}
        return dataclasses.replace(self, **arrays)

    def freeze(self) -> None:
        """Make every array read-only."""
        for value in vars(self).values():
            value.setflags(write=False)
