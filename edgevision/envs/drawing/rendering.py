"""Rendering of one slot as a picture or text: the cell, the users' resources, and their success."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from edgevision.arrays import BoolArray, FloatArray, IntArray
from edgevision.envs.allocation import Allocation
from edgevision.envs.problem import SlotProblem
from edgevision.envs.simulation.episode_simulator import SlotOutcome
from edgevision.envs.simulation.trace import EpisodeTrace
from edgevision.errors import NoDisplayWarning
from edgevision.imports import require

BANDWIDTH, _POWER, _COMPRESSION, SUCCESS, IDLE = "#0072B2", "#E69F00", "#56B4E9", "#009E73", "#BBBBBB"
MARGINS = {"left": 0.08, "right": 0.98, "bottom": 0.13, "top": 0.9}


@dataclass(frozen=True, eq=False)
class Scene:
    """The data that is drawn for one slot, per user (U,).

    Before the first step the allocation is zero. ``operating_point`` is -1 for users without a decision.
    """

    slot: int
    length: int
    position: FloatArray
    content: IntArray
    active: BoolArray
    gain_db: FloatArray
    deadline_ms: FloatArray
    operating_point: IntArray
    compression: FloatArray
    bandwidth_share: FloatArray
    power_share: FloatArray
    in_time: FloatArray
    accuracy: FloatArray
    reward: float | None

    @classmethod
    def of(
        cls,
        upcoming: SlotProblem,
        trace: EpisodeTrace,
        slot: int,
        last: tuple[SlotProblem, Allocation, SlotOutcome] | None,
    ) -> Scene:
        """Make the scene of the ``last`` slot or, before the first step, of the ``upcoming`` one (N = 1 each).

        ``slot`` is the index of the upcoming slot.
        """
        problem = last[0] if last else upcoming
        shown = slot - 1 if last else slot
        idle = np.zeros(problem.users)
        common: dict[str, Any] = {
            "slot": shown,
            "length": int(trace.length[0]),
            "position": trace.position[0],
            "content": trace.content[0, shown],
            "active": problem.active[0],
            "gain_db": 10.0 * np.log10(problem.gain_scale[0]),
            "deadline_ms": 1e3 * problem.deadline[0],
        }
        if last is None:
            zeros: dict[str, Any] = dict.fromkeys(
                ("compression", "bandwidth_share", "power_share", "in_time", "accuracy"), idle
            )
            return cls(operating_point=np.full(problem.users, -1), reward=None, **common, **zeros)
        _, allocation, outcome = last
        return cls(
            operating_point=np.where(problem.active, allocation.operating_point, -1)[0],
            compression=np.where(
                problem.active, 1.0 - problem.chosen("size_fraction", allocation.operating_point), 0.0
            )[0],
            bandwidth_share=allocation.bandwidth[0] / problem.bandwidth_budget[0],
            power_share=allocation.power[0] / problem.power_budget[0],
            in_time=outcome.in_time[0],
            accuracy=outcome.accuracy[0],
            reward=float(outcome.reward[0]),
            **common,
        )

    @property
    def title(self) -> str:
        """One line with the number of the slot and its reward."""
        score = "waiting for the first decision" if self.reward is None else f"reward {self.reward:.3f}"
        return f"slot {self.slot + 1}/{self.length}   {int(self.active.sum())} active   {score}"


def as_text(scene: Scene, heading: str = "compression", choices: Sequence[str] | None = None) -> str:
    """The slot as a table of plain text.

    Args:
        scene: the slot.
        heading: heading of the column for what each user sends.
        choices: entries of that column; ``None`` shows the compression ratio.
    """
    choices = choices or [f"{ratio:.3f}" for ratio in scene.compression]
    lines = [scene.title, f"user  gain dB  deadline ms  {heading}  bandwidth  power  in time  accuracy"]
    for user in range(len(scene.active)):
        row = f"{user:4d}  {scene.gain_db[user]:7.1f}  {scene.deadline_ms[user]:11.1f}"
        if scene.active[user]:
            row += (
                f"  {choices[user]:>{len(heading)}}  {scene.bandwidth_share[user]:8.1%}"
                f"  {scene.power_share[user]:5.1%}  {scene.in_time[user]:7.3f}  {scene.accuracy[user]:8.3f}"
            )
        else:
            row += "         idle"
        lines.append(row)
    return "\n".join(lines) + "\n"


class Renderer:
    """Draws scenes with matplotlib; ``window`` also shows them on the screen.

    Attributes:
        widths: relative widths of the panels: cell, bandwidth, power, what is sent, success.
    """

    widths: ClassVar[tuple[float, ...]] = (3.2, 1, 1, 1, 1)

    def __init__(self, *, window: bool) -> None:
        if window:
            self._pyplot: Any = require("matplotlib.pyplot", "report")
            self.figure: Any = _window(self._pyplot)
        else:
            self._pyplot = None
            figure_module: Any = require("matplotlib.figure", "report")
            agg: Any = require("matplotlib.backends.backend_agg", "report")
            self.figure = figure_module.Figure(figsize=(10.0, 4.6), dpi=100)
            agg.FigureCanvasAgg(self.figure)

    def draw(self, scene: Scene) -> NDArray[np.uint8]:
        """Draw a scene and return it as (H, W, 3) uint8."""
        figure = self.figure
        figure.clear()
        figure.suptitle(scene.title, fontsize=11)
        grid = figure.add_gridspec(1, 5, width_ratios=self.widths, wspace=0.3, **MARGINS)
        cell, bandwidth, power, sent, success = (figure.add_subplot(part) for part in grid)
        _draw_cell(cell, scene)
        draw_bars(bandwidth, scene, "bandwidth share", scene.bandwidth_share, BANDWIDTH)
        draw_bars(power, scene, "power share", scene.power_share, _POWER)
        self.draw_sent(sent, scene)
        draw_bars(success, scene, "right and in time", scene.in_time * scene.accuracy, SUCCESS)
        bandwidth.tick_params(labelleft=True)
        bandwidth.set_ylabel("user")
        return self.pixels()

    def pixels(self) -> NDArray[np.uint8]:
        """What the figure shows, (H, W, 3) uint8; also shown on the screen if there is a window."""
        canvas = self.figure.canvas
        canvas.draw()
        if self._pyplot is not None:
            canvas.flush_events()
        return np.asarray(canvas.buffer_rgba())[..., :3].copy()

    def draw_sent(self, axes: Any, scene: Scene) -> None:
        """Draw what each user sends, one row per user."""
        draw_bars(axes, scene, "compression o", scene.compression, _COMPRESSION)

    def close(self) -> None:
        """Close the window."""
        if self._pyplot is not None:
            self._pyplot.close(self.figure)


def _window(pyplot: Any) -> Any:
    """A figure in a window of its own; where none can be opened, a figure that is not shown, and a warning."""
    shape: dict[str, Any] = {"num": "edgevision", "figsize": (10.0, 4.6), "dpi": 100}
    try:
        figure = pyplot.figure(**shape)
    except (ImportError, RuntimeError):  # the backend's library is missing, or there is no screen
        pyplot.switch_backend("agg")
        figure = pyplot.figure(**shape)
    if pyplot.get_backend().lower() == "agg":
        warnings.warn(
            "render_mode='human' shows nothing: matplotlib can open no window here; use 'rgb_array', or a machine with "
            "a screen",
            NoDisplayWarning,
            stacklevel=2,
        )
    return figure


def draw_bars(axes: Any, scene: Scene, label: str, value: FloatArray, colour: str) -> None:
    """Draw one bar per user, with values from 0 to 1."""
    users = np.arange(len(scene.active))
    axes.barh(users, value, color=np.where(scene.active, colour, IDLE).tolist())
    prepare_rows(axes, len(users), label)
    axes.set(xticks=(0, 0.5, 1))


def prepare_rows(axes: Any, users: int, label: str) -> None:
    """Set up axes from 0 to 1 with one row per user, the first on top."""
    axes.set(xlim=(0, 1), ylim=(users - 0.5, -0.5), xlabel=label, yticks=range(users))
    axes.tick_params(labelsize=8, labelleft=False)
    axes.spines[["top", "right"]].set_visible(False)


def _draw_cell(axes: Any, scene: Scene) -> None:
    """Draw the cell from above: line width is bandwidth, colour the probability of a right answer in time."""
    reach = max(float(np.abs(scene.position).max()) * 1.15, 1.0)
    success = scene.in_time * scene.accuracy
    for (x, y), share in zip(scene.position[scene.active], scene.bandwidth_share[scene.active], strict=True):
        axes.plot([0, x], [0, y], color=BANDWIDTH, alpha=0.6, linewidth=0.5 + 12 * share)
    style: dict[str, Any] = {"s": 170, "edgecolors": "black", "zorder": 3}
    axes.scatter(*scene.position[~scene.active].T, color=IDLE, **style)
    busy = axes.scatter(
        *scene.position[scene.active].T, c=success[scene.active], cmap="RdYlBu", alpha=0.75, vmin=0, vmax=1, **style
    )
    for user, (x, y) in enumerate(scene.position):
        axes.annotate(str(user), (x, y), ha="center", va="center_baseline", fontsize=8, zorder=4)
    axes.plot(0, 0, marker="^", markersize=10, color="black")
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal", xticks=[], yticks=[])
    axes.set_xlabel(f"cell, {2 * reach:.0f} m wide; grey: no request", fontsize=9)
    bar = axes.figure.colorbar(busy, ax=axes, location="left", fraction=0.05, pad=0.02)
    bar.set_label("answered right and in time", fontsize=8)
    bar.ax.tick_params(labelsize=8)
