"""`StreamOutlook`: what a controller of ``EdgeVision/Stream-v0`` knows beyond channel and levels."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from edgevision.arrays import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class StreamOutlook:
    """Signs of change and the edge's reports for U cameras in N episodes, and the constants of the scenario.

    It holds neither scenes nor events, only what devices and edge tell of them. What was "told" came with the answer to
    a frame that was delivered in the slot before.

    Attributes:
        environment: index of the environment in its simulator, (N,).
        episode: a number that no other episode in this process has, (N,).
        slot: index of the slot, (N,).
        episode_slots: slots of the whole episode, (N,).
        battery: frames that the full battery of each camera lasts for, (N, U).
        frames_left: frames that it still lasts for, (N, U).
        score: change score of this slot, (N, U).
        last_scores: the newest H scores, the one of this slot first, (N, H, U).
        score_averages: moving averages of the scores with weights 0.5, 0.25 and 0.08, (N, 3, U).
        empty: whether the edge has no answer of the camera yet, (N, U).
        age: slots since the last delivery, (N, U).
        delivered: whether a frame was delivered in the slot before, (N, U).
        lost: whether a frame was sent in the slot before and did not arrive in time, (N, U).
        told_change: whether the answer to a frame that was delivered in the slot before differs from the one before it,
            (N, U); false unless delivered.
        told_event: whether the newest answer says that an event is in view, (N, U).
        event_age: slots since an answer last said so, (N, U).
        level: level of the newest answer, (N, U).
        confidence: confidence that came with it, (N, U).
        feature: feature of its frame, (N, U).
        right_again: probability that the newest answer is right, if the scene is still the same, (N, U).
        right_at: probability that an answer at each level is right, if the scene is still the same, (N, U, K).
        planned_share: share of the band with which a frame of mean size arrives with probability 0.95 at the largest
            power, (N, U, K); above 1 if that is impossible, or the battery is empty.
        belief: belief of the four-state filter with the mean rates of the scenario, (N, U, 4); see
            `edgevision.envs.stream.four_states`.
        event_start: probability that an event begins in a slot, (N,).
        event_end: probability that an event ends in a slot, (N,).
        change_rate: probability that a scene changes by itself in a slot, (N,).
        score_mean: mean score of a changed scene, (N,).
        event_weight: weight of slots in which an event is in view, (N,).
    """

    environment: IntArray
    episode: IntArray
    slot: IntArray
    episode_slots: IntArray
    battery: IntArray
    frames_left: IntArray
    score: FloatArray
    last_scores: FloatArray
    score_averages: FloatArray
    empty: BoolArray
    age: IntArray
    delivered: BoolArray
    lost: BoolArray
    told_change: BoolArray
    told_event: BoolArray
    event_age: IntArray
    level: IntArray
    confidence: FloatArray
    feature: FloatArray
    right_again: FloatArray
    right_at: FloatArray
    planned_share: FloatArray
    belief: FloatArray
    event_start: FloatArray
    event_end: FloatArray
    change_rate: FloatArray
    score_mean: FloatArray
    event_weight: FloatArray

    @property
    def slots_left(self) -> IntArray:
        """Slots of the episode that are left, this one included, (N,)."""
        return self.episode_slots - self.slot

    def __getitem__(self, index: slice | BoolArray | IntArray) -> StreamOutlook:
        """The episodes that ``index`` selects along N."""
        arrays: dict[str, Any] = {name: value[index] for name, value in vars(self).items()}
        return dataclasses.replace(self, **arrays)

    def freeze(self) -> None:
        """Make every array read-only."""
        for value in vars(self).values():
            value.setflags(write=False)
