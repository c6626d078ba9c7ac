"""Fig. 5(b) of the STAE paper: accuracy against completion time, and the best budgets within a deadline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from edgevision.experiments.figures.request import Request
from edgevision.experiments.figures.section import Plot, Section, Table
from edgevision.experiments.figures.stae.stae_plots import TradeOff, plot_trade_off
from edgevision.experiments.figures.stae.stae_profiles import (
    Measured,
    budgets,
    differences,
    find_sets,
    how_to_measure,
)
from edgevision.experiments.figures.stae.stae_times import completion
from edgevision.profiles import published_stae
from edgevision.profiles import stae_tables as published
from edgevision.profiles.video_grid import FRAMES, GRID, PIXELS

_NAME = "stae-fig5b"
#: Rates [Mbit/s]. The text states results at the last two.
_RATES_MBPS = (10.0, 50.0, 100.0, 200.0)
_DEADLINE = 0.1  # [s]
#: Two cells that section IV-B.2 compares: 4 frames at 40 % and at 100 %.
_COMPARED = ((FRAMES.index(4), PIXELS.index(0.4)), (FRAMES.index(4), PIXELS.index(1.0)))
_SAID = (
    published.NOTES[1],
    "The tables of the paper give 100 % and 40 % of the pixels only: we interpolate accuracies and entropies between "
    "them, and take the times of attention and recovery at 40 % for all.",
    "The choice of the best budgets is uncertain, because their accuracies are measured: two budgets with almost equal "
    "accuracy may change places.",
)


def make(request: Request) -> Section:
    """Find the best budgets within the deadline at every rate.

    Raises:
        ReproductionError: see ``find_sets``.
        ProfileError: see ``find_sets``.
    """
    sets = find_sets(request)
    measured = [
        item for found in sets if "stae" in found.measured for item in _trade_offs(found.title, found.measured["stae"])
    ]
    stated = _trade_offs("by Tables I and II", Measured(published_stae()))
    lead = " ".join(_outcome(item) for item in measured if item.rate_mbps in _STATED)
    caption = "Accuracy against completion time, a point per cell of the grid; the ring marks the best within 100 ms."
    return Section(
        heading="Fig. 5(b) (STAE): accuracy against completion time",
        lead=lead or f"Not measured: no profile of ViT_STAE, so only the paper's own numbers. {how_to_measure(_NAME)}",
        tables=(_statements(stated), _best([*stated, *measured])),
        plots=(Plot(f"{_NAME}.png", caption, plot_trade_off([*stated, *measured])),),
        differences=(*_SAID, *differences(_NAME, sets)),
        numbers={"deadline_seconds": _DEADLINE, "trade_offs": [_record(item) for item in (*stated, *measured)]},
    )


_STATED = {rate: (FRAMES.index(frames), PIXELS.index(pixels)) for rate, _, frames, pixels in published.BEST_BUDGETS}


def _trade_offs(title: str, one: Measured) -> list[TradeOff]:
    accuracy = one.correct.mean(axis=0) if one.profile.correct is not None else one.profile.accuracy.reshape(GRID)
    found = []
    for rate in _RATES_MBPS:
        seconds, mode = completion(one, 1e6 * rate)
        chosen = np.take_along_axis(accuracy, mode[..., None], axis=2)[..., 0]
        found.append(TradeOff(title, rate, _DEADLINE, seconds, chosen))
    return found


def _outcome(item: TradeOff) -> str:
    return (
        f"{item.title}, {item.rate_mbps:g} Mbit/s, {1e3 * _DEADLINE:.0f} ms: {_choice(item)} (published: "
        f"{budgets(*_STATED[item.rate_mbps])})."
    )


def _choice(item: TradeOff) -> str:
    if item.best is None:
        return f"no budgets; the fastest take {1e3 * item.seconds.min():.0f} ms"
    return f"{budgets(*item.best)} is best, {_cell(item, item.best)}"


def _cell(item: TradeOff, cell: tuple[int, int]) -> str:
    return f"{100 * item.accuracy[cell]:.1f} % in {1e3 * item.seconds[cell]:.0f} ms"


def _statements(stated: Sequence[TradeOff]) -> Table:
    """The statements of the text, checked against the tables of the paper."""
    rows = []
    for item in stated:
        if item.rate_mbps not in _STATED:
            continue
        cell = _STATED[item.rate_mbps]
        verdict = "confirmed" if item.best == cell else "not confirmed"
        rows.append((f"{item.rate_mbps:g} Mbit/s: {budgets(*cell)} is best within 100 ms", _choice(item), verdict))
    last, cell = stated[-1], _COMPARED[0]
    rows.append(
        (
            f"{last.rate_mbps:g} Mbit/s: {budgets(*cell)} satisfies no latency constraint",
            _cell(last, cell),
            "contradicted" if last.seconds[cell] <= _DEADLINE else "confirmed",
        )
    )
    return Table(
        "Statements of section IV-B.2 by the paper's own tables.",
        ("statement", "by Tables I and II", ""),
        tuple(rows),
        texts=3,
    )


def _best(items: Sequence[TradeOff]) -> Table:
    rows = tuple(
        (
            f"{item.title}, {item.rate_mbps:g} Mbit/s",
            _choice(item),
            f"{int(np.sum(item.seconds <= _DEADLINE))} of {item.seconds.size}",
            *(_cell(item, cell) for cell in _COMPARED),
        )
        for item in items
    )
    heads = ("source, rate", "best within 100 ms", "cells within", *(budgets(*cell) for cell in _COMPARED))
    return Table("The best budgets within the deadline (objective 5).", heads, rows, texts=2)


def _record(item: TradeOff) -> dict[str, Any]:
    return {
        "source": item.title,
        "rate_mbps": item.rate_mbps,
        "seconds": item.seconds.tolist(),
        "accuracy": item.accuracy.tolist(),
        "best": None if item.best is None else budgets(*item.best),
    }
