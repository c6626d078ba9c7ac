"""Plots of Figs. 10 and 11, each a PNG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from matplotlib import colormaps
from matplotlib.figure import Figure

from edgevision.arrays import FloatArray
from edgevision.envs.config import SuccessModel
from edgevision.experiments.figures.co_crra.solver_sweep import SCORES
from edgevision.experiments.plot_style import COLOURS, as_png, lighten, new_grid

_SCORE_TITLES = {"chernoff": "approximation exp(-x²/2)", "exact": "exact score 2 Q(x)"}
_PART_COLOURS = {"local": "#D55E00", "transmission": "#56B4E9", "edge": "#009E73"}


class Swept(Protocol):
    """A panel of Fig. 10."""

    @property
    def title(self) -> str: ...  # noqa: D102

    @property
    def label(self) -> str: ...  # noqa: D102

    @property
    def values(self) -> tuple[float, ...]: ...  # noqa: D102


def plot_utility(
    sweeps: Sequence[Swept],
    measured: Sequence[Mapping[SuccessModel, Mapping[str, FloatArray]]],
    main: tuple[str, str],
) -> bytes:
    """A row of plots per score and a column per panel; the two lines of the paper are drawn thick.

    Args:
        sweeps: the panels.
        measured: for each panel, mean and interval ends by score and line, (S, 3).
        main: labels of our line and of the baseline.
    """
    figure, panels = new_grid(len(SCORES), len(sweeps), 4.8, 3.6)
    for row, model in zip(panels, SCORES, strict=True):
        for axes, sweep, found in zip(row, sweeps, measured, strict=True):
            for number, (label, ends) in enumerate(found[model].items()):
                style = _style(label, number, main)
                axes.plot(sweep.values, ends[:, 0], label=label, **style)
                if label in main:
                    axes.fill_between(
                        sweep.values, ends[:, 1], ends[:, 2], color=style["color"], alpha=0.15, linewidth=0
                    )
            axes.set(xlabel=sweep.label, title=f"{sweep.title}, {_SCORE_TITLES[model]}")
        row[0].set_ylabel("mean utility")
    handles, labels = panels[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False, fontsize="small")
    return as_png(figure)


def _style(label: str, number: int, main: tuple[str, str]) -> dict[str, Any]:
    if label in main:
        colour = COLOURS["solver"] if label == main[0] else COLOURS["rule"]
        return {"color": colour, "marker": "o", "markersize": 4.5, "linewidth": 2.0}
    return {
        "color": colormaps["tab10"](number % 10),
        "linestyle": "--",
        "linewidth": 1.0,
        "marker": ".",
        "markersize": 4,
    }


def plot_delays(delays: Mapping[str, Sequence[tuple[str, Mapping[str, float]]]]) -> bytes:
    """A stacked bar per codec and level, and a plot per classifier.

    Args:
        delays: by classifier, for each bar its label and its parts [ms].
    """
    longest = max(map(len, delays.values()))
    figure = Figure(figsize=(4.4 * len(delays), 1.6 + 0.3 * longest), layout="constrained")
    for axes, (model, bars) in zip(figure.subplots(1, len(delays), squeeze=False)[0], delays.items(), strict=True):
        start = np.zeros(len(bars))
        for part, colour in _PART_COLOURS.items():
            width = np.array([parts[part] for _, parts in bars])
            axes.barh(range(len(bars)), width, left=start, color=colour, label=part, height=0.7)
            start += width
        axes.set_yticks(range(len(bars)), [label for label, _ in bars], fontsize="small")
        axes.invert_yaxis()
        lighten(axes)
        axes.grid(axis="y", visible=False)
        axes.set(xlabel="delay [ms]", title=model)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper center", ncols=3, frameon=False)
    return as_png(figure)
