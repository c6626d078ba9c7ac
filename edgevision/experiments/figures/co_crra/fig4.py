"""Fig. 4: success probability against the maximum bandwidth."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgevision.experiments.figures.co_crra.solver_section import Row, make_section
from edgevision.experiments.figures.co_crra.solver_sweep import Curves, Panel, Sweep
from edgevision.experiments.figures.request import Request
from edgevision.experiments.figures.section import Section

# Published numbers: section VI-B.1.
_SWEEP = Sweep(
    figure="fig4",
    setting="bandwidth_mhz",
    label="B_max [MHz]",
    values=(15.0, 17.5, 20.0, 22.5, 25.0, 27.5, 30.0),
    panels=(
        Panel("P_max = 2 mW", {"power_mw": 2.0}, peak=0.87, gain=0.251, gain_words="25.1 %"),
        Panel("P_max = 1 W", {"power_mw": 1000.0}, peak=0.91, gain=0.321, gain_words="32.1 %"),
    ),
)


def make(request: Request) -> Section:
    """Sweep the maximum bandwidth at both maximum powers."""
    heading = "Fig. 4: success probability against the maximum bandwidth"
    return make_section(_SWEEP, heading, "section VI-B.1", request, _claims)


def _claims(measured: Sequence[Curves]) -> list[Row]:
    steps = [100 * np.diff(curves.values["chernoff"]["co-crra"].mean(axis=1)) for curves in measured]
    return [
        (
            "Co-CRRA rises with the bandwidth",
            curves.panel.title,
            "finally converges to a threshold",
            f"{gain[0]:+.1f} points from 15 to 17.5 MHz, {gain[-1]:+.1f} from 27.5 to 30 MHz",
        )
        for curves, gain in zip(measured, steps, strict=True)
    ]
