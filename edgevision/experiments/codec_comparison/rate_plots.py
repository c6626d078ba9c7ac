"""Plots of the codec benchmark, each a PNG. Colours are Okabe and Ito's (2008), and markers differ besides."""

from __future__ import annotations

import io
from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from edgevision.experiments.codec_comparison.rate_accuracy import Comparison
from edgevision.profiles.profile import OperatingPointProfile

_STYLES = (("#D55E00", "D"), ("#4D4D4D", "s"), ("#0072B2", "o"), ("#009E73", "^"), ("#CC79A7", "v"), ("#E69F00", "P"))


def plot_curves(profiles: Mapping[str, OperatingPointProfile], title: str) -> bytes:
    """Accuracy against mean bytes per image, one line per codec."""
    figure, axes = _axes(title)
    for number, (name, profile) in enumerate(profiles.items()):
        if profile.correct is None:
            continue
        colour, marker = _STYLES[number % len(_STYLES)]
        accuracy = profile.correct.mean(axis=0)
        axes.plot(profile.size.mean(axis=0), accuracy, color=colour, marker=marker, markersize=4, label=name)
    axes.set_xscale("log")
    axes.set_xlabel("mean bytes per image (whole file)")
    axes.set_ylabel("top-1 accuracy")
    axes.legend(frameon=False)
    return _png(figure)


def plot_savings(comparisons: Mapping[str, Mapping[str, Comparison]], reference: str) -> bytes:
    """Bytes saved at equal accuracy with 95 % intervals, a row per classifier and codec."""
    rows = [
        (f"{name}, {model}", comparison.bytes_saved)
        for model, by_codec in comparisons.items()
        for name, comparison in by_codec.items()
    ]
    figure, axes = _axes(f"Bytes saved over {reference} at equal accuracy", height=1.4 + 0.35 * len(rows))
    values = 100 * np.array([(e.estimate, e.low, e.high) for _, e in rows]).reshape(-1, 3)
    places = np.arange(len(rows))
    errors = np.abs(values[:, 1:].T - values[:, 0])
    axes.errorbar(values[:, 0], places, xerr=errors, fmt="D", color=_STYLES[0][0], capsize=3)
    axes.axvline(0, color="#4D4D4D", linewidth=0.8)
    axes.set_yticks(places, [name for name, _ in rows])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlabel("bytes saved [%], 95 % interval over images")
    return _png(figure)


def _axes(title: str, height: float = 4.0) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(6.4, height), layout="constrained")
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="#DDDDDD", linewidth=0.6)
    axes.set_axisbelow(True)
    figure.suptitle(title)
    return figure, axes


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=150, metadata={"Software": ""})
    return buffer.getvalue()
