"""Rendering of ``EdgeVision/Dynamic-v0``: routes, batteries, waiting requests, and what was sent in a slot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgevision.arrays import BoolArray, FloatArray, IntArray
from edgevision.envs.allocation import Allocation
from edgevision.envs.drawing.rendering import BANDWIDTH, IDLE, MARGINS, SUCCESS, Renderer, prepare_rows
from edgevision.envs.dynamic.dynamic_simulator import DynamicSimulator
from edgevision.envs.problem import SlotProblem
from edgevision.envs.simulation.episode_simulator import SlotOutcome

_BATTERY, _SLACK = "#D55E00", "#56B4E9"


@dataclass(frozen=True, eq=False)
class DynamicScene:
    """The data that is drawn: the slot to come, and what was sent in the one before it.

    Attributes:
        slot: index of the slot to come.
        length: slots of the episode.
        route: places of the cameras in all slots, (T + 1, U, 2) [m].
        position: places of the cameras now, (U, 2) [m].
        gain_db: mean gain with shadowing, (U,) [dB].
        battery: share of the battery that is left, (U,).
        waiting: slots left for each waiting request, (U, Q); 0 is an empty place.
        longest: longest deadline [slots].
        sent: who sent in the slot before, (U,).
        bandwidth_share: share of the bandwidth that it used, (U,).
        energy_mj: energy that it spent, (U,) [mJ].
        success: probability of a right answer in time, (U,).
        reward: reward of the slot before; ``None`` before the first.
    """

    slot: int
    length: int
    route: FloatArray
    position: FloatArray
    gain_db: FloatArray
    battery: FloatArray
    waiting: IntArray
    longest: int
    sent: BoolArray
    bandwidth_share: FloatArray
    energy_mj: FloatArray
    success: FloatArray
    reward: float | None

    @classmethod
    def of(cls, simulator: DynamicSimulator, last: tuple[SlotProblem, Allocation, SlotOutcome] | None) -> DynamicScene:
        """Make the scene of a simulator with N = 1, and of its last slot."""
        problem, trace, slot = simulator.problem, simulator.trace, int(simulator.slot[0])
        nothing = np.zeros(problem.users)
        sent, bandwidth, energy, success, reward = nothing > 0, nothing, nothing, nothing, None
        if last is not None:
            before, allocation, outcome = last
            sent = outcome.sent[0]
            bandwidth = np.where(sent, allocation.bandwidth[0], 0.0) / before.bandwidth_budget[0]
            energy, success = 1e3 * outcome.energy[0], (outcome.in_time * outcome.accuracy)[0]
            reward = float(outcome.reward[0])
        return cls(
            slot=slot,
            length=simulator.config.episode_slots,
            route=trace.position[0],
            position=trace.position[0, slot],
            gain_db=10.0 * np.log10(problem.gain_scale[0]),
            battery=simulator.battery[0] / np.maximum(trace.battery[0], 1e-30),
            waiting=np.sort(simulator.queue.left[0], axis=1),
            longest=simulator.config.deadline_slots[1],
            sent=sent,
            bandwidth_share=bandwidth,
            energy_mj=energy,
            success=success,
            reward=reward,
        )

    @property
    def title(self) -> str:
        """One line with the number of the last slot, what waits, and the reward."""
        score = "waiting for the first decision" if self.reward is None else f"reward {self.reward:.3f}"
        return f"slot {self.slot}/{self.length}   {int((self.waiting > 0).sum())} requests wait   {score}"


def dynamic_text(scene: DynamicScene) -> str:
    """The scene as a table of plain text."""
    lines = [scene.title, "user  gain dB  battery  bandwidth  energy mJ  success  slots left of what waits"]
    for user, left in enumerate(scene.waiting):
        row = f"{user:4d}  {scene.gain_db[user]:7.1f}  {scene.battery[user]:7.1%}"
        if scene.sent[user]:
            row += f"  {scene.bandwidth_share[user]:9.1%}  {scene.energy_mj[user]:9.3f}  {scene.success[user]:7.3f}"
        else:
            row += f"  {'-':>9}  {'-':>9}  {'-':>7}"
        lines.append(f"{row}  {' '.join(map(str, left[left > 0])) or '-'}")
    return "\n".join(lines) + "\n"


class DynamicRenderer(Renderer):
    """Draws dynamic scenes: the map, then per camera battery, waiting requests, bandwidth and success."""

    def draw(self, scene: Any) -> NDArray[np.uint8]:
        """Draw a scene and return it as (H, W, 3) uint8."""
        figure = self.figure
        figure.clear()
        figure.suptitle(scene.title, fontsize=11)
        grid = figure.add_gridspec(1, 5, width_ratios=(3.2, 1, 1.6, 1, 1), wspace=0.3, **MARGINS)
        cell, battery, waiting, bandwidth, success = (figure.add_subplot(part) for part in grid)
        _draw_map(cell, scene)
        _draw_waiting(waiting, scene)
        for axes, label, values, colour in (
            (battery, "battery left", scene.battery, _BATTERY),
            (bandwidth, "bandwidth share", scene.bandwidth_share, BANDWIDTH),
            (success, "right and in time", scene.success, SUCCESS),
        ):
            axes.barh(np.arange(len(values)), values, color=colour)
            prepare_rows(axes, len(values), label)
            axes.set(xticks=(0, 0.5, 1))
        battery.tick_params(labelleft=True)
        battery.set_ylabel("camera")
        return self.pixels()


def _draw_map(axes: Any, scene: DynamicScene) -> None:
    """Routes from above, with the places of the cameras; a line to the base station is a transmission."""
    for user, (x, y) in enumerate(scene.position):
        axes.plot(*scene.route[:, user].T, color=IDLE, linewidth=1)
        if scene.sent[user]:
            axes.plot([0, x], [0, y], color=BANDWIDTH, alpha=0.6, linewidth=0.5 + 12 * scene.bandwidth_share[user])
        axes.annotate(str(user), (x, y), ha="center", va="center_baseline", fontsize=8, zorder=4)
    busy = (scene.waiting > 0).any(axis=1)
    axes.scatter(*scene.position.T, s=170, c=np.where(busy, _SLACK, "white").tolist(), edgecolors="black", zorder=3)
    axes.plot(0, 0, marker="^", markersize=10, color="black")
    reach = max(float(np.abs(scene.route).max()) * 1.1, 1.0)
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal", xticks=[], yticks=[])
    axes.set_xlabel(f"cell, {2 * reach:.0f} m wide; blue: requests wait", fontsize=9)


def _draw_waiting(axes: Any, scene: DynamicScene) -> None:
    """A mark for each waiting request at the slots that it has left."""
    user, place = np.nonzero(scene.waiting)
    prepare_rows(axes, len(scene.waiting), "slots left of what waits")
    axes.set_xlim(0, scene.longest + 1)
    axes.scatter(scene.waiting[user, place], user, color=_SLACK, edgecolors="black")
