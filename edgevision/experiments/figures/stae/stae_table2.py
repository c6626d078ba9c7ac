"""Table II of the STAE paper: entropy coding, and the compression of 104 x that follows from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from edgevision.experiments.figures.request import Request
from edgevision.experiments.figures.section import Plot, Section, Table
from edgevision.experiments.figures.stae.stae_plots import plot_bytes
from edgevision.experiments.figures.stae.stae_profiles import (
    ENTROPY,
    METHODS,
    PLAIN,
    Measured,
    Say,
    VideoSet,
    differences,
    find_sets,
    how_to_measure,
    table_by_set,
)
from edgevision.profiles import stae_tables as published
from edgevision.profiles.video_grid import FRAMES, GRID, PIXELS
from edgevision.statistics import FloatArray, signed_points

_NAME = "stae-table2"
_ALL, _FEWEST = PIXELS.index(1.0), PIXELS.index(0.4)
_VALUE_BITS = 8  # of our values before coding
#: Columns of Table II: method, pixel budget, published entropy and its spread [bit], encoding and decoding time [ms].
_COLUMNS = tuple(
    (
        method,
        b,
        *(
            getattr(published, f"{quantity}_{method.upper()}_{100 * PIXELS[b]:.0f}")
            for quantity in ("ENTROPY", "ENTROPY_SPREAD", "TIME_ENCODE", "TIME_DECODE")
        ),
    )
    for b in (_ALL, _FEWEST)
    for method in ("stae", "deepisc")
)
_PARTS = ("header", "mask", "values")


def make(request: Request) -> Section:
    """Compare entropies, coding times and the compression with the published ones.

    Raises:
        ReproductionError: see ``find_sets``.
        ProfileError: see ``find_sets``.
    """
    sets = find_sets(request)
    coded = [found for found in sets if "stae" in found.measured]
    lead = " ".join(_outcome(found) for found in coded)
    caption = "Mean bytes of a clip sent by ViT_STAE: values as they are, and under the range coder."
    bars = {found.title: (found.measured["stae"].size[..., PLAIN], _parts(found.measured["stae"])) for found in coded}
    return Section(
        heading="Table II (STAE): entropy coding, and 104 x",
        lead=lead or f"Not measured: there are no profiles of ViT_STAE. {how_to_measure(_NAME)}",
        tables=(_compression(sets), _entropies(sets), _times(sets), _bytes(sets)),
        plots=(Plot(f"{_NAME}.png", caption, plot_bytes(bars)),) if coded else (),
        differences=(*_differences(), *differences(_NAME, sets)),
        numbers={
            "published": {"compression": published.COMPRESSION, "loss_points": published.COMPRESSION_LOSS},
            "measured": [_record(found) for found in coded],
        },
    )


def papers_count(value_bits: float, entropy: float) -> float:
    """F / alpha x 100 % / beta x bits before / bits after coding, at alpha = 1 and beta = 40 % (section IV-B.1)."""
    return float(FRAMES[0] / FRAMES[-1] / PIXELS[_FEWEST] * value_bits / entropy)


def wire_compression(one: Measured) -> float:
    """Bytes of the whole clip as uint8 values over all bytes sent at alpha = 1, beta = 40 %, entropy-coded."""
    return float(one.raw_bytes / one.size[-1, _FEWEST, ENTROPY])


def _wire(found: VideoSet) -> str:
    """``wire_compression`` with its interval over clips, as text."""
    one = found.measured["stae"]
    sent = found.draws.mean(one.profile.size.reshape(-1, *GRID)[:, -1, _FEWEST, ENTROPY])
    value, high, low = one.raw_bytes / sent
    return f"{value:.1f} [{low:.1f}, {high:.1f}]"


def _loss(found: VideoSet) -> str:
    correct = found.measured["stae"].correct[..., ENTROPY]
    return signed_points(found.draws.mean(correct[:, -1, _FEWEST] - correct[:, 0, _ALL]))


def _outcome(found: VideoSet) -> str:
    one = found.measured["stae"]
    return (
        f"{found.title}, 1 frame and 40 % of its pixels: {papers_count(published.VALUE_BITS, _entropy(one)):.0f} x in "
        f"the paper's count (published: {published.COMPRESSION:.0f} x), {_wire(found)} x in real bytes "
        f"against uint8 values, mask included; accuracy changes by {_loss(found)} points (published: "
        f"{-published.COMPRESSION_LOSS:g})."
    )


def _entropy(one: Measured) -> float:
    return float(one.entropy[-1, _FEWEST])


def _of_stae(say: Callable[[Measured], str]) -> Say:
    return lambda found: found.cell("stae", say)


def _kilobytes(one: Measured) -> str:
    return f"{one.raw_bytes / 1e3:.0f} kB to {one.size[-1, _FEWEST, ENTROPY] / 1e3:.2f} kB"


def _compression(sets: Sequence[VideoSet]) -> Table:
    stated = published.ENTROPY_STAE_40[-1]
    rows: list[tuple[Sequence[str], Say]] = [
        (
            (
                "the paper's count, against float32 values: 16/1 x 100/40 x 32/H",
                f"{papers_count(published.VALUE_BITS, stated):.1f} (H = {stated:g} bit)",
            ),
            _of_stae(
                lambda one: f"{papers_count(published.VALUE_BITS, _entropy(one)):.1f} (H = {_entropy(one):.2f} bit)"
            ),
        ),
        (
            (
                "the same against uint8 values: 16/1 x 100/40 x 8/H",
                f"{papers_count(_VALUE_BITS, stated):.1f} (not in the paper)",
            ),
            _of_stae(lambda one: f"{papers_count(_VALUE_BITS, _entropy(one)):.1f}"),
        ),
        (
            ("bytes really sent, with mask, header and checksum, against uint8 values", "not stated"),
            lambda found: found.cell("stae", lambda one: f"{_wire(found)} ({_kilobytes(one)})"),
        ),
        (
            (
                "accuracy, against 16 whole frames [points]",
                f"{-published.COMPRESSION_LOSS:g} ({published.ACCURACY_FA_100[0]:g} % to "
                f"{published.ACCURACY_STAE_40[-1]:g} %)",
            ),
            lambda found: found.cell("stae", lambda _: _loss(found)),
        ),
    ]
    caption = "Compression at alpha = 1, beta = 40 %, and what it costs; intervals paired by clip."
    return table_by_set(caption, ("what is counted", "published"), sets, rows, words=True)


def _entropies(sets: Sequence[VideoSet]) -> Table:
    def ours(method: str, a: int, b: int) -> Say:
        return lambda found: found.cell(
            method, lambda one: f"{one.entropy[a, b]:.2f} ({100 * one.entropy[a, b] / _VALUE_BITS:.0f} %)"
        )

    rows = [
        (
            (
                f"{METHODS[method]}, {100 * PIXELS[b]:.0f} %",
                f"{alpha}",
                f"{entropy[a]:g} (+-{spread[a]:g}; {100 * entropy[a] / published.VALUE_BITS:.0f} %)",
            ),
            ours(method, a, b),
        )
        for method, b, entropy, spread, _, _ in _COLUMNS
        for a, alpha in enumerate(FRAMES)
    ]
    caption = (
        f"Entropy [bit per value], and as a share of the value: {published.VALUE_BITS} bit published, {_VALUE_BITS} "
        "bit here."
    )
    return table_by_set(caption, ("model, pixels", "alpha", "published"), sets, rows)


def _times(sets: Sequence[VideoSet]) -> Table:
    def ours(method: str, a: int, b: int) -> Say:
        return lambda found: found.cell(
            method, lambda one: f"{1e3 * one.part('t_ee')[a, b]:.2f} / {1e3 * one.part('t_ed')[a, b]:.2f}"
        )

    rows = [
        (
            (f"{METHODS[method]}, {100 * PIXELS[b]:.0f} %", f"{alpha}", f"{encode[a]:g} / {decode[a]:g}"),
            ours(method, a, b),
        )
        for method, b, _, _, encode, decode in _COLUMNS
        for a, alpha in enumerate(FRAMES)
    ]
    caption = "Entropy encoding on the device / decoding at the edge [ms]."
    return table_by_set(caption, ("model, pixels", "alpha", "published"), sets, rows)


def _bytes(sets: Sequence[VideoSet]) -> Table:
    rows = []
    for found in sets:
        for method in ("stae", "deepisc"):
            if method not in found.measured:
                continue
            one = found.measured[method]
            parts = np.stack(list(_parts(one).values()))
            rows += [
                (
                    f"{found.title}, {METHODS[method]}, {100 * PIXELS[b]:.0f} %",
                    f"{alpha}",
                    *(f"{part[a, b]:.0f}" for part in (*parts, parts.sum(0))),
                    f"{one.size[a, b, ENTROPY]:.0f} ({one.profile.metadata.get('coding', 'its own')})",
                    f"{one.size[a, b, PLAIN]:.0f}",
                    f"{100 * one.size[a, b, ENTROPY] / one.raw_bytes:.2f} %",
                )
                for b in (_ALL, _FEWEST)
                for a, alpha in enumerate(FRAMES)
            ]
    heads = (
        "data set, model, pixels",
        "alpha",
        *(f"range coder: {part}" for part in (*_PARTS, "all")),
        "mode entropy (coder)",
        "all, as bytes",
        "mode entropy, of the raw clip",
    )
    caption = "Mean bytes of a clip; under the range coder also its parts. Not in the paper."
    return Table(caption, heads, tuple(rows))


def _parts(one: Measured) -> dict[str, FloatArray]:
    return {part: one.mean_bytes(part) for part in _PARTS}


def _differences() -> list[str]:
    entropy = published.ENTROPY_STAE_40[-1]
    return [
        f"The 104 x of the paper is counted against float32 values. Values of a camera have 8 bit, and the printed "
        f"entropy of {entropy:g} bit is more than that: against uint8 values the same numbers give "
        f"{papers_count(_VALUE_BITS, entropy):.0f} x. The count also leaves out the mask, without which a decoder does "
        "not know where the values belong.",
        "Our entropies are of uint8 values, so they cannot exceed 8 bit; compare shares.",
        "The paper uses Huffman coding, for DeepISC on its latent only. Table II does not say which values the entropy "
        "of DeepISC refers to; ours refers to the latent. Our bytes are those that our coders send.",
    ]


def _record(found: VideoSet) -> dict[str, Any]:
    one = found.measured["stae"]
    correct = one.correct[..., ENTROPY]
    return {
        "data_set": found.description,
        "papers_count": papers_count(published.VALUE_BITS, _entropy(one)),
        "papers_count_of_uint8": papers_count(_VALUE_BITS, _entropy(one)),
        "real_bytes": wire_compression(one),
        "accuracy_change": found.draws.mean(correct[:, -1, _FEWEST] - correct[:, 0, _ALL]).tolist(),
        "entropy_bits": {method: each.entropy.tolist() for method, each in found.measured.items()},
        "range_coder_bytes": {part: table.tolist() for part, table in _parts(one).items()},
    }
