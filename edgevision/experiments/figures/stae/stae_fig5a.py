"""Fig. 5(a) of the STAE paper: completion time against the data rate at one frame and 40 % of its pixels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from edgevision.experiments.figures.request import Request
from edgevision.experiments.figures.section import Plot, Section, Table
from edgevision.experiments.figures.stae.stae_plots import plot_completion
from edgevision.experiments.figures.stae.stae_profiles import (
    NOT_MEASURED,
    differences,
    find_sets,
    how_to_measure,
)
from edgevision.experiments.figures.stae.stae_times import Way, in_words, published_ways, ways, where_faster
from edgevision.profiles import stae_tables as published

Ways = Mapping[str, Way]

_NAME = "stae-fig5a"
_BY_TABLES = "by Tables I and II"
_RATES_MBPS = (0.1, 1.0, 10.0, 100.0, 1000.0)
#: Pairs that the text or the plot compares: the faster way, the slower way, and where, by the paper.
_PAIRS = (
    ("local", "ViT_STAE", f"below {published.LOCAL_BELOW_MBPS:g} Mbit/s"),
    ("ViT_STAE", "ViT_DeepISC", "at every rate"),
    ("ViT_STAE", "full offload", "at every rate"),
    ("ViT_DeepISC", "full offload", f"below {published.DEEPISC_BELOW_MBPS:g} Mbit/s"),
    ("local", "full offload", "not stated"),
)
_SAID = (
    published.NOTES[2],
    "We take the entropy of ViT_DeepISC in Table II as that of all its values, although the text codes the latent "
    "only. It is lower than that of ViT_STAE, so by the tables ViT_DeepISC is faster at very low rates, which the "
    "paper does not say.",
    "The paper prints no time of local computing. In the column of its tables we chose the time that gives the stated "
    "crossing, so that cell is not a result.",
    "Full offload sends the whole clip of 16 frames as bytes and classifies all of it.",
)


def make(request: Request) -> Section:
    """Compare completion times as functions of the data rate.

    Raises:
        ReproductionError: see ``find_sets``.
        ProfileError: see ``find_sets``.
    """
    sets = find_sets(request)
    measured = {found.title: ways(found) for found in sets}
    every = {_BY_TABLES: published_ways(), **measured}
    lead = " ".join(_outcome(title, of) for title, of in measured.items())
    caption = "Completion time against the rate; entropy coding only where it is faster. Left: the paper's tables."
    return Section(
        heading="Fig. 5(a) (STAE): completion time against the data rate",
        lead=lead or f"Not measured: there are no profiles, so only the paper's own numbers. {how_to_measure(_NAME)}",
        tables=(_crossings(every), _times(every)),
        plots=(Plot(f"{_NAME}.png", caption, plot_completion(every)),),
        differences=(*_SAID, *differences(_NAME, sets)),
        numbers={title: _record(of) for title, of in every.items()},
    )


def _outcome(title: str, of: Ways) -> str:
    said = [
        f"{first} is faster than {second} {_faster(of, first, second)} (published: {stated})"
        for first, second, stated in _PAIRS[:4]
        if first in of and second in of
    ]
    return f"{title}: {'; '.join(said) or NOT_MEASURED}."


def _faster(of: Ways, first: str, second: str) -> str:
    return in_words(where_faster(of[first], of[second])) if first in of and second in of else NOT_MEASURED


def _coding_pays(of: Ways) -> str:
    """The rates at which entropy coding (the second variant) is faster than plain values (the first)."""
    if "ViT_STAE" not in of:
        return NOT_MEASURED
    plain, coded = (Way((variant,)) for variant in of["ViT_STAE"].variants)
    return in_words(where_faster(coded, plain))


def _crossings(every: Mapping[str, Ways]) -> Table:
    rows = [
        (f"{first} faster than {second}", stated, *(_faster(of, first, second) for of in every.values()))
        for first, second, stated in _PAIRS
    ]
    rows.append(("entropy coding pays for ViT_STAE", "not stated", *map(_coding_pays, every.values())))
    heads = ("claim", "published (text)", *every)
    return Table("Rates at which one is faster than the other.", heads, tuple(rows), texts=len(heads))


def _times(every: Mapping[str, Ways]) -> Table:
    rows = tuple(
        (
            f"{title}, {name}",
            *(f"{1e3 * float(way.seconds(1e6 * rate)):.1f}" for rate in _RATES_MBPS),
            " or ".join(f"{bits / 8e3:.2f}" for bits, _ in way.variants),
            " or ".join(f"{1e3 * computing:.1f}" for _, computing in way.variants),
        )
        for title, of in every.items()
        for name, way in of.items()
    )
    heads = (*(f"{rate:g} Mbit/s" for rate in _RATES_MBPS), "sent [kB]", "computing [ms]")
    return Table("Completion time [ms], and what it is made of: plain or entropy-coded.", ("way", *heads), rows)


def _record(of: Ways) -> dict[str, Any]:
    faster = {
        f"{first} faster than {second} [bit/s]": [
            [low, high if np.isfinite(high) else None] for low, high in where_faster(of[first], of[second])
        ]
        for first, second, _ in _PAIRS
        if first in of and second in of
    }
    return {"bits_and_seconds": {name: way.variants for name, way in of.items()}, **faster}
