"""What TensorBoard shows of a run: numbers, the learning curve, and the decisions of the policy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from stable_baselines3.common import logger

from edgevision.agents.run_folder import CurvePoint
from edgevision.agents.validation import Decisions
from edgevision.event_log import EventLog

#: Approximate largest number of requests in a scatter plot.
MAX_DOTS = 2000


class TensorBoardOutput(logger.KVWriter):
    """Writes the numbers and figures that Stable-Baselines3 logs to a file of TensorBoard."""

    def __init__(self, events: EventLog) -> None:
        self._events = events

    def write(self, key_values: dict[str, Any], key_excluded: Mapping[str, tuple[str, ...]], step: int = 0) -> None:
        """Write the values of one step."""
        for name, value in sorted(key_values.items()):
            if isinstance(value, logger.Figure):
                self._events.add_figure(name, value.figure, step)
            else:
                self._events.add_scalar(name, value, step)

    def close(self) -> None:
        """Do nothing: the file is closed by its owner."""


def learning_curve(curve: Sequence[CurvePoint]) -> Figure:
    """Validation score, in-time share and accuracy over environment steps."""
    figure, axes = _panels(2, "Validation while learning")
    steps = [point.steps / 1000 for point in curve]
    axes[0].plot(steps, [point.score for point in curve], marker="o", markersize=3, label="score")
    axes[1].plot(steps, [point.in_time for point in curve], marker="o", markersize=3, label="in time")
    axes[1].plot(steps, [point.accuracy for point in curve], marker="s", markersize=3, label="accuracy")
    axes[0].set_ylabel("mean reward per slot")
    axes[1].set_ylabel("mean over requests")
    for panel in axes:
        panel.set_xlabel("environment steps [thousands]")
        panel.legend()
    return figure


def operating_points(decisions: Decisions, points: int) -> Figure:
    """Share of requests for which each operating point is chosen."""
    figure, (panel,) = _panels(1, "Operating points, from least to most compressed")
    share = np.bincount(decisions.operating_point, minlength=points) / max(len(decisions.operating_point), 1)
    panel.bar(np.arange(points), share, width=1.0)
    panel.set_xlabel("operating point")
    panel.set_ylabel("share of requests")
    return figure


def shares(decisions: Decisions) -> Figure:
    """Bandwidth and power, relative to an equal share, against channel gain and demand."""
    figure, axes = _panels(2, "Who gets how much")
    every = slice(None, None, max(1, len(decisions.gain_db) // MAX_DOTS))
    for panel, horizontal, label in (
        (axes[0], decisions.gain_db, "scale of the channel gain [dB]"),
        (axes[1], decisions.demand * 1e-6, "raw size over deadline [Mbit/s]"),
    ):
        panel.scatter(horizontal[every], decisions.relative_bandwidth[every], s=4, label="bandwidth")
        panel.scatter(horizontal[every], decisions.relative_power[every], s=4, marker="x", label="power")
        panel.axhline(1.0, linewidth=0.8, color="grey")
        panel.set_xlabel(label)
        panel.set_ylabel("share over an equal share")
        panel.legend()
    return figure


def _panels(count: int, title: str) -> tuple[Figure, list[Axes]]:
    """A new figure with panels side by side; made without pyplot, so that it needs no display and no closing."""
    figure = Figure(figsize=(4.5 * count, 3.5), layout="constrained")
    figure.suptitle(title)
    return figure, [figure.add_subplot(1, count, index + 1) for index in range(count)]
