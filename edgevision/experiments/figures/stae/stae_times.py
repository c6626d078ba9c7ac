"""Completion times at a constant rate: t = S / gamma + t_cmp (eqs. 2 to 4), with entropy coding if it is faster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from edgevision.envs.problem import IntArray
from edgevision.experiments.figures.stae.stae_profiles import ENTROPY, LOCAL, PLAIN, Measured, VideoSet
from edgevision.profiles import published_stae
from edgevision.profiles import stae_tables as published
from edgevision.profiles.video_grid import FRAMES, PIXELS
from edgevision.statistics import FloatArray

#: The budgets of Fig. 5(a): one frame, 40 % of its pixels.
SMALLEST = (FRAMES.index(1), PIXELS.index(0.4))


@dataclass(frozen=True)
class Way:
    """A way to classify a clip. Its variants are pairs of bits to send and seconds to compute; the fastest counts."""

    variants: tuple[tuple[float, float], ...]

    def seconds(self, rate: FloatArray | float) -> FloatArray:
        """Completion time [s] at rates [bit/s] of any shape."""
        with np.errstate(over="ignore"):  # a rate near 0 takes for ever
            return np.min(
                [bits / np.asarray(rate, np.float64) + computing for bits, computing in self.variants], axis=0
            )


def where_faster(first: Way, second: Way) -> list[tuple[float, float]]:
    """The open intervals of rates in (0, inf) [bit/s] in which the first way is faster, in ascending order."""
    spans: list[tuple[float, float]] = []
    for low, high in pairwise([0.0, *_meetings(first, second), np.inf]):
        inside = _between(low, high)
        if first.seconds(inside) < second.seconds(inside):
            start = spans.pop()[0] if spans and spans[-1][1] == low else low
            spans.append((start, high))
    return spans


def _meetings(first: Way, second: Way) -> list[float]:
    """All rates at which a variant of one way takes as long as a variant of the other, in ascending order."""
    rates = {
        (bits - other_bits) / (other_computing - computing)
        for bits, computing in first.variants
        for other_bits, other_computing in second.variants
        if (bits - other_bits) * (other_computing - computing) > 0
    }
    return sorted(rates)


def _between(low: float, high: float) -> float:
    if np.isinf(high):
        return 2 * low or 1.0
    return (low + high) / 2


def in_words(spans: Sequence[tuple[float, float]]) -> str:
    """Intervals of rates [bit/s] in words."""
    said = []
    for low, high in spans:
        if low == 0:
            said.append("at every rate" if np.isinf(high) else f"below {_rate(high)}")
        else:
            said.append(f"above {_rate(low)}" if np.isinf(high) else f"from {_rate(low)} to {_rate(high)}")
    return " and ".join(said) or "at no rate"


def _rate(rate: float) -> str:
    return f"{rate / 1e9:.3g} Gbit/s" if rate >= 999.5e6 else f"{rate / 1e6:.3g} Mbit/s"


def sent(one: Measured, frame: int, pixel: int, modes: Sequence[int] = (PLAIN, ENTROPY)) -> Way:
    """The way that sends a clip at one cell of the grid, in one of ``modes``."""
    variants = [(8 * one.size[frame, pixel, mode], one.computing[frame, pixel, mode]) for mode in modes]
    return Way(tuple((float(bits), float(computing)) for bits, computing in variants))


def ways(found: VideoSet) -> dict[str, Way]:
    """The measured ways of Fig. 5(a) among ViT_STAE, ViT_DeepISC, full offload and local computing."""
    named = {"ViT_STAE": "stae", "ViT_DeepISC": "deepisc"}
    measured = {
        name: sent(found.measured[method], *SMALLEST) for name, method in named.items() if method in found.measured
    }
    return {**measured, **_without_selection(found.measured["stae"])} if "stae" in found.measured else measured


def published_ways() -> dict[str, Way]:
    """The ways of Fig. 5(a) by Tables I and II; for local computing see `edgevision.profiles.published`."""
    stae = Measured(published_stae())
    frame, _ = SMALLEST
    bits = 8 * float(stae.size[(*SMALLEST, PLAIN)])
    computing = 1e-3 * (published.TIME_FA[frame] + published.TIME_DEEPISC_40[frame] + published.TIME_VIT[frame])
    coding = 1e-3 * (published.TIME_ENCODE_DEEPISC_40[frame] + published.TIME_DECODE_DEEPISC_40[frame])
    coded = bits * published.ENTROPY_DEEPISC_40[frame] / published.VALUE_BITS
    deepisc = Way(((bits, computing), (coded, computing + coding)))
    return {"ViT_STAE": sent(stae, *SMALLEST), "ViT_DeepISC": deepisc, **_without_selection(stae)}


def _without_selection(one: Measured) -> dict[str, Way]:
    return {"full offload": sent(one, 0, 0, [PLAIN]), "local": sent(one, *SMALLEST, [LOCAL])}


def completion(one: Measured, rate: float) -> tuple[FloatArray, IntArray]:
    """Completion time [s] of every cell of the grid at a rate [bit/s], and the faster mode, (5, 7) each."""
    both = np.stack([8 * one.size[..., mode] / rate + one.computing[..., mode] for mode in (PLAIN, ENTROPY)])
    return both.min(axis=0), np.array([PLAIN, ENTROPY])[both.argmin(axis=0)]
