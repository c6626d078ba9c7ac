"""The style of all plots: axes with a light grid, colours of the kinds of policies, and PNG files.

The colours are those of Okabe and Ito (2008), which colour-blind readers can tell apart.
"""

from __future__ import annotations

import io

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

COLOURS = {"learned": "#D55E00", "solver": "#0072B2", "rule": "#4D4D4D"}


def as_png(figure: Figure) -> bytes:
    """Render a figure as a PNG file."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=150, metadata={"Software": ""})
    return buffer.getvalue()


def new_axes(width: float, height: float) -> tuple[Figure, Axes]:
    """A figure of this size [inch] with one pair of axes in the common style."""
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots()
    lighten(axes)
    return figure, axes


def new_grid(rows: int, columns: int, width: float = 4.2, height: float = 3.5) -> tuple[Figure, NDArray[np.object_]]:
    """A figure with rows and columns of axes in the common style, each of this size [inch]."""
    figure = Figure(figsize=(width * columns, height * rows), layout="constrained")
    panels: NDArray[np.object_] = figure.subplots(rows, columns, squeeze=False)
    for panel in panels.ravel():
        lighten(panel)
    return figure, panels


def lighten(axes: Axes) -> None:
    """Draw a light grid behind the data, and no frame at the top and right."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="#DDDDDD", linewidth=0.6)
    axes.set_axisbelow(True)
