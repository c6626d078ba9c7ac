"""Fig. 9: compression ratio and file size against mu, and the bandwidth saved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgevision.arrays import FloatArray
from edgevision.errors import ReproductionError
from edgevision.experiments.codec_comparison.rate_accuracy import efficient_points
from edgevision.experiments.figures.request import Request
from edgevision.experiments.figures.section import Plot, Section, Table
from edgevision.experiments.figures.spat_imco.codec_plots import plot_sizes
from edgevision.experiments.figures.spat_imco.fig7_fig8 import share, size_words
from edgevision.experiments.figures.spat_imco.profile_pairs import Pair, differences, find_pairs
from edgevision.experiments.figures.spat_imco.published_numbers import BANDWIDTH_SAVED, FIG_9_SOURCE, RATIOS, SWEEP
from edgevision.profiles import OperatingPointProfile
from edgevision.progress import progress_bar
from edgevision.statistics import Interval, percentile_interval

_DRAWN = np.unique(np.concatenate([np.linspace(0.0, 0.8, 33), RATIOS]))


@dataclass(frozen=True)
class Measured:
    """A pair of profiles at the mu that both have.

    Attributes:
        pair: the profiles.
        mu: values of mu, (M,).
        size: mean bytes of uniform and of region-wise files, (2, M).
        ratio: mean compression ratio o of both, from raw pixels, (2, M).
        saved: share of the uniform bytes saved at equal accuracy, with its interval, at each of ``_DRAWN``, (G, 3).
    """

    pair: Pair
    mu: FloatArray
    size: FloatArray
    ratio: FloatArray
    saved: FloatArray

    @property
    def more_bytes(self) -> FloatArray:
        """Share by which region-wise files are larger at equal mu, (M,)."""
        return self.size[1] / self.size[0] - 1

    def saved_at(self, ratio: float) -> Interval:
        """Share saved at one of ``RATIOS``, the ratio of the uniform file to its size at mu = 1."""
        return Interval(*self.saved[np.flatnonzero(ratio == _DRAWN)[0]].tolist())


def make(request: Request) -> Section:
    """Measure sizes against mu for every pair of profiles.

    Raises:
        ReproductionError: see ``find_pairs``; or a profile has no mu = 1, to which the ratios refer.
        ProfileError: a profile is damaged, or two are not of the same pictures.
    """
    pairs = find_pairs(request.profiles)
    for pair in pairs:
        if not (1 in pair.uniform.parameter and 1 in pair.spatial.parameter):
            raise ReproductionError(f"profiles of {pair.label} lack level 1, from which Fig. 9's ratios are counted")
    with progress_bar("fig9 (classifiers)", len(pairs)) as advance:
        found = []
        for pair in pairs:
            found.append(_measure(pair, request.resamples))
            advance(1)
    caption = (
        "Left: compression ratio from raw pixels. Middle: mean size of the files. Right: bytes saved at equal "
        "accuracy, if the uniform file is smaller than at mu = 1 by the ratio on the axis."
    )
    return Section(
        heading="Fig. 9: mu against compression ratio and size",
        lead=" ".join(_outcome(item) for item in found),
        tables=(_claims(found), *(_details(item) for item in found)),
        plots=(Plot("fig9.png", caption, plot_sizes(pairs, [(_DRAWN, item.saved) for item in found])),),
        differences=(*_differences(found), *differences(pairs)),
        numbers={
            "published": {"ratios": list(RATIOS), "bandwidth_saved": BANDWIDTH_SAVED, "where": FIG_9_SOURCE},
            "measured": [_record(item) for item in found],
        },
    )


def _measure(pair: Pair, resamples: int) -> Measured:
    mu, ours, theirs = np.intersect1d(pair.spatial.parameter, pair.uniform.parameter, return_indices=True)
    inside = (mu >= SWEEP[0]) & (mu <= SWEEP[1])
    chosen = ((pair.uniform, theirs[inside]), (pair.spatial, ours[inside]))
    return Measured(
        pair,
        mu[inside],
        np.stack([profile.size.mean(axis=0)[index] for profile, index in chosen]),
        np.stack([1 - profile.size_fraction.mean(axis=0)[index] for profile, index in chosen]),
        bandwidth_saved(pair, _DRAWN, resamples),
    )


def bandwidth_saved(pair: Pair, ratios: FloatArray, resamples: int, seed: int = 0) -> FloatArray:
    """Share of the uniform bytes that region-wise files save at equal accuracy, with 95 % paired bootstrap intervals.

    Args:
        pair: profiles of the same pictures; the uniform profile has mu = 1.
        ratios: shares by which the uniform files are smaller than at mu = 1, (G,).
        resamples: number of bootstrap samples of the pictures.
        seed: seed of the bootstrap.

    Returns:
        Value, lower and upper end, (G, 3); NaN outside the range of a curve.
    """
    J = pair.uniform.contents
    drawn = np.random.default_rng(seed).multinomial(J, np.full(J, 1 / J), resamples) / J
    start = int(np.flatnonzero(pair.uniform.parameter == 1)[0])
    tables = [table for profile in (pair.spatial, pair.uniform) for table in (profile.size, _outcomes(profile))]
    value = _saved([table.mean(axis=0) for table in tables], start, ratios)
    resampled = np.stack(
        [_saved(means, start, ratios) for means in zip(*(drawn @ table for table in tables), strict=True)]
    )
    found = [percentile_interval(share, column) for share, column in zip(value.tolist(), resampled.T, strict=True)]
    return np.array([(interval.estimate, interval.low, interval.high) for interval in found])


def _outcomes(profile: OperatingPointProfile) -> FloatArray:
    return np.asarray(profile.correct, np.float64)


def _saved(means: Sequence[FloatArray], start: int, ratios: FloatArray) -> FloatArray:
    """Share saved at each ratio, (G,), from mean bytes and accuracies per level of region-wise and uniform files.

    Both curves are interpolated linearly in log bytes and accuracy, so that equal curves save exactly nothing.
    """
    size, accuracy, reference_size, reference = means
    ours, our_accuracy = efficient_points(size, accuracy)
    theirs, their_accuracy = efficient_points(reference_size, reference)
    if min(len(ours), len(theirs)) < 2:
        return np.full(len(ratios), np.nan)
    wanted = np.log(reference_size[start] * (1 - ratios))
    level = np.interp(wanted, theirs, their_accuracy, left=np.nan, right=np.nan)
    saved: FloatArray = -np.expm1(np.interp(level, our_accuracy, ours, left=np.nan, right=np.nan) - wanted)
    return saved


def _outcome(item: Measured) -> str:
    shares = " and ".join(f"{share(item.saved_at(ratio))} at ratio {ratio:g}" for ratio in RATIOS)
    return (
        f"{item.pair.label}: at equal mu from {item.mu[0]:g} to {item.mu[-1]:g}, region-wise files are "
        f"{size_words(item.more_bytes)} than uniform ones; at equal accuracy they save {shares} "
        f"(published: about {100 * BANDWIDTH_SAVED:.0f} %)."
    )


def _claims(found: Sequence[Measured]) -> Table:
    rows = [("smaller files at equal mu", item.pair.label, "yes", size_words(item.more_bytes)) for item in found]
    rows += [
        (
            f"bandwidth saved at compression ratio {ratio:g}",
            item.pair.label,
            f"about {100 * BANDWIDTH_SAVED:.0f} %",
            f"{share(item.saved_at(ratio))} at equal accuracy",
        )
        for ratio in RATIOS
        for item in found
    ]
    caption = f"Published ({FIG_9_SOURCE}) and measured here; 95 % intervals paired by picture."
    return Table(caption, ("claim", "measured with", "published", "ours"), tuple(rows), texts=2)


def _details(item: Measured) -> Table:
    heads = (
        "mu",
        "ratio o, uniform",
        "spatial",
        "ratio from mu = 1, uniform",
        "bytes, uniform",
        "spatial",
        "more bytes",
    )
    first = item.size[0, np.flatnonzero(item.mu == 1)[0]]
    rows = tuple(
        (f"{mu:g}", f"{o[0]:.4f}", f"{o[1]:.4f}", f"{1 - b[0] / first:.3f}", f"{b[0]:.0f}", f"{b[1]:.0f}", f"{m:+.0%}")
        for mu, o, b, m in zip(item.mu, item.ratio.T, item.size.T, item.more_bytes, strict=True)
    )
    caption = f"{item.pair.label}, {item.pair.uniform.contents} pictures: means at equal mu."
    return Table(caption, heads, rows, texts=0)


def _differences(found: Sequence[Measured]) -> tuple[str, ...]:
    low, high = min(item.ratio[0].min() for item in found), max(item.ratio[0].max() for item in found)
    return (
        f"The paper does not say what the ratios of 0.2 and 0.45 refer to. From raw pixels, uniform JPEG has ratios of "
        f"{low:.3f} to {high:.3f} for mu from 1 to 10, far from these. We read them as the share by which a uniform "
        "file is smaller than at mu = 1, which uses the tables of the standard.",
        "The paper compares sizes at equal mu, where accuracies differ too. Here bandwidth is compared at equal "
        "accuracy: the bytes of the region-wise file with the accuracy of the uniform file at that ratio. The interval "
        "at a single ratio is wide; Fig. 7 gives the bytes saved over a range of accuracies.",
    )


def _record(item: Measured) -> dict[str, Any]:
    def known(value: float) -> float | None:
        return value if np.isfinite(value) else None

    return {
        "model": item.pair.model,
        "profiles": [item.pair.spatial.name, item.pair.uniform.name],
        "mu": item.mu.tolist(),
        "mean_bytes": dict(zip(("uniform", "spatial"), item.size.tolist(), strict=True)),
        "compression_ratio": dict(zip(("uniform", "spatial"), item.ratio.tolist(), strict=True)),
        "bandwidth_saved": [
            {"ratio": ratio} | {key: known(value) for key, value in vars(item.saved_at(ratio)).items()}
            for ratio in RATIOS
        ],
    }
