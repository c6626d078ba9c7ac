"""Plots of Figs. 7 to 9, each a PNG."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from edgevision.arrays import FloatArray
from edgevision.experiments.codec_comparison.rate_accuracy import LevelRow
from edgevision.experiments.figures.spat_imco.profile_pairs import Pair, curve
from edgevision.experiments.figures.spat_imco.published_numbers import BANDWIDTH_SAVED, RATIOS, SWEEP
from edgevision.experiments.plot_style import COLOURS, as_png, new_grid

_UNIFORM = {"color": COLOURS["rule"], "marker": "s", "markersize": 4.5, "label": "uniform (Unified-IMCO)"}
_SPATIAL = {"color": COLOURS["learned"], "marker": "D", "markersize": 4.5, "label": "region-wise (SpaT-IMCO)"}


def plot_equal_mu(measured: Sequence[tuple[Pair, Sequence[LevelRow]]]) -> bytes:
    """Draw a row per classifier: accuracy at equal mu, the difference in accuracy, and accuracy against bytes."""
    figure, panels = new_grid(len(measured), 3)
    for (left, middle, right), (pair, rows) in zip(panels, measured, strict=True):
        mu = [row.level for row in rows]
        left.plot(mu, [row.reference_accuracy for row in rows], **_UNIFORM)
        left.plot(mu, [row.accuracy for row in rows], **_SPATIAL)
        left.set(xlabel="mu", ylabel="top-1 accuracy", title=f"{pair.label}: equal mu")
        left.legend(frameon=False, fontsize="small")
        gains = 100 * np.array([(row.gain.estimate, row.gain.low, row.gain.high) for row in rows]).reshape(-1, 3)
        middle.errorbar(mu, gains[:, 0], np.abs(gains[:, 1:].T - gains[:, 0]), color=COLOURS["learned"], capsize=3)
        middle.axhline(0, color=COLOURS["rule"], linewidth=0.8)
        middle.set(xlabel="mu", ylabel="gain [points]", title="gain at equal mu, 95 % interval")
        for profile, style in ((pair.uniform, _UNIFORM), (pair.spatial, _SPATIAL)):
            right.plot(*curve(profile), **style)
        right.set_xscale("log")
        right.set(xlabel="mean bytes per picture (whole file)", title="equal bytes: all levels of both ladders")
    return as_png(figure)


def plot_sizes(pairs: Sequence[Pair], saved: Sequence[tuple[FloatArray, FloatArray]]) -> bytes:
    """Draw a row per classifier: compression ratio and mean size against mu, and bandwidth saved at equal accuracy.

    Args:
        pairs: the profiles of each classifier.
        saved: for each pair, ratios of uniform files (G,), and the share saved at each with its interval, (G, 3).
    """
    figure, panels = new_grid(len(pairs), 3)
    for (left, middle, right), pair, (ratios, shares) in zip(panels, pairs, saved, strict=True):
        for profile, style in ((pair.uniform, _UNIFORM), (pair.spatial, _SPATIAL)):
            inside = (profile.parameter >= SWEEP[0]) & (profile.parameter <= SWEEP[1])
            mu = profile.parameter[inside]
            left.plot(mu, 1 - profile.size_fraction.mean(axis=0)[inside], **style)
            middle.plot(mu, curve(profile)[0][inside], **style)
        left.set(xlabel="mu", ylabel="ratio o, from raw pixels", title=f"{pair.label}: compression ratio")
        left.legend(frameon=False, fontsize="small")
        middle.set(xlabel="mu", ylabel="mean bytes per picture", title="size of the files")
        middle.set_ylim(bottom=0)
        _plot_saved(right, ratios, 100 * shares)
    return as_png(figure)


def _plot_saved(axes: Axes, ratios: FloatArray, shares: FloatArray) -> None:
    axes.plot(ratios, shares[:, 0], color=COLOURS["learned"], label="measured, 95 % interval")
    axes.fill_between(ratios, shares[:, 1], shares[:, 2], color=COLOURS["learned"], alpha=0.2, linewidth=0)
    axes.plot(RATIOS, [100 * BANDWIDTH_SAVED] * len(RATIOS), "o", color=COLOURS["solver"], label="published (text)")
    axes.axhline(0, color=COLOURS["rule"], linewidth=0.8)
    axes.set(xlabel="uniform's ratio, from its file at mu = 1", ylabel="bytes saved [%]")
    axes.set_title("saved at equal accuracy")
    axes.legend(loc="lower left", edgecolor="none", fontsize="small")
