"""Fig. 8: vision transformers."""

from __future__ import annotations

import dataclasses

from edgevision.experiments.figures.request import Request
from edgevision.experiments.figures.section import Section
from edgevision.experiments.figures.spat_imco.fig7_fig8 import make_section
from edgevision.experiments.figures.spat_imco.published_numbers import FIG_8

_CONTRADICTION = (
    "The paper's text contradicts itself: it gives gains of at most 9.6 (DeiT-Tiny) and 14.8 points (DeiT-Small), then "
    "14.8 % and 38.7 % for DeiT-Tiny and 35.0 % and 25.6 % for DeiT-Small at mu = 8 and 10, and two averages for each "
    "(4.6 % and 9.6 %; 14.8 % and 10.3 %). The latter may be shares of uniform's accuracy, which our table gives too."
)


def make(request: Request) -> Section:
    """Compare uniform and region-wise compression with every measured transformer."""
    heading = "Fig. 8: vision transformers, uniform against region-wise compression"
    section = make_section("fig8", heading, FIG_8, request, transformers=True)
    return dataclasses.replace(section, differences=(*section.differences, _CONTRADICTION))
