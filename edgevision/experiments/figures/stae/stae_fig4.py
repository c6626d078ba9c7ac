"""Fig. 4 of the STAE paper: accuracy at every frame and pixel budget."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from edgevision.experiments.figures.request import Request
from edgevision.experiments.figures.section import Plot, Section, Table
from edgevision.experiments.figures.stae.stae_plots import plot_grids
from edgevision.experiments.figures.stae.stae_profiles import (
    METHODS,
    NOT_MEASURED,
    PLAIN,
    Say,
    VideoSet,
    differences,
    find_sets,
    how_to_measure,
    table_by_set,
)
from edgevision.profiles import stae_tables as published
from edgevision.profiles.video_grid import FRAMES, PIXELS
from edgevision.statistics import FloatArray, points, signed_points

_NAME = "stae-fig4"
_DRAWN = ("stae", "deepisc")
_ALL, _HALF, _FEWEST = PIXELS.index(1.0), PIXELS.index(0.5), PIXELS.index(0.4)
_SAID = (
    "The paper prints accuracies at 100 % and 40 % of the pixels only (Table I), and none of ViT_DeepISC at 100 %. "
    "Nothing is read off its plot.",
    "At 100 % of the pixels ViT_STAE is ViT_FA, as in the paper.",
)


def make(request: Request) -> Section:
    """Compare the accuracy at every budget with the published accuracies.

    Raises:
        ReproductionError: see ``find_sets``.
        ProfileError: see ``find_sets``.
    """
    sets = find_sets(request)
    grids = {
        found.title: {METHODS[method]: 100 * found.accuracy(method) for method in _DRAWN if method in found.measured}
        for found in sets
    }
    lead = " ".join(_outcome(found) for found in sets)
    caption = "Accuracy with 95 % intervals; published: Table I, dotted between its two pixel budgets."
    return Section(
        heading="Fig. 4 (STAE): accuracy at every frame and pixel budget",
        lead=lead or f"Not measured: there are no profiles. {how_to_measure(_NAME)}",
        tables=(_claims(sets), _published(), *(_grid(found, method) for found in sets for method in _DRAWN)),
        plots=(Plot(f"{_NAME}.png", caption, plot_grids(_published_grids(), grids)),) if sets else (),
        differences=(*_SAID, *differences(_NAME, sets)),
        numbers={"published": [list(row) for row in _published().rows], "measured": [_record(found) for found in sets]},
    )


def spatial_over_temporal(found: VideoSet) -> FloatArray:
    """Accuracy at 16 frames x 50 % minus that at 8 x 100 %, which send equally many values; with interval, (3,)."""
    correct = found.measured["stae"].correct[..., PLAIN]
    return found.draws.mean(correct[:, 0, _HALF] - correct[:, 1, _ALL])


def _outcome(found: VideoSet) -> str:
    if "stae" not in found.measured:
        return f"{found.title}: ViT_STAE was not measured."
    accuracy, gap = found.accuracy("stae")[0], found.gain("stae", "deepisc")
    above = (
        "" if gap is None else f"; above ViT_DeepISC in {np.sum(gap[0] > 0)} of {gap[0].size} cells (published: all)"
    )
    return (
        f"{found.title}: ViT_STAE from {100 * accuracy.max():.1f} % down to {100 * accuracy.min():.1f} %{above}; half "
        f"the pixels of 16 frames instead of all of 8: {signed_points(spatial_over_temporal(found))} points "
        "(published: more than 0, less than 1)."
    )


def _claims(sets: Sequence[VideoSet]) -> Table:
    def falls(axis: int) -> Say:
        return lambda found: found.cell("stae", lambda _: _falls(found.accuracy("stae")[0], axis))

    rows: list[tuple[Sequence[str], Say]] = [
        (("accuracy falls with the frame budget", "yes"), falls(0)),
        (("accuracy falls with the pixel budget", "yes"), falls(1)),
        (
            ("16 frames x 50 % minus 8 frames x 100 % [points]", "above 0, less than 1"),
            lambda found: found.cell("stae", lambda _: signed_points(spatial_over_temporal(found))),
        ),
        (("ViT_STAE above ViT_DeepISC at any budget", "yes"), _above),
    ]
    caption = (
        "Claims of section IV-B about Fig. 4; intervals paired by clip. Table I lists the cells that are not above."
    )
    return table_by_set(caption, ("claim", "published"), sets, rows, words=True)


def _falls(accuracy: FloatArray, axis: int) -> str:
    steps = np.diff(accuracy, axis=axis)
    return (
        f"in {np.sum(steps < 0)} of {steps.size} steps (equal in {np.sum(steps == 0)}), on the whole by "
        f"{-100 * steps.sum(axis=axis).mean():.1f} points"
    )


def _above(found: VideoSet) -> str:
    gap = found.gain("stae", "deepisc")
    if gap is None:
        return NOT_MEASURED
    return (
        f"in {np.sum(gap[0] > 0)} of {gap[0].size} cells, {np.sum(gap[1] > 0)} with the whole interval above 0; "
        f"{100 * gap[0].min():+.1f} to {100 * gap[0].max():+.1f} points, {100 * gap[0].mean():+.1f} on average"
    )


def _published_grids() -> dict[str, FloatArray]:
    """Accuracies and spreads of Table I for the models of Fig. 4 [%], (3, 5, 7); NaN where nothing is printed."""
    columns = {
        "stae": {
            _ALL: (published.ACCURACY_FA_100, published.SPREAD_FA_100),
            _FEWEST: (published.ACCURACY_STAE_40, published.SPREAD_STAE_40),
        },
        "deepisc": {_FEWEST: (published.ACCURACY_DEEPISC_40, published.SPREAD_DEEPISC_40)},
    }
    grids = {}
    for method, stated in columns.items():
        grid = np.full((3, len(FRAMES), len(PIXELS)), np.nan)
        for b, (accuracy, spread) in stated.items():
            grid[:, :, b] = accuracy, np.subtract(accuracy, spread), np.add(accuracy, spread)
        grids[METHODS[method]] = grid
    return grids


def _published() -> Table:
    rows = tuple(
        (name, f"{alpha}", *("" if np.isnan(value) else f"{value:g}" for value in grid[0, a]))
        for name, grid in _published_grids().items()
        for a, alpha in enumerate(FRAMES)
    )
    return Table("Published accuracy [%] (Table I, HMDB51).", _heads("model"), rows)


def _grid(found: VideoSet, method: str) -> Table:
    name = METHODS[method]
    rows: tuple[tuple[str, ...], ...] = ((name, NOT_MEASURED, *[""] * len(PIXELS)),)
    if method in found.measured:
        accuracy = found.accuracy(method)
        rows = tuple(
            (name, f"{alpha}", *(points(accuracy[:, a, b]) for b in range(len(PIXELS))))
            for a, alpha in enumerate(FRAMES)
        )
    return Table(f"Accuracy [%] on {found.description}.", _heads("model"), rows)


def _heads(first: str) -> tuple[str, ...]:
    return (first, "alpha", *(f"{100 * beta:.0f} %" for beta in PIXELS))


def _record(found: VideoSet) -> dict[str, Any]:
    gap = found.gain("stae", "deepisc")
    return {
        "data_set": found.description,
        "accuracy": {method: found.accuracy(method).tolist() for method in found.measured},
        "stae_minus_deepisc": None if gap is None else gap.tolist(),
        "half_of_16_minus_whole_8": spatial_over_temporal(found).tolist() if "stae" in found.measured else None,
    }
