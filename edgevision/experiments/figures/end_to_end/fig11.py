"""Fig. 11: delay on the device, of sending at 15 Mbit/s and at the edge, by classifier and mu."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgevision.arrays import FloatArray, IntArray
from edgevision.envs.computing.device_models import DEVICE_MODELS, DeviceName
from edgevision.experiments.codec_comparison.rate_accuracy import EfficientPoints
from edgevision.experiments.figures.end_to_end.end_to_end_plots import plot_delays
from edgevision.experiments.figures.request import Request
from edgevision.experiments.figures.section import Plot, Section, Table
from edgevision.experiments.figures.spat_imco.profile_pairs import Pair, differences, find_pairs
from edgevision.experiments.figures.spat_imco.published_numbers import (
    FIG_11_CLAIMS,
    FIG_11_SOURCE,
    NETWORK_MS,
    RATE_MBPS,
    SWEEP,
)
from edgevision.statistics import GroupBootstrap, percentile_interval

#: The device that the paper measures on, and the reference machine in place of its laptops.
DEVICE: DeviceName = "jetson-like"
_CODECS = ("SpaT-IMCO", "Unified-IMCO")
_SHOWN = (1.0, 2.0, 4.0, 6.0, 8.0, 10.0)
_TOTAL = "total"


@dataclass(frozen=True, eq=False)
class Delays:
    """Delays of both codecs with one classifier at the levels that both have, in the paper's range of mu.

    Attributes:
        pair: the profiles.
        mu: the levels, (L,).
        parts: by codec, the mean delay of each part at each level, (L,) [ms].
        ends: by codec, mean and interval of the delay of transmission over pictures, (3, L) [ms].
        break_even: rate below which SpaT-IMCO is faster than Unified-IMCO where both are equally accurate, with its
            interval, at each level of Unified-IMCO, (3, L) [Mbit/s]; 0 if it is slower at any rate, infinite if it is
            faster at any, and NaN if it does not reach the accuracy or is faster above a rate only.
    """

    pair: Pair
    mu: FloatArray
    parts: Mapping[str, Mapping[str, FloatArray]]
    ends: Mapping[str, FloatArray]
    break_even: FloatArray

    def total(self, codec: str) -> FloatArray:
        """Sum of the parts at each level, (L,) [ms]."""
        return np.sum(list(self.parts[codec].values()), axis=0)


def make(request: Request) -> Section:
    """Split the delays of every pair of profiles.

    Raises:
        ReproductionError, ProfileError: see ``find_pairs``.
    """
    pairs = find_pairs(request.profiles)
    measured = [delays(pair, request.resamples) for pair in pairs]
    caption = (
        f"Delay of a picture at {RATE_MBPS:g} Mbit/s, on a {DEVICE} device, with the reference machine as the edge."
    )
    return Section(
        heading="Fig. 11: delay on the device, of sending and at the edge",
        lead=" ".join(_outcome(found) for found in measured),
        tables=(_claims(measured), _table(measured), _break_even(measured)),
        plots=(Plot("fig11.png", caption, plot_delays({found.pair.label: _bars(found) for found in measured})),),
        differences=(*_differences(measured), *differences(pairs)),
        numbers={
            "published": FIG_11_CLAIMS,
            "where": FIG_11_SOURCE,
            "measured": [_record(found) for found in measured],
        },
    )


def delays(pair: Pair, resamples: int, device: DeviceName = DEVICE) -> Delays:
    """Split the delays of a pair of profiles; pictures are resampled for the intervals."""
    low, high = SWEEP
    mu = np.intersect1d(pair.spatial.parameter, pair.uniform.parameter)
    mu = mu[(mu >= low) & (mu <= high)]
    profiles = dict(zip(_CODECS, (pair.spatial, pair.uniform), strict=True))
    at = {codec: np.array([int(np.flatnonzero(p.parameter == m)[0]) for m in mu]) for codec, p in profiles.items()}
    bootstrap = GroupBootstrap(np.arange(pair.uniform.contents), resamples)
    sending = {codec: 8e-3 * profile.size[:, at[codec]] / RATE_MBPS for codec, profile in profiles.items()}
    parts = {
        codec: {
            "local": 1e3 * DEVICE_MODELS[device] * profile.device_time[at[codec]],
            "transmission": sending[codec].mean(axis=0),
            "edge": 1e3 * profile.edge_time[at[codec]],
        }
        for codec, profile in profiles.items()
    }
    ends = {codec: bootstrap.mean(values) for codec, values in sending.items()}
    factor = DEVICE_MODELS[device]
    return Delays(pair, mu, parts, ends, _rates(pair, at["Unified-IMCO"], factor, bootstrap))


def _rates(pair: Pair, index: IntArray, factor: float, bootstrap: GroupBootstrap) -> FloatArray:
    """Rates of ``Delays.break_even``, (3, L) [Mbit/s]: bits saved over the time that the map and the decoder cost."""
    spatial, uniform = pair.spatial, pair.uniform
    assert spatial.correct is not None and uniform.correct is not None  # noqa: S101 - pairs are measured
    more_time = (
        np.interp(uniform.parameter[index], spatial.parameter, factor * spatial.device_time + spatial.edge_time)
        - (factor * uniform.device_time + uniform.edge_time)[index]
    )
    tables = (spatial.size, spatial.correct, uniform.size[:, index], uniform.correct[:, index])
    samples = [bootstrap.samples(table.astype(np.float64)) for table in tables]
    means = [table.mean(axis=0)[None].astype(np.float64) for table in tables]
    estimate, drawn = _bytes_saved(*means)[0], _bytes_saved(*samples)
    intervals = [percentile_interval(*column) for column in zip(estimate.tolist(), drawn.T, strict=True)]
    saved = np.array([(found.estimate, found.low, found.high) for found in intervals]).T
    with np.errstate(divide="ignore", invalid="ignore"):
        rates = np.where(more_time > 0, np.maximum(8e-6 * saved / more_time, 0.0), np.inf)
    # A codec that is faster but larger wins above a rate, not below one.
    rates[:, (more_time <= 0) & ~(estimate > 0)] = np.nan
    return np.where(np.isnan(saved), np.nan, rates)


def _bytes_saved(size: FloatArray, accuracy: FloatArray, their_size: FloatArray, theirs: FloatArray) -> FloatArray:
    """Bytes that a codec, given by its K levels, saves at the accuracy of each of L levels of another, (B, L).

    NaN where the codec does not reach that accuracy.
    """
    curve = EfficientPoints.among(size, accuracy).bytes_by_accuracy()
    needed = np.stack([np.exp(curve(np.clip(a, curve.first, curve.last))) for a in theirs.T], axis=-1)
    reached = (theirs >= curve.first[:, None]) & (theirs <= curve.last[:, None])
    return np.where(reached, their_size - needed, np.nan)


def _bars(found: Delays) -> list[tuple[str, dict[str, float]]]:
    return [
        (f"mu = {mu:g}, {codec}", {part: float(values[i]) for part, values in found.parts[codec].items()})
        for i, mu in enumerate(found.mu)
        if mu in _SHOWN
        for codec in _CODECS
    ]


def _outcome(found: Delays) -> str:
    ours, theirs = map(found.total, _CODECS)
    return (
        f"{found.pair.model}: SpaT-IMCO takes {ours.min():.0f} to {ours.max():.0f} ms in total, Unified-IMCO "
        f"{theirs.min():.0f} to {theirs.max():.0f} ms (published: {FIG_11_CLAIMS['total'].split(';')[0]})."
    )


def _claims(measured: Sequence[Delays]) -> Table:
    rows = []
    for found in measured:
        ours, theirs = (found.parts[codec] for codec in _CODECS)
        total = found.total(_CODECS[0]) - found.total(_CODECS[1])
        rows += [
            (found.pair.label, "local delay", FIG_11_CLAIMS["local delay"], _more(ours["local"], theirs["local"])),
            (
                found.pair.label,
                "the importance network's part of it",
                f"{NETWORK_MS[0]:g} to {NETWORK_MS[1]:g} ms on a Jetson TX2 (section VI-A.2)",
                _network(found.pair),
            ),
            (
                found.pair.label,
                "transmission delay",
                FIG_11_CLAIMS["transmission delay"],
                _more(ours["transmission"], theirs["transmission"]),
            ),
            (found.pair.label, "edge delay", "not stated", _more(ours["edge"], theirs["edge"])),
            (
                found.pair.label,
                _TOTAL,
                FIG_11_CLAIMS["total"],
                f"ours {total.min():+.0f} to {total.max():+.0f} ms; "
                f"{int((total < 0).sum())} of {len(total)} levels faster",
            ),
        ]
    return Table(
        f"Published ({FIG_11_SOURCE}) and ours, at equal mu from {SWEEP[0]:g} to {SWEEP[1]:g}.",
        ("classifier", "claim", "published", "ours"),
        tuple(rows),
        texts=4,
    )


def _network(pair: Pair) -> str:
    times = pair.spatial.metadata.get("parts", {}).get("analyse")
    return f"{1e3 * DEVICE_MODELS[DEVICE] * max(times):.0f} ms" if times else "not recorded"


def _more(ours: FloatArray, theirs: FloatArray) -> str:
    more = ours - theirs
    return f"ours {more.min():+.2f} to {more.max():+.2f} ms"


def _table(measured: Sequence[Delays]) -> Table:
    rows = []
    for found in measured:
        for i, mu in enumerate(found.mu):
            for codec in _CODECS:
                parts, (_, low, high) = found.parts[codec], found.ends[codec][:, i]
                rows.append(
                    (
                        found.pair.label,
                        codec,
                        f"{mu:g}",
                        f"{parts['local'][i]:.1f}",
                        f"{parts['transmission'][i]:.2f} [{low:.2f}, {high:.2f}]",
                        f"{parts['edge'][i]:.1f}",
                        f"{found.total(codec)[i]:.1f}",
                    )
                )
    caption = (
        f"Delays [ms] on a {DEVICE} device at {RATE_MBPS:g} Mbit/s. Intervals over pictures; the spread of the times "
        "stands in docs/reference-machine.md."
    )
    return Table(caption, ("classifier", "codec", "mu", "local", "transmission", "edge", _TOTAL), tuple(rows), texts=2)


def _break_even(measured: Sequence[Delays]) -> Table:
    rows = tuple(
        (found.pair.label, f"{mu:g}", "-" if np.isnan(value) else f"{value:.3f} [{low:.3f}, {high:.3f}]")
        for found in measured
        for mu, (value, low, high) in zip(found.mu, found.break_even.T, strict=True)
    )
    caption = (
        "Rate [Mbit/s] below which SpaT-IMCO is faster than Unified-IMCO if both are equally accurate, on a "
        f"{DEVICE} device; 0 if it is slower at any rate, inf if it is faster at any, - if it is not that accurate."
    )
    return Table(caption, ("classifier", "mu of Unified-IMCO", "rate"), rows)


def _differences(measured: Sequence[Delays]) -> tuple[str, ...]:
    kilobytes = [found.pair.spatial.raw_size.mean() / 1e3 for found in measured]
    whole = [end for found in measured for end in (found.total(_CODECS[1]).min(), found.total(_CODECS[1]).max())]
    return (
        f"The local delay is that of one core of a {DEVICE} device, {DEVICE_MODELS[DEVICE]:g} times the reference "
        "machine's (docs/reference-machine.md), and the edge delay that of one core of the reference machine. The "
        "paper has a Jetson TX2 and laptops, and does not say whether they use a GPU.",
        f"Pictures are as small as the classifiers' inputs ({min(kilobytes):.0f} to {max(kilobytes):.0f} kB raw), so "
        "sending takes milliseconds. The paper does not print the sizes behind its figure. The network of the map "
        "takes the same time for pictures of all sizes, so with larger pictures its part is smaller.",
        f"The paper's own time of the network alone, {NETWORK_MS[0]:g} to {NETWORK_MS[1]:g} ms, stands against "
        f"{min(whole):.0f} to {max(whole):.0f} ms of the baseline's whole delay here.",
        "At equal mu our files are not smaller than uniform ones, so equal mu is no fair comparison of delays. The "
        "table of rates compares both codecs at equal accuracy instead.",
    )


def _record(found: Delays) -> dict[str, Any]:
    return {
        "profiles": [found.pair.spatial.name, found.pair.uniform.name],
        "mu": found.mu.tolist(),
        "delay_ms": {
            codec: {part: values.tolist() for part, values in parts.items()} for codec, parts in found.parts.items()
        },
        "transmission_interval_ms": {codec: ends.tolist() for codec, ends in found.ends.items()},
        "break_even_mbps": [[rate if np.isfinite(rate) else str(rate) for rate in row] for row in found.break_even],
    }
