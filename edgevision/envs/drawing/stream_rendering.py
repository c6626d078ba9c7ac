"""Rendering of ``EdgeVision/Stream-v0``: what each camera sees, what the edge knows, and what was sent in a slot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgevision.arrays import BoolArray, FloatArray, IntArray
from edgevision.envs.allocation import Allocation
from edgevision.envs.drawing.rendering import BANDWIDTH, IDLE, MARGINS, SUCCESS, Renderer, prepare_rows
from edgevision.envs.problem import SlotProblem
from edgevision.envs.simulation.episode_simulator import SlotOutcome
from edgevision.envs.stream.stream_simulator import StreamSimulator

_EVENT, _CHANGE, _BATTERY = "#D55E00", "#56B4E9", "#CC79A7"
_SHOWN_SLOTS = 30


@dataclass(frozen=True, eq=False)
class StreamScene:
    """The data that is drawn: the signs of the slot to come, and the result of the one before it.

    Attributes:
        slot: index of the slot to come.
        length: slots of the episode.
        event: whether an event was in view, in the newest slots up to the one to come, (slots, U).
        changed: probability that the filter gives to a changed scene, (U,).
        age: slots since the last delivery, (U,); -1 if there was none.
        level: level that was sent in the slot before, (U,); -1 if nothing was.
        bandwidth_share: share of the bandwidth that it used, (U,).
        right: whether the answer held was right in the slot before, (U,).
        battery: frames that each battery still lasts for, (U,); ``None`` if none can run empty.
        capacity: the same at the start of the episode, (U,).
        reward: reward of the slot before; ``None`` before the first.
    """

    slot: int
    length: int
    event: BoolArray
    changed: FloatArray
    age: IntArray
    level: IntArray
    bandwidth_share: FloatArray
    right: BoolArray
    battery: IntArray | None
    capacity: IntArray
    reward: float | None

    @classmethod
    def of(cls, simulator: StreamSimulator, last: tuple[SlotProblem, Allocation, SlotOutcome] | None) -> StreamScene:
        """Make the scene of a simulator with N = 1, and of its last slot."""
        seen, slot = simulator.problem.street, int(simulator.slot[0])
        users = simulator.config.users
        level, share, right, reward = np.full(users, -1), np.zeros(users), np.zeros(users, bool), None
        if last is not None:
            before, allocation, outcome = last
            share = allocation.bandwidth[0] / before.bandwidth_budget[0]
            level = np.where(
                (allocation.bandwidth[0] > 0) & (allocation.power[0] > 0), allocation.operating_point[0], -1
            )
            right, reward = (outcome.in_time * outcome.accuracy)[0] > 0, float(outcome.reward[0])
        return cls(
            slot=slot,
            length=simulator.config.episode_slots,
            event=simulator.trace.event[0, max(slot - _SHOWN_SLOTS + 1, 0) : slot + 1],
            changed=seen.belief[0, :, 2:].sum(axis=1),
            age=np.where(seen.empty[0], -1, seen.age[0]),
            level=level,
            bandwidth_share=share,
            right=right,
            battery=seen.frames_left[0] if (seen.battery[0] < seen.episode_slots[0]).any() else None,
            capacity=seen.battery[0],
            reward=reward,
        )

    @property
    def title(self) -> str:
        """One line with the number of the last slot, how many answers are right, and the reward."""
        score = "waiting for the first decision" if self.reward is None else f"reward {self.reward:.3f}"
        return f"slot {self.slot}/{self.length}   {int(self.right.sum())} answers right   {score}"


def stream_text(scene: StreamScene) -> str:
    """The scene as a table of plain text."""
    heading = "camera  event  P(changed)  age  level  bandwidth  right"
    lines = [scene.title, heading if scene.battery is None else f"{heading}  frames left"]
    for user, level in enumerate(scene.level):
        event, age = "event" if scene.event[-1, user] else "-", scene.age[user] if scene.age[user] >= 0 else "-"
        row = f"{user:6d}  {event:>5}  {scene.changed[user]:10.3f}  {age:>3}"
        row += f"  {level:5d}  {scene.bandwidth_share[user]:9.1%}" if level >= 0 else f"  {'-':>5}  {'-':>9}"
        row += f"  {'yes' if scene.right[user] else 'no':>5}"
        lines.append(row if scene.battery is None else f"{row}  {scene.battery[user]:11d}")
    return "\n".join(lines) + "\n"


class StreamRenderer(Renderer):
    """Draws stream scenes: events by camera and slot, then per camera belief, age, bandwidth and success."""

    def draw(self, scene: Any) -> NDArray[np.uint8]:
        """Draw a scene and return it as (H, W, 3) uint8."""
        figure = self.figure
        figure.clear()
        figure.suptitle(scene.title, fontsize=11)
        users = np.arange(len(scene.right))
        columns = [
            ("P(changed)", scene.changed, _CHANGE),
            ("age, at most 20 slots", np.clip(scene.age, 0, 20) / 20.0, IDLE),
            ("bandwidth share", scene.bandwidth_share, BANDWIDTH),
            ("answer right", scene.right.astype(np.float64), SUCCESS),
        ]
        if scene.battery is not None:
            columns.append(("battery", scene.battery / np.maximum(scene.capacity, 1), _BATTERY))
        widths = (3.2, *[1] * len(columns))
        grid = figure.add_gridspec(1, len(widths), width_ratios=widths, wspace=0.3, **MARGINS)
        street, *others = (figure.add_subplot(part) for part in grid)
        _draw_street(street, scene)
        for axes, (label, values, colour) in zip(others, columns, strict=True):
            axes.barh(users, values, color=colour)
            prepare_rows(axes, len(users), label)
            axes.set(xticks=(0, 0.5, 1))
        return self.pixels()


def _draw_street(axes: Any, scene: StreamScene) -> None:
    """A mark for each camera and slot in which an event is in view; time runs to the right, up to now."""
    slots, users = scene.event.shape
    slot, user = np.nonzero(scene.event)
    prepare_rows(axes, users, "slots until now; orange: an event is in view")
    axes.set_xlim(-_SHOWN_SLOTS, 1)
    axes.scatter(slot - slots + 1, user, color=_EVENT, marker="s", s=20)
    axes.tick_params(labelleft=True)
    axes.set_ylabel("camera")
