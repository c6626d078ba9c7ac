"""Figs. 7 and 8: accuracy of each classifier at equal mu, and at equal bytes, which the paper leaves out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from edgevision.experiments.codec_comparison.codec_bench import comparison_record
from edgevision.experiments.codec_comparison.rate_accuracy import Comparison, LevelRow, compare
from edgevision.experiments.figures.request import Request
from edgevision.experiments.figures.section import Plot, Section, Table
from edgevision.experiments.figures.spat_imco.codec_plots import plot_equal_mu
from edgevision.experiments.figures.spat_imco.profile_pairs import (
    Pair,
    differences,
    find_pairs,
    measuring_command,
)
from edgevision.experiments.figures.spat_imco.published_numbers import (
    FIG_7,
    FIG_8,
    SWEEP,
    SWEEP_SOURCE,
    EqualMuGain,
    related_network,
    same_network,
)
from edgevision.progress import progress_bar
from edgevision.statistics import Interval

_UNITS = (
    "The text of the paper gives the gains of Fig. 7 in per cent, but does not say of what; we read them as points. It "
    "adds that for EfficientNet-B0 and -B1 all gains exceed 3.0 %, except those at mu = 3 and 4."
)
_CONTRADICTION = (
    "The paper's text contradicts itself: it gives gains of at most 9.6 (DeiT-Tiny) and 14.8 points (DeiT-Small), then "
    "14.8 % and 38.7 % for DeiT-Tiny and 35.0 % and 25.6 % for DeiT-Small at mu = 8 and 10, and two averages for each "
    "(4.6 % and 9.6 %; 14.8 % and 10.3 %). The second numbers may be shares of the accuracy "
    "of uniform, which our table has too."
)
_NOTHING = "not measured"
_SUMMARY_HEADS = (
    "paper",
    "here",
    "published [points]",
    "ours [points]",
    "our mean",
    "our bytes",
    "equal bytes [points]",
    "bytes saved",
)
_DETAIL_HEADS = (
    "mu",
    "accuracy, uniform",
    "spatial",
    "gain [points]",
    "of uniform's",
    "published",
    "bytes, uniform",
    "spatial",
    "more bytes",
)


@dataclass(frozen=True)
class Measured:
    """The comparison of a pair of profiles, with its rows at the mu of the paper."""

    pair: Pair
    comparison: Comparison
    rows: tuple[LevelRow, ...]

    @property
    def gains(self) -> np.ndarray:
        """Accuracy gained at each row, (M,)."""
        return np.array([row.gain.estimate for row in self.rows])

    @property
    def more_bytes(self) -> np.ndarray:
        """Share by which region-wise files are larger at each row, (M,)."""
        return np.array([row.size / row.reference_size - 1 for row in self.rows])


def make_fig7(request: Request) -> Section:
    """Compare uniform and region-wise compression with every measured convolutional network.

    Raises:
        ReproductionError: see ``find_pairs``.
        ProfileError: a profile is damaged, or two are not of the same pictures.
    """
    heading = "Fig. 7: convolutional networks, uniform against region-wise compression"
    return _section("fig7", heading, FIG_7, request, transformers=False, remark=_UNITS)


def make_fig8(request: Request) -> Section:
    """Compare uniform and region-wise compression with every measured transformer.

    Raises:
        ReproductionError: see ``find_pairs``.
        ProfileError: a profile is damaged, or two are not of the same pictures.
    """
    heading = "Fig. 8: vision transformers, uniform against region-wise compression"
    return _section("fig8", heading, FIG_8, request, transformers=True, remark=_CONTRADICTION)


def _section(
    name: str, heading: str, published: Sequence[EqualMuGain], request: Request, *, transformers: bool, remark: str
) -> Section:
    """Compare both codecs with every classifier of one family, and with the published numbers."""
    pairs = [pair for pair in find_pairs(request.profiles) if pair.transformer == transformers]
    found = _compare(name, pairs, request.resamples)
    if not found:
        return _nothing_measured(name, heading, published, remark)
    return Section(
        heading=heading,
        lead=" ".join(_outcome(item) for item in found),
        tables=(_summary(found, published), *(_details(item, published) for item in found)),
        plots=(
            Plot(
                f"{name}.png",
                "Left: accuracy at equal mu, as in the paper. Middle: the difference, with 95 % intervals. Right: the "
                "same files by their mean bytes, which the paper leaves out.",
                plot_equal_mu([(item.pair, item.rows) for item in found]),
            ),
        ),
        differences=(
            *_other_networks(found, published),
            "Equal mu is not equal bytes: at the same mu the two codecs write files of different size (last columns). "
            "A radio link carries bytes, so the gain at equal bytes is what counts.",
            *differences([item.pair for item in found]),
            remark,
        ),
        numbers={
            "published": [asdict(gain) for gain in published],
            "measured": [_record(item) for item in found],
        },
    )


def _compare(name: str, pairs: Sequence[Pair], resamples: int) -> list[Measured]:
    found = []
    with progress_bar(f"{name} (classifiers)", len(pairs), visible=bool(pairs)) as advance:
        for pair in pairs:
            comparison = compare(pair.spatial, pair.uniform, resamples=resamples)
            rows = tuple(row for row in comparison.equal_level if SWEEP[0] <= row.level <= SWEEP[1])
            found.append(Measured(pair, comparison, rows))
            advance(1)
    return found


def _nothing_measured(name: str, heading: str, published: Sequence[EqualMuGain], remark: str) -> Section:
    measure = measuring_command(*(gain.models[0] for gain in published))
    rows = tuple((gain.network, _NOTHING, gain.text(), *[""] * 5) for gain in published)
    return Section(
        heading=heading,
        lead=(
            f"Not measured: no profile is of these networks. Make them on a machine that reaches huggingface.co: "
            f"{measure} - and then: edgevision reproduce {name} --profiles runs/codecs"
        ),
        tables=(Table(_summary_caption(published), _SUMMARY_HEADS, rows, texts=2),),
        plots=(),
        differences=(remark,),
        numbers={"published": [asdict(gain) for gain in published], "measured": []},
    )


def _outcome(item: Measured) -> str:
    saved, gained = item.comparison.bytes_saved, item.comparison.accuracy_gained
    equal_bytes = (
        f"At equal bytes it gains {percent(gained)} points; at equal accuracy it saves {share(saved)} of the bytes."
        if np.isfinite(saved.estimate + gained.estimate)
        else "The gain at equal bytes is not defined: the curves share no accuracies from 0.3 to 0.8."
    )
    if not item.rows:
        return f"{item.pair.label}: the two profiles share no mu from {SWEEP[0]:g} to {SWEEP[1]:g}. {equal_bytes}"
    low, high = 100 * item.gains.min(), 100 * item.gains.max()
    return (
        f"{item.pair.label}: at equal mu from {item.rows[0].level:g} to {item.rows[-1].level:g}, region-wise "
        f"compression changes accuracy by {low:+.1f} to {high:+.1f} points with files that are "
        f"{size_words(item.more_bytes)}. {equal_bytes}"
    )


def size_words(more: np.ndarray) -> str:
    """The range of the shares (M,) by which files are larger, in words."""
    low, high = 100 * more.min(), 100 * more.max()
    if low >= 0:
        return f"{low:.0f} to {high:.0f} % larger"
    if high <= 0:
        return f"{-high:.0f} to {-low:.0f} % smaller"
    return f"between {-low:.0f} % smaller and {high:.0f} % larger"


def share(interval: Interval) -> str:
    """A share and its interval in per cent."""
    return f"{percent(interval)} %" if np.isfinite(interval.estimate) else "an unknown share"


def percent(interval: Interval) -> str:
    """A share and its interval times 100."""
    if not np.isfinite(interval.estimate):
        return "unknown"
    if not np.isfinite(interval.low):
        return f"{100 * interval.estimate:.1f}"
    return f"{100 * interval.estimate:.1f} [{100 * interval.low:.1f}, {100 * interval.high:.1f}]"


def _summary_caption(published: Sequence[EqualMuGain]) -> str:
    return (
        f"Gain at equal mu, published ({published[0].where}; mu from 1 to 10: {SWEEP_SOURCE}) and measured here. "
        "The last columns are not in the paper: the size of our files at equal mu, the gain at equal bytes, and the "
        "bytes saved at equal accuracy."
    )


def _summary(found: Sequence[Measured], published: Sequence[EqualMuGain]) -> Table:
    rows = []
    shown: list[Measured] = []
    for gain in published:
        matches = [(item, "the same network") for item in found if same_network(item.pair.model, gain)]
        matches += [(item, "the nearest relative") for item in found if related_network(item.pair.model, gain)]
        rows += [(gain.network, f"{item.pair.label}, {what}", gain.text(), *_cells(item)) for item, what in matches]
        if not matches:
            rows.append((gain.network, _NOTHING, gain.text(), *[""] * 5))
        shown += [item for item, _ in matches]
    rows += [("", item.pair.label, "", *_cells(item)) for item in found if item not in shown]
    return Table(_summary_caption(published), _SUMMARY_HEADS, tuple(rows), texts=2)


def _cells(item: Measured) -> tuple[str, ...]:
    at_equal_mu: tuple[str, ...] = ("no common mu", "", "")
    if item.rows:
        gains = 100 * item.gains
        at_equal_mu = (f"{gains.min():+.1f} to {gains.max():+.1f}", f"{gains.mean():+.1f}", size_words(item.more_bytes))
    return (*at_equal_mu, percent(item.comparison.accuracy_gained), share(item.comparison.bytes_saved))


def _details(item: Measured, published: Sequence[EqualMuGain]) -> Table:
    stated = next((gain for gain in published if same_network(item.pair.model, gain)), None)
    stated = stated or next((gain for gain in published if related_network(item.pair.model, gain)), None)
    rows = tuple(
        (
            f"{row.level:g}",
            f"{row.reference_accuracy:.3f}",
            f"{row.accuracy:.3f}",
            percent(row.gain),
            f"{100 * (row.accuracy / row.reference_accuracy - 1):+.1f} %" if row.reference_accuracy else "",
            stated.at_mu.get(round(row.level), "") if stated and row.level == round(row.level) else "",
            f"{row.reference_size:.0f}",
            f"{row.size:.0f}",
            f"{100 * (row.size / row.reference_size - 1):+.0f} %",
        )
        for row in item.rows
    )
    whose = f"; published: {stated.network}, {stated.where}" if stated else ""
    caption = (
        f"{item.pair.label} at equal mu, {item.comparison.images} pictures, 95 % intervals paired by picture{whose}."
    )
    return Table(caption, _DETAIL_HEADS, rows, texts=0)


def _other_networks(found: Sequence[Measured], published: Sequence[EqualMuGain]) -> Iterator[str]:
    others = [item.pair.label for item in found if not any(same_network(item.pair.model, gain) for gain in published)]
    if others:
        yield (
            f"Not the paper's classifiers ({', '.join(gain.network for gain in published)}): {', '.join(others)}. To "
            "measure one of those on a machine that reaches huggingface.co: "
            f"{measuring_command(published[0].models[0])}"
        )


def _record(item: Measured) -> dict[str, Any]:
    return {
        "model": item.pair.model,
        "profiles": [item.pair.spatial.name, item.pair.uniform.name],
        "gain_at_equal_mu": {"mu": [row.level for row in item.rows], "gain": item.gains.tolist()},
        "more_bytes_at_equal_mu": item.more_bytes.tolist(),
        "comparison": comparison_record(item.comparison),
    }
