"""Plots of the codec benchmark, each a PNG. The colours are those of Okabe and Ito (2008); markers differ too.

After six codecs, colours and markers come again, with another line.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from edgevision.experiments.codec_comparison.rate_accuracy import Comparison
from edgevision.experiments.plot_style import as_png, new_axes
from edgevision.profiles.profile import OperatingPointProfile

_STYLES = (("#D55E00", "D"), ("#4D4D4D", "s"), ("#0072B2", "o"), ("#009E73", "^"), ("#CC79A7", "v"), ("#E69F00", "P"))
_LINES = ("-", "--", ":")


def plot_curves(profiles: Mapping[str, OperatingPointProfile], title: str) -> bytes:
    """Accuracy against mean bytes per image, one line per codec."""
    figure, axes = new_axes(6.4, 4.0)
    figure.suptitle(title)
    for number, (name, profile) in enumerate(profiles.items()):
        if profile.correct is None:
            continue
        (colour, marker), line = _STYLES[number % len(_STYLES)], _LINES[number // len(_STYLES) % len(_LINES)]
        accuracy = profile.correct.mean(axis=0)
        axes.plot(profile.size.mean(axis=0), accuracy, line, color=colour, marker=marker, markersize=4, label=name)
    axes.set_xscale("log")
    axes.set_xlabel("mean bytes per image (whole file)")
    axes.set_ylabel("top-1 accuracy")
    axes.legend(frameon=False)
    return as_png(figure)


def plot_savings(comparisons: Mapping[str, Mapping[str, Comparison]], reference: str) -> bytes:
    """Bytes saved at equal accuracy with 95 % intervals, a row per classifier and codec."""
    rows = [
        (f"{name}, {model}", comparison.bytes_saved)
        for model, by_codec in comparisons.items()
        for name, comparison in by_codec.items()
    ]
    figure, axes = new_axes(6.4, 1.4 + 0.35 * len(rows))
    figure.suptitle(f"Bytes saved over {reference} at equal accuracy")
    values = 100 * np.array([(e.estimate, e.low, e.high) for _, e in rows]).reshape(-1, 3)
    places = np.arange(len(rows))
    errors = np.abs(values[:, 1:].T - values[:, 0])
    axes.errorbar(values[:, 0], places, xerr=errors, fmt="D", color=_STYLES[0][0], capsize=3)
    axes.axvline(0, color="#4D4D4D", linewidth=0.8)
    axes.set_yticks(places, [name for name, _ in rows])
    axes.set_ylim(max(len(rows), 1) - 0.5, -0.5)
    axes.set_xlabel("bytes saved [%], 95 % interval over images")
    return as_png(figure)
