"""Heat maps of what policies decide: operating points, and the bandwidth and power of good and bad channels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import NullLocator

from edgevision.experiments.evaluation.evaluate import PolicyResult
from edgevision.experiments.evaluation.rollout import BINNED, LOAD_EDGES, SNR_EDGES, FloatArray
from edgevision.experiments.plot_style import as_png
from edgevision.experiments.report.budgets import plot_budgets
from edgevision.profiles import OperatingPointProfile, video_grid

_FEW = 0.003  # share of the decisions below which the mean of a bin is too uncertain to show
_COLUMNS = 25  # about as many columns: neighbouring operating points are pooled
_LEAST_RANGE = 1.25  # least range of the colours for relative shares, so that small differences look small
_AXES = {
    "snr": ("signal-to-noise ratio with the whole budget [dB]", SNR_EDGES),
    "load": ("log10 of raw size over what an equal share carries within the deadline", LOAD_EDGES),
}


def plot_behaviour(results: Sequence[PolicyResult], profile: OperatingPointProfile) -> bytes:
    """Four heat maps with a row per policy; bins with few decisions stay blank.

    The first shows operating points. The horizontal axis of the others is the signal-to-noise ratio, or the load if
    all channels have the same signal-to-noise ratio.
    """
    layout = ConstrainedLayoutEngine(hspace=0.08, wspace=0.04)
    figure = Figure(figsize=(12.0, 2.6 + 0.56 * len(results)), layout=layout)
    panels = figure.subplots(2, 2)
    names = [result.spec.label for result in results]
    counts = np.stack([result.rollout.points for result in results]).astype(float)
    if profile.axis_names == video_grid.AXES:
        plot_budgets(panels[0, 0], counts, video_grid.video_coder(profile))
    else:
        _operating_points(panels[0, 0], counts, profile)
    axis = "snr" if _spans(results, "by_snr") else "load"
    sums = np.stack([getattr(result.rollout, f"by_{axis}") for result in results])
    _means(panels[0, 1], sums, 1, axis, "mean share of the raw size that is sent")
    for panel, row in zip(panels[1], (2, 3), strict=True):
        name = BINNED[row].removeprefix("relative ")
        _means(panel, sums, row, axis, f"{name} relative to an equal share (1: equal)")
    for panel in panels.ravel():
        first = panel in panels[:, 0]
        panel.set_yticks(range(len(names)), names if first else [""] * len(names))
        panel.tick_params(axis="y", length=0)
        panel.set_ylim(len(names) - 0.5, -0.5)
    return as_png(figure)


def _spans(results: Sequence[PolicyResult], name: str) -> bool:
    """Whether the decisions fall into more than two bins of an axis."""
    decisions = sum(getattr(result.rollout, name)[0] for result in results)
    return int(np.count_nonzero(decisions)) > 2


def _operating_points(panel: Axes, counts: FloatArray, profile: OperatingPointProfile) -> None:
    """Draw how often each policy chose each point of a ladder, from counts (P, K); neighbours are pooled."""
    pooled = max(1, round(profile.points / _COLUMNS))
    starts = np.arange(0, profile.points, pooled)
    counts = np.add.reduceat(counts, starts, axis=1)
    share = 100.0 * counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    mesh = panel.pcolormesh(
        np.append(starts, profile.points) - 0.5,
        np.arange(len(counts) + 1) - 0.5,
        np.ma.masked_equal(share, 0.0),
        cmap="YlGnBu",
        norm=LogNorm(0.1, 100, clip=True),
    )
    ticks = np.unique(np.linspace(0, profile.points - 1, 8).round().astype(int))
    panel.set_xticks(ticks, [f"{profile.parameter[k]:.3g}" for k in ticks])
    panel.set_xlabel(f"{' x '.join(profile.axis_names)}: parameter of the point, least to most compressed")
    panel.set_title("how often operating points are chosen [%]", fontsize="medium")
    panel.figure.colorbar(mesh, ax=panel, format="%g")


def _means(panel: Axes, sums: FloatArray, row: int, axis: str, title: str) -> None:
    """Draw the means of row ``row`` of ``BINNED``; relative quantities get diverging colours around 1."""
    label, edges = _AXES[axis]
    decisions = sums[:, 0]
    scarce = decisions < _FEW * decisions.sum(axis=1, keepdims=True)
    used = np.flatnonzero(~scarce.all(axis=0))
    first, last = (used[0], used[-1]) if len(used) else (0, len(edges) - 2)
    mean = np.ma.masked_where(scarce, sums[:, row] / np.maximum(decisions, 1))[:, first : last + 1]
    lines = np.arange(len(sums) + 1) - 0.5
    if BINNED[row].startswith("relative"):
        widest = np.ma.maximum(mean, 1 / np.ma.maximum(mean, 1e-3)).max() if mean.count() else 1.0
        limit = max(_LEAST_RANGE, float(widest))
        norm = LogNorm(1 / limit, limit)
        mesh = panel.pcolormesh(edges[first : last + 2], lines, mean, cmap="PuOr_r", norm=norm)
        bar = panel.figure.colorbar(mesh, ax=panel)
        ticks = limit ** np.linspace(-1, 1, 5)
        bar.ax.yaxis.set_minor_locator(NullLocator())
        bar.set_ticks(ticks.tolist(), labels=[f"{tick:.2g}" for tick in ticks])
    else:
        mesh = panel.pcolormesh(edges[first : last + 2], lines, mean, cmap="YlGnBu", vmin=0.0)
        panel.figure.colorbar(mesh, ax=panel, format="%g")
    panel.set_xlabel(label)
    panel.set_title(title, fontsize="medium")
