"""Plots of the STAE paper's tables and figures, each a PNG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullLocator, ScalarFormatter

from edgevision.experiments.figures.stae.stae_times import Way
from edgevision.experiments.plot_style import as_png, new_grid
from edgevision.profiles.video_grid import FRAMES, PIXELS
from edgevision.statistics import FloatArray

#: Value, lower and upper end per frame budget [%], (3, 5).
Curve = FloatArray

_COLOURS = {
    "ViT_FA": "#4D4D4D",
    "ViT_FA+SA": "#56B4E9",
    "ViT_STAE": "#D55E00",
    "ViT_DeepISC": "#0072B2",
    "full offload": "#009E73",
    "local": "#CC79A7",
}
_MARKERS = dict(zip(_COLOURS, "svDo^P", strict=True))
_FRAME_COLOURS = [matplotlib.colormaps["viridis"](place) for place in np.linspace(0.0, 0.9, len(FRAMES))]
_PERCENT = 100 * np.array(PIXELS)
_RATES = np.geomspace(1e5, 3e9, 300)
_BYTES = {"header": "#4D4D4D", "mask": "#0072B2", "values": "#D55E00"}


@dataclass(frozen=True, eq=False)
class TradeOff:
    """Completion times [s] and accuracies, (5, 7) each, of all budgets at one rate, with a deadline [s]."""

    title: str
    rate_mbps: float
    deadline: float
    seconds: FloatArray
    accuracy: FloatArray

    @property
    def best(self) -> tuple[int, int] | None:
        """The most accurate cell within the deadline, among equals the fastest; ``None`` if no cell meets it."""
        feasible = self.seconds <= self.deadline
        if not feasible.any():
            return None
        accuracy = np.where(feasible, self.accuracy, -1.0)
        frame, pixel = np.unravel_index(
            np.where(accuracy == accuracy.max(), self.seconds, np.inf).argmin(), accuracy.shape
        )
        return int(frame), int(pixel)


def plot_models(panels: Mapping[str, Mapping[str, Curve]]) -> bytes:
    """Draw a panel per source: accuracy of each model against the frame budget."""
    figure, axes = new_grid(1, len(panels))
    for panel, (title, curves) in zip(axes[0], panels.items(), strict=True):
        for shift, (name, curve) in enumerate(curves.items()):
            place = np.arange(float(len(FRAMES))) + 0.06 * (shift - 1.5)
            _with_interval(panel, place, curve, color=_COLOURS[name], marker=_MARKERS[name], label=name)
        panel.set_xticks(range(len(FRAMES)), [str(alpha) for alpha in FRAMES])
        panel.set(xlabel="alpha: kept frames", ylabel="accuracy [%]", title=title)
    axes[0, 0].legend(frameon=False, fontsize="small")
    return as_png(figure)


def plot_grids(stated: Mapping[str, FloatArray], measured: Mapping[str, Mapping[str, FloatArray]]) -> bytes:
    """Draw a row per source and a panel per model: accuracy [%] (3, 5, 7) against pixels, a line per frame budget."""
    rows = {"published, HMDB51": (stated, ":"), **{title: (grids, "-") for title, grids in measured.items()}}
    figure, axes = new_grid(len(rows), len(stated))
    for line, (title, (grids, style)) in zip(axes, rows.items(), strict=True):
        for panel, name in zip(line, stated, strict=True):
            if name in grids:
                for a, alpha in enumerate(FRAMES):
                    known = np.isfinite(grids[name][0, a])
                    look = {"color": _FRAME_COLOURS[a], "linestyle": style, "marker": "o", "label": f"alpha = {alpha}"}
                    _with_interval(panel, _PERCENT[known] + 0.5 * (a - 2), grids[name][:, a, known], **look)
            panel.set(xlabel="beta: kept pixels [%]", ylabel="accuracy [%]", title=f"{title}: {name}", xlim=(104, 36))
        low = min(panel.get_ylim()[0] for panel in line)
        high = max(panel.get_ylim()[1] for panel in line)
        for panel in line:
            panel.set_ylim(low, high)
    axes[0, 0].legend(frameon=False, fontsize="small")
    return as_png(figure)


def plot_bytes(bars: Mapping[str, tuple[FloatArray, Mapping[str, FloatArray]]]) -> bytes:
    """Draw a row per data set and a panel per pixel budget: uncoded bytes beside the parts under the range coder."""
    figure, axes = new_grid(len(bars), 2)
    place = np.arange(float(len(FRAMES)))
    for line, (title, (whole, parts)) in zip(axes, bars.items(), strict=True):
        for panel, b in zip(line, (0, len(PIXELS) - 1), strict=True):
            panel.bar(place - 0.2, whole[:, b] / 1e3, 0.36, color="#E69F00", label="all, as bytes")
            bottom = np.zeros(len(FRAMES))
            for name, colour in _BYTES.items():
                size = parts[name][:, b] / 1e3
                panel.bar(place + 0.2, size, 0.36, bottom=bottom, color=colour, label=f"range coder: {name}")
                bottom = bottom + size
            panel.set_xticks(range(len(FRAMES)), [str(alpha) for alpha in FRAMES])
            panel.set(xlabel="alpha: kept frames", ylabel="kB", title=f"{title}: {_PERCENT[b]:.0f} % of the pixels")
    axes[0, 0].legend(frameon=False, fontsize="small")
    return as_png(figure)


def plot_completion(every: Mapping[str, Mapping[str, Way]]) -> bytes:
    """Draw a panel per source: completion time of each way against the rate."""
    figure, axes = new_grid(1, len(every))
    for panel, (title, of) in zip(axes[0], every.items(), strict=True):
        for name, way in of.items():
            panel.plot(_RATES / 1e6, 1e3 * way.seconds(_RATES), color=_COLOURS[name], linewidth=1.8, label=name)
        panel.set(xscale="log", yscale="log", xlabel="rate [Mbit/s]", ylabel="completion time [ms]", title=title)
    axes[0, 0].legend(frameon=False, fontsize="small")
    return as_png(figure)


def plot_trade_off(items: Sequence[TradeOff]) -> bytes:
    """Draw a row per source and a panel per rate: accuracy against completion time. Larger points keep more pixels."""
    titles = list(dict.fromkeys(item.title for item in items))
    rates = list(dict.fromkeys(item.rate_mbps for item in items))
    figure, axes = new_grid(len(titles), len(rates))
    for item in items:
        panel = axes[titles.index(item.title), rates.index(item.rate_mbps)]
        for a, alpha in enumerate(FRAMES):
            accuracy = 100 * item.accuracy[a]
            label = f"alpha = {alpha}"
            panel.scatter(
                1e3 * item.seconds[a], accuracy, 0.6 * _PERCENT, color=_FRAME_COLOURS[a], alpha=0.8, label=label
            )
        if item.best is not None:
            place = 1e3 * item.seconds[item.best], 100 * item.accuracy[item.best]
            panel.scatter(*place, 170, facecolors="none", edgecolors="#D55E00", linewidths=2)
        panel.axvline(1e3 * item.deadline, color="#888888", linestyle="--", linewidth=1.0)
        panel.set(xscale="log", xlabel="completion time [ms]", ylabel="accuracy [%]")
        panel.set_title(f"{item.title}: {item.rate_mbps:g} Mbit/s")
        panel.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        panel.xaxis.set_major_formatter(ScalarFormatter())
        panel.xaxis.set_minor_locator(NullLocator())
    for title, line in zip(titles, axes, strict=True):
        taken = [np.append(item.seconds, item.deadline) for item in items if item.title == title]
        for panel in line:
            panel.set_xlim(800 * min(map(np.min, taken)), 1250 * max(map(np.max, taken)))
    axes[0, 0].legend(frameon=False, fontsize="small")
    return as_png(figure)


def _with_interval(panel: Axes, place: FloatArray, curve: FloatArray, **look: Any) -> None:
    value, low, high = curve
    panel.errorbar(place, value, (value - low, high - value), capsize=2, markersize=4, linewidth=1.4, **look)
