"""The plots of a report, each a PNG. Kinds of policies differ in colour and in marker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter

from edgevision.experiments.evaluation.summary import SummaryRow
from edgevision.experiments.plot_style import COLOURS, as_png, new_axes
from edgevision.statistics import Interval

_MARKERS = {"learned": "D", "solver": "o", "rule": "s"}
_KINDS = {
    "learned": "learned",
    "solver": "solver (an optimisation per slot)",
    "rule": "rule (no optimisation)",
}
_LABEL_GAP = 0.055  # least distance of two labels, as a share of the height of the axes


def plot_scores(rows: Sequence[SummaryRow]) -> bytes:
    """Scores with intervals, best on top."""
    figure = _interval_plot(rows, [row.score for row in rows], "score, 95 % interval")
    return as_png(figure)


def plot_differences(rows: Sequence[SummaryRow], reference: str) -> bytes:
    """Paired differences to the reference policy, which is the line at zero."""
    compared = [row for row in rows if row.difference is not None]
    label = f"score minus {reference}'s on the same episodes, 95 % interval"
    figure = _interval_plot(compared, [row.difference for row in compared if row.difference], label)
    figure.axes[0].axvline(0.0, color=COLOURS["solver"], linewidth=1.2, linestyle="--")
    return as_png(figure)


def _interval_plot(rows: Sequence[SummaryRow], intervals: Sequence[Interval], label: str) -> Figure:
    figure, axes = new_axes(7.2, 1.5 + 0.34 * len(rows))
    for height, (row, interval) in enumerate(zip(rows, intervals, strict=True)):
        axes.plot([interval.low, interval.high], [height, height], color=COLOURS[row.kind], linewidth=2)
        axes.plot(interval.estimate, height, _MARKERS[row.kind], color=COLOURS[row.kind], markersize=7)
    axes.set_yticks(range(len(rows)), [row.policy for row in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlabel(label)
    axes.grid(axis="y", visible=False)
    _kind_legend(axes, rows)
    return figure


def _kind_legend(axes: Axes, rows: Sequence[SummaryRow]) -> None:
    for kind in _KINDS:
        if any(row.kind == kind for row in rows):
            axes.plot([], [], _MARKERS[kind], color=COLOURS[kind], label=_KINDS[kind])
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, frameon=False, fontsize="small")


def plot_latency(rows: Sequence[SummaryRow]) -> bytes:
    """Score against decision time with the Pareto front; each line reaches from the median to the 99th percentile."""
    figure, axes = new_axes(8.0, 4.8)
    scores = [row.score.estimate for row in rows]
    for row in rows:
        colour = COLOURS[row.kind]
        times = [row.latency_p50_ms, row.latency_p99_ms]
        axes.plot(times, [row.score.estimate] * 2, color=colour, linewidth=1.4, alpha=0.6)
        axes.plot(times[0], row.score.estimate, _MARKERS[row.kind], color=colour, markersize=7)
    front = pareto_front([(row.latency_p50_ms, row.score.estimate) for row in rows])
    axes.step(*zip(*front, strict=True), where="post", color="#AAAAAA", linestyle="--", linewidth=1.2, zorder=0)
    axes.set_xscale("log")
    axes.set_xlabel("time of a decision for one slot on one core: median, and line to the 99th percentile [ms]")
    axes.set_ylabel("score: mean reward per slot")
    margin = 0.06 * (max(scores) - min(scores) or 1.0)
    low, high = min(scores) - margin, max(scores) + margin
    axes.set_ylim(low, high)
    _label_at_the_right(axes, rows, low, high)
    _kind_legend(axes, rows)
    return as_png(figure)


def pareto_front(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The (time, score) pairs of the Pareto front (less time, more score), by increasing time."""
    front: list[tuple[float, float]] = []
    for time, score in sorted(points, key=lambda point: (point[0], -point[1])):
        if not front or score > front[-1][1]:
            front.append((time, score))
    return front


def _label_at_the_right(axes: Axes, rows: Sequence[SummaryRow], low: float, high: float) -> None:
    """Write the names beside the axes, so that they do not overlap, with a thin line to each point."""
    wanted = [(row.score.estimate - low) / (high - low) for row in rows]
    for row, height in zip(rows, spread(wanted, _LABEL_GAP), strict=True):
        axes.annotate(
            row.policy,
            (row.latency_p99_ms, row.score.estimate),
            xytext=(1.03, height),
            textcoords="axes fraction",
            va="center",
            color=COLOURS[row.kind],
            fontsize="small",
            arrowprops={"arrowstyle": "-", "color": "#AAAAAA", "linewidth": 0.6, "shrinkB": 2},
        )


def spread(places: Sequence[float], gap: float) -> list[float]:
    """Move places apart to at least ``gap`` in the same order, with the least sum of squared moves.

    Without the gaps this is isotonic regression, which the pool-adjacent-violators algorithm solves.
    """
    order = np.argsort(np.asarray(places), kind="stable")
    pools: list[list[float]] = []
    for rank, index in enumerate(order):
        pools.append([places[index] - rank * gap])
        while len(pools) > 1 and np.mean(pools[-2]) > np.mean(pools[-1]):
            last = pools.pop()
            pools[-1] += last
    levels = [float(np.mean(pool)) for pool in pools for _ in pool]
    moved = [0.0] * len(places)
    for rank, index in enumerate(order):
        moved[index] = levels[rank] + rank * gap
    return moved


def plot_learning_curve(
    label: str, steps: Sequence[float], scores: Sequence[float], references: Mapping[str, float]
) -> bytes:
    """Validation score of an agent against its training steps, and scores of other policies on the same episodes."""
    figure, axes = new_axes(8.0, 4.2)
    axes.plot(steps, scores, "-", color=COLOURS["learned"], linewidth=2, label=label)
    for (name, score), style in zip(references.items(), cycle(("--", ":", "-.")), strict=False):
        axes.axhline(score, color=COLOURS["solver"], linewidth=1.4, linestyle=style, label=name)
    axes.set_xlabel("environment steps")
    axes.set_ylabel("score on validation: mean reward per slot")
    axes.xaxis.set_major_formatter(EngFormatter(sep=""))
    axes.legend(loc="lower right", fontsize="small")
    return as_png(figure)
