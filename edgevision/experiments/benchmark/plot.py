"""The plot of all entries: for each task, normalised scores with intervals, and decision times. Needs ``report``."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from edgevision.experiments.benchmark.entries_table import ranked
from edgevision.experiments.benchmark.results import Results, TaskScore
from edgevision.experiments.benchmark.suite import Suite
from edgevision.experiments.plot_style import COLOURS, as_png, lighten

_LINE, _TITLE = 0.24, 0.75  # height of an entry and of what stands around a task [inch]


def plot_entries(entries: Sequence[Results], suite: Suite) -> bytes:
    """A row of two axes for each task: scores at the left, times at the right."""
    rows = {task.name: ranked(entries, task) for task in suite.tasks}
    rows = {name: row for name, row in rows.items() if row}
    heights = [_TITLE + _LINE * len(row) for row in rows.values()]
    figure = Figure(figsize=(10.0, sum(heights)), layout="constrained")
    panels = figure.subplots(len(rows), 2, squeeze=False, sharey="row", height_ratios=heights)
    for (name, row), (scores, times) in zip(rows.items(), panels, strict=True):
        _draw_scores(scores, name, row)
        _draw_times(times, row)
    panels[-1][0].set_xlabel("normalised score (0: floor, 1: bound), 95 % interval")
    panels[-1][1].set_xlabel("decision for one slot on one core, median to 99th percentile [ms]")
    return as_png(figure)


def _draw_scores(axes: Axes, name: str, rows: Sequence[tuple[Results, TaskScore]]) -> None:
    lighten(axes)
    for height, (entry, score) in enumerate(rows):
        interval, colour = score.normalised, COLOURS[entry.kind]
        axes.plot([interval.low, interval.high], [height, height], color=colour, linewidth=2)
        axes.plot(interval.estimate, height, "o", color=colour, markersize=5)
    axes.axvline(0.0, color="#AAAAAA", linewidth=1.0, linestyle="--")
    axes.set_xlim(max(-1.0, min(score.normalised.estimate for _, score in rows) - 0.1), 1.0)
    axes.set_yticks(range(len(rows)), [entry.name for entry, _ in rows], fontsize="small")
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_title(name, loc="left", fontsize="medium")


def _draw_times(axes: Axes, rows: Sequence[tuple[Results, TaskScore]]) -> None:
    lighten(axes)
    for height, (entry, score) in enumerate(rows):
        colour = COLOURS[entry.kind]
        axes.plot([score.latency_p50_ms, score.latency_p99_ms], [height, height], color=colour, linewidth=2)
        axes.plot(score.latency_p50_ms, height, "o", color=colour, markersize=5)
    axes.set_xscale("log")
