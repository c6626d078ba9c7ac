"""Fig. 7: convolutional networks."""

from __future__ import annotations

import dataclasses

from edgevision.experiments.figures.request import Request
from edgevision.experiments.figures.section import Section
from edgevision.experiments.figures.spat_imco.fig7_fig8 import make_section
from edgevision.experiments.figures.spat_imco.published_numbers import FIG_7

_UNITS = (
    "The paper's text gives the gains of Fig. 7 in per cent and not of what; they are read as points. It adds that for "
    "EfficientNet-B0 and -B1 all gains exceed 3.0 % but those at mu = 3 and 4."
)


def make(request: Request) -> Section:
    """Compare uniform and region-wise compression with every measured convolutional network."""
    heading = "Fig. 7: convolutional networks, uniform against region-wise compression"
    section = make_section("fig7", heading, FIG_7, request, transformers=False)
    return dataclasses.replace(section, differences=(*section.differences, _UNITS))
