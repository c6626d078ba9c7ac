"""Plots of Figs. 4 and 5 and of the gap, each a PNG. The colours are those of Okabe and Ito (2008)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from edgevision.experiments.figures.co_crra.solver_sweep import FIXED, SCORES, Curves, FloatArray, Sweep, fixed_label
from edgevision.experiments.plot_style import as_png, lighten

_STYLES: dict[str, dict[str, Any]] = {
    "upper bound": {"color": "#000000", "linestyle": "--", "linewidth": 1.0},
    "joint": {"color": "#D55E00", "marker": "D"},
    "co-crra-exact": {"color": "#0072B2", "marker": "o", "fillstyle": "none"},
    "co-crra": {"color": "#0072B2", "marker": "o"},
    "fracr-exact": {"color": "#009E73", "marker": "s", "fillstyle": "none"},
    "fracr": {"color": "#009E73", "marker": "s"},
    "fcrra": {"color": "#CC79A7", "marker": "^"},
    "msvra": {"color": "#4D4D4D", "marker": "v"},
}
_PART_COLOURS = ("#0072B2", "#56B4E9", "#009E73", "#D55E00", "#BBBBBB")
_SCORE_TITLES = {"chernoff": "approximation exp(-x²/2)", "exact": "exact score 2 Q(x)"}


def plot_sweep(
    sweep: Sweep, measured: Sequence[Curves], intervals: Sequence[Mapping[str, Mapping[str, FloatArray]]]
) -> bytes:
    """A row of plots per score and a column per panel, with a legend below.

    Args:
        sweep: the setting on the horizontal axis.
        measured: the curves of each panel.
        intervals: for each panel, mean and interval ends by score, policy and setting, (S, 3).
    """
    figure = Figure(figsize=(4.6 * len(measured), 7.6), layout="constrained")
    panels = figure.subplots(len(SCORES), len(measured), squeeze=False, sharey="row")
    for row, model in zip(panels, SCORES, strict=True):
        for axes, curves, ends in zip(row, measured, intervals, strict=True):
            for policy, style in _STYLES.items():
                label = fixed_label(policy, curves.tuned[policy]) if policy in FIXED else policy
                _line(axes, sweep.values, ends[model][label], policy, style)
            axes.set(xlabel=sweep.label, title=f"{curves.panel.title}, {_SCORE_TITLES[model]}")
            lighten(axes)
        row[0].set_ylabel("mean Phi per user")
    handles, labels = panels[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False)
    return as_png(figure)


def _line(axes: Axes, x: Sequence[float], ends: FloatArray, label: str, style: Mapping[str, Any]) -> None:
    axes.plot(x, ends[:, 0], label=label, markersize=4.5, **{"linewidth": 1.4, **style})
    axes.fill_between(x, ends[:, 1], ends[:, 2], color=str(style["color"]), alpha=0.15, linewidth=0)


def plot_parts(titles: Sequence[str], names: Sequence[str], points: FloatArray) -> bytes:
    """A stacked bar per setting; negative parts lie left of zero.

    Args:
        titles: titles of the settings.
        names: names of the parts.
        points: the parts in percentage points, (settings, parts).
    """
    figure = Figure(figsize=(9.0, 1.8 + 0.5 * len(titles)), layout="constrained")
    axes = figure.subplots()
    starts = np.where(points > 0, np.maximum(points, 0).cumsum(axis=1), np.minimum(points, 0).cumsum(axis=1)) - points
    for name, colour, start, width in zip(names, _PART_COLOURS, starts.T, points.T, strict=True):
        axes.barh(range(len(titles)), width, left=start, color=colour, label=name, height=0.62)
    for height, row in enumerate(points):
        axes.text(np.maximum(row, 0).sum() + 0.06, height, f"{row.sum():.1f}", va="center", fontsize="small")
    axes.set_yticks(range(len(titles)), titles)
    axes.invert_yaxis()
    axes.set_xlabel("distance to the upper bound [percentage points of mean Phi per user, exact score]")
    lighten(axes)
    axes.grid(axis="y", visible=False)
    figure.legend(loc="outside upper center", ncols=3, frameon=False, fontsize="small")
    return as_png(figure)
