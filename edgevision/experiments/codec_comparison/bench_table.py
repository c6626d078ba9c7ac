"""The table of the codec benchmark: one row for each codec, compared with a reference codec on the same classifier."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from edgevision.experiments.codec_comparison.rate_accuracy import ACCURACY_RANGE, Comparison, efficient_points, outcomes
from edgevision.profiles.profile import OperatingPointProfile
from edgevision.statistics import Interval

_UNDEFINED = "-"
_HEADINGS = ("codec", "bytes saved, top-1 [%]", "bytes saved, log p [%]", "PSNR", "SSIM", "encode", "decode")


@dataclass(frozen=True)
class CodecRow:
    """A codec beside the reference.

    Attributes:
        codec: its name.
        comparison: with the reference; ``None`` for the reference itself.
        psnr: at the bytes of the table [dB]; NaN where the codec reaches no such size.
        ssim: at the bytes of the table; NaN where the codec reaches no such size.
        encode_ratio: time of the importance map and of encoding over the reference's, each the median over the levels.
        decode_ratio: time of decoding over the reference's.
    """

    codec: str
    comparison: Comparison | None
    psnr: float
    ssim: float
    encode_ratio: float
    decode_ratio: float


def middle_size(reference: OperatingPointProfile) -> float:
    """Bytes in the middle, on a logarithmic scale, of those at which the reference is in ``ACCURACY_RANGE``."""
    log_bytes, accuracy = efficient_points(reference.size.mean(axis=0), outcomes(reference).mean(axis=0))
    return float(np.exp(np.interp(ACCURACY_RANGE, accuracy, log_bytes).mean()))


def codec_rows(
    profiles: Mapping[str, OperatingPointProfile], reference: str, comparisons: Mapping[str, Comparison]
) -> list[CodecRow]:
    """The rows of one classifier, in the order of ``profiles``."""
    size = middle_size(profiles[reference])
    return [
        CodecRow(
            name,
            comparisons.get(name),
            _at(profile, "psnr", size),
            _at(profile, "ssim", size),
            _seconds(profile, "analyse", "encode") / _seconds(profiles[reference], "analyse", "encode"),
            _seconds(profile, "decode") / _seconds(profiles[reference], "decode"),
        )
        for name, profile in profiles.items()
    ]


def _at(profile: OperatingPointProfile, quality: str, size: float) -> float:
    """Mean PSNR or SSIM at a mean size, interpolated between levels over the logarithm of the size."""
    log_bytes = np.log(profile.size.mean(axis=0))[::-1]
    values = np.array(profile.metadata[quality], np.float64)[::-1]
    return float(np.interp(np.log(size), log_bytes, values, left=np.nan, right=np.nan))


def _seconds(profile: OperatingPointProfile, *parts: str) -> float:
    """Median over the levels of the time of some parts [s]."""
    return float(np.median(np.sum([profile.metadata["parts"][part] for part in parts], axis=0)))


def table(rows: list[CodecRow], size: float) -> list[str]:
    """The rows as lines of text, with headings; ``size`` is the one that PSNR and SSIM are at."""
    cells = [_HEADINGS] + [
        (
            row.codec,
            percent(row.comparison.bytes_saved if row.comparison else None),
            percent(row.comparison.bytes_saved_at_log_probability if row.comparison else None),
            _number(row.psnr, 1),
            _number(row.ssim, 3),
            f"{row.encode_ratio:.2f}",
            f"{row.decode_ratio:.2f}",
        )
        for row in rows
    ]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [
        "  " + "  ".join([line[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(line[1:], widths[1:], strict=True))])
        for line in cells
    ]
    return [*lines, f"  PSNR [dB] and SSIM at {size:.0f} bytes; times are multiples of {rows[0].codec}'s"]


def percent(interval: Interval | None, undefined: str = _UNDEFINED) -> str:
    """An estimate with its interval in per cent; ``undefined`` if there is none.

    ``[none]`` stands for the interval if the estimate is undefined on more than 5 % of the samples.
    """
    if interval is None or math.isnan(interval.estimate):
        return undefined
    ends = "none" if math.isnan(interval.low) else f"{100 * interval.low:.1f}, {100 * interval.high:.1f}"
    return f"{100 * interval.estimate:.1f} [{ends}]"


def _number(value: float, digits: int) -> str:
    return _UNDEFINED if math.isnan(value) else f"{value:.{digits}f}"
