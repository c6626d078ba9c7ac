"""Table I of the STAE paper: accuracy, sizes and computation times at 100 % and 40 % of the pixels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from edgevision.experiments.figures.request import Request
from edgevision.experiments.figures.section import Plot, Section, Table
from edgevision.experiments.figures.stae.stae_plots import Curve, plot_models
from edgevision.experiments.figures.stae.stae_profiles import (
    ENTROPY,
    METHODS,
    NOT_MEASURED,
    PLAIN,
    Say,
    VideoSet,
    budgets,
    differences,
    find_sets,
    how_to_measure,
    table_by_set,
)
from edgevision.profiles import stae_tables as published
from edgevision.profiles.video_grid import FRAMES, PIXELS
from edgevision.statistics import FloatArray, points, signed_points

_NAME = "stae-table1"
_ALL, _FEWEST = PIXELS.index(1.0), PIXELS.index(0.4)
#: Models of Table I: name, method, pixel budget, published accuracies and spreads [%].
_MODELS = (
    ("ViT_FA", "stae", _ALL, published.ACCURACY_FA_100, published.SPREAD_FA_100),
    ("ViT_FA+SA", "fa-sa", _FEWEST, published.ACCURACY_FA_SA_40, published.SPREAD_FA_SA_40),
    ("ViT_STAE", "stae", _FEWEST, published.ACCURACY_STAE_40, published.SPREAD_STAE_40),
    ("ViT_DeepISC", "deepisc", _FEWEST, published.ACCURACY_DEEPISC_40, published.SPREAD_DEEPISC_40),
)
#: Parts of the computation: name, method and table of the profile, pixel budget, published [ms].
_PARTS = (
    ("tFA, device", "stae", "t_fa", _FEWEST, published.TIME_FA),
    ("tSA, device, 40 %", "stae", "t_sa", _FEWEST, published.TIME_SA_40),
    ("tFR, edge, 40 %", "stae", "t_fr", _FEWEST, published.TIME_FR_40),
    ("tDeepISC, 40 %", "deepisc", "t_deepisc", _FEWEST, published.TIME_DEEPISC_40),
    ("tViT, edge", "stae", "t_vit", _ALL, published.TIME_VIT),
)


def make(request: Request) -> Section:
    """Compare accuracies, sizes and times with the published ones.

    Raises:
        ReproductionError: see ``find_sets``.
        ProfileError: see ``find_sets``.
    """
    sets = find_sets(request)
    lead = " ".join(_outcome(found) for found in sets)
    caption = "Accuracy against the frame budget; lines span 95 % intervals (published: the paper's spreads)."
    panels = {"published, HMDB51": _published_curves(), **{found.title: _curves(found) for found in sets}}
    return Section(
        heading="Table I (STAE): inference accuracy and computation time",
        lead=lead or f"Not measured: there are no profiles. {how_to_measure(_NAME)}",
        tables=(_claims(sets), _accuracies(sets), _sizes(sets), _times(sets)),
        plots=(Plot(f"{_NAME}.png", caption, plot_models(panels)),) if sets else (),
        differences=(*published.NOTES[:1], *differences(_NAME, sets)),
        numbers={
            "published": {name: list(stated) for name, _, _, stated, _ in _MODELS},
            "measured": [_record(found) for found in sets],
        },
    )


def _outcome(found: VideoSet) -> str:
    stated = {"fa-sa": published.ACCURACY_FA_SA_40, "deepisc": published.ACCURACY_DEEPISC_40}
    said = [
        f"ViT_STAE minus {METHODS[method]} is {_range(gap[0, :, _FEWEST])} points "
        f"(published: {_range(_published_gap(other))})"
        for method, other in stated.items()
        if (gap := found.gain("stae", method)) is not None
    ]
    return f"{found.title}, 40 % of the pixels, over the frame budgets: {' and '.join(said) or NOT_MEASURED}."


def _published_gap(other: Sequence[float]) -> FloatArray:
    return (np.array(published.ACCURACY_STAE_40) - np.array(other)) / 100


def _range(shares: FloatArray) -> str:
    return f"{100 * shares.min():+.1f} to {100 * shares.max():+.1f}"


def _claims(sets: Sequence[VideoSet]) -> Table:
    deepisc = (
        f"{_range(_published_gap(published.ACCURACY_DEEPISC_40))} points by Table I, up to "
        f"{published.GAIN_OVER_DEEPISC:g} by the text"
    )
    rows: list[tuple[Sequence[str], Say]] = [
        (
            (
                "recovery helps: ViT_STAE minus ViT_FA+SA at 40 %",
                f"{_range(_published_gap(published.ACCURACY_FA_SA_40))}",
            ),
            lambda found: _gaps(found.gain("stae", "fa-sa")),
        ),
        (
            ("cells below 100 % where recovery does not help", "none"),
            lambda found: _where_not(found.gain("stae", "fa-sa"), first=1),
        ),
        (("ViT_STAE minus ViT_DeepISC at 40 %", deepisc), lambda found: _gaps(found.gain("stae", "deepisc"))),
        (
            ("cells where ViT_STAE is not above ViT_DeepISC", "none"),
            lambda found: _where_not(found.gain("stae", "deepisc"), first=0),
        ),
        (("one frame, chosen by attention, against all frames without attention", "not stated"), _one_frame),
    ]
    caption = "Claims of Table I, Fig. 4 and section IV-B.1, in points of accuracy with 95 % intervals paired by clip."
    return table_by_set(caption, ("claim", "published"), sets, rows, words=True)


def _gaps(gap: FloatArray | None) -> str:
    if gap is None:
        return NOT_MEASURED
    return "; ".join(f"alpha {alpha}: {signed_points(gap[:, a, _FEWEST])}" for a, alpha in enumerate(FRAMES))


def _where_not(gap: FloatArray | None, first: int) -> str:
    """The cells from pixel budget ``first`` on where a difference is not above zero, counted and listed."""
    if gap is None:
        return NOT_MEASURED
    value, low, high = gap[:, :, first:]
    listed = ", ".join(budgets(a, b + first) for a, b in np.argwhere(value <= 0).tolist())
    counts = (
        f"{np.sum(value <= 0)} of {value.size} ({np.sum(value == 0)} equal, {np.sum(high < 0)} with the whole interval "
        f"below 0); {np.sum(low > 0)} with the whole interval above 0"
    )
    return f"{counts}; not above: {listed}" if listed else counts


def _one_frame(found: VideoSet) -> str:
    stae = found.measured.get("stae")
    uniform = stae.profile.metadata.get("uniform_accuracy") if stae else None
    if not isinstance(uniform, int | float):
        return NOT_MEASURED
    one = found.accuracy("stae")[:, -1, _ALL]
    return f"{points(one)} % against {100 * uniform:.1f} %: {100 * (one[0] - uniform):+.1f} points"


def _accuracies(sets: Sequence[VideoSet]) -> Table:
    def ours(method: str, a: int, b: int) -> Say:
        return lambda found: found.cell(method, lambda _: points(found.accuracy(method)[:, a, b]))

    rows = [
        ((f"{name}, {100 * PIXELS[b]:.0f} %", f"{alpha}", f"{stated[a]:g} (+-{spread[a]:g})"), ours(method, a, b))
        for name, method, b, stated, spread in _MODELS
        for a, alpha in enumerate(FRAMES)
    ]
    caption = "Accuracy [%]: published (Table I, HMDB51), and ours with 95 % intervals."
    return table_by_set(caption, ("model, pixels", "alpha", "published"), sets, rows)


def _sizes(sets: Sequence[VideoSet]) -> Table:
    def counted(a: int, b: int) -> Say:
        share = published.VALUE_BITS / 8 * FRAMES[a] / FRAMES[0] * PIXELS[b] / 1e3
        return lambda found: f"{share * next(iter(found.measured.values())).raw_bytes:.2f}"

    def on_the_wire(method: str, mode: int) -> Callable[[int, int], Say]:
        return lambda a, b: lambda found: found.cell(method, lambda one: f"{one.size[a, b, mode] / 1e3:.2f}")

    counts: dict[str, Callable[[int, int], Say]] = {
        "eq. 1": counted,
        "ViT_STAE, values as bytes": on_the_wire("stae", PLAIN),
        "ViT_STAE, entropy-coded": on_the_wire("stae", ENTROPY),
        "ViT_DeepISC, entropy-coded": on_the_wire("deepisc", ENTROPY),
    }
    rows = [
        (
            (
                f"{name}, {100 * PIXELS[b]:.0f} %",
                f"{alpha}",
                f"{1.048576e3 * stated[a]:.0f}" if name == "eq. 1" else "",
            ),
            say(a, b),
        )
        for b, stated in ((_ALL, published.SIZE_MB_100), (_FEWEST, published.SIZE_MB_40))
        for name, say in counts.items()
        for a, alpha in enumerate(FRAMES)
    ]
    caption = (
        "Size of a clip [kB]. Eq. 1 counts four bytes per value and nothing else; we read the published MB as 2^20 "
        "bytes. The other rows are the mean bytes that are sent: values, mask, header and checksum."
    )
    return table_by_set(caption, ("what is counted, pixels", "alpha", "published"), sets, rows)


def _times(sets: Sequence[VideoSet]) -> Table:
    def ours(method: str, part: str, a: int, b: int) -> Say:
        return lambda found: found.cell(method, lambda one: f"{1e3 * one.part(part)[a, b]:.2f}")

    rows = [
        ((name, f"{alpha}", f"{stated[a]:g}"), ours(method, part, a, b))
        for name, method, part, b, stated in _PARTS
        for a, alpha in enumerate(FRAMES)
    ]
    return table_by_set("Computation times [ms].", ("part", "alpha", "published"), sets, rows)


def _published_curves() -> dict[str, Curve]:
    return {
        name: np.array([stated, np.subtract(stated, spread), np.add(stated, spread)])
        for name, _, _, stated, spread in _MODELS
    }


def _curves(found: VideoSet) -> dict[str, Curve]:
    return {
        name: 100 * found.accuracy(method)[:, :, b] for name, method, b, _, _ in _MODELS if method in found.measured
    }


def _record(found: VideoSet) -> dict[str, Any]:
    return {
        "data_set": found.description,
        "accuracy_percent": {name: curve.tolist() for name, curve in _curves(found).items()},
        "bytes_on_the_wire": {method: one.size.tolist() for method, one in found.measured.items()},
        "seconds": {
            name: found.measured[method].part(part)[:, b].tolist()
            for name, method, part, b, _ in _PARTS
            if method in found.measured
        },
    }
