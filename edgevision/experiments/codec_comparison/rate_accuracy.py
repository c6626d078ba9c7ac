"""Bytes that one codec saves over another at equal accuracy, and accuracy gained at equal bytes, with intervals.

The curve of a codec is its accuracy against the logarithm of its mean bytes, one point per level. As in Bjontegaard's
delta rate, two curves are interpolated by monotone cubics (PCHIP), and their difference is averaged over the range
that both cover. Levels that cost more bytes than another level, but are not more accurate, are left out first. The mean
log-probability of the true class is a finer measure of the same pictures, compared in the same way.
Source: Bjontegaard, VCEG-M33 (2001), with the interpolation of Strom et al., IEEE ICIP 2020.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from edgevision.arrays import FloatArray, IntArray
from edgevision.errors import ProfileError, shown
from edgevision.experiments.codec_comparison.monotone_cubic import MonotoneCubics
from edgevision.profiles.profile import OperatingPointProfile
from edgevision.statistics import Interval, percentile_interval

Summary = Callable[[FloatArray, FloatArray, FloatArray, FloatArray], FloatArray]

ACCURACY_RANGE = (0.3, 0.8)
RESAMPLES = 2000


@dataclass(frozen=True)
class LevelRow:
    """Two codecs at the same level (equal mu): mean bytes, accuracies and their paired difference."""

    level: float
    size: float
    reference_size: float
    accuracy: float
    reference_accuracy: float
    gain: Interval


@dataclass(frozen=True)
class Comparison:
    """A codec against a reference on the same images.

    Attributes:
        name: name of the profile of the codec.
        reference: name of the profile of the reference.
        images: number of images.
        bytes_saved: share of the bytes of the reference that are saved at equal accuracy.
        accuracy_gained: accuracy gained at equal bytes.
        bytes_saved_at_log_probability: as ``bytes_saved``, at equal mean log-probability of the true class; ``None`` if
            a profile does not hold it. Its interval is narrower, because it does not only count right answers.
        equal_level: the levels that both ladders have.
    """

    name: str
    reference: str
    images: int
    bytes_saved: Interval
    accuracy_gained: Interval
    bytes_saved_at_log_probability: Interval | None
    equal_level: tuple[LevelRow, ...]


@dataclass(frozen=True, eq=False)
class EfficientPoints:
    """The efficient levels of B curves: no other level reaches their accuracy with fewer bytes.

    Attributes:
        log_bytes: log bytes, increasing strictly along the first ``count`` columns, (B, K).
        accuracy: accuracy, likewise, (B, K).
        count: how many levels of each curve are efficient, (B,).
    """

    log_bytes: FloatArray
    accuracy: FloatArray
    count: IntArray

    @classmethod
    def among(cls, size: FloatArray, accuracy: FloatArray) -> EfficientPoints:
        """Those among K levels with these bytes and accuracies, (B, K) or (K,) each."""
        size, accuracy = np.atleast_2d(size), np.atleast_2d(accuracy)
        order = np.lexsort((-accuracy, size))
        size, accuracy = (np.take_along_axis(values, order, axis=1) for values in (size, accuracy))
        best = np.maximum.accumulate(accuracy, axis=1)
        better = accuracy > np.concatenate([np.full((len(best), 1), -np.inf), best[:, :-1]], axis=1)
        order = np.argsort(~better, axis=1, kind="stable")
        size, accuracy = (np.take_along_axis(values, order, axis=1) for values in (size, accuracy))
        return cls(np.log(size), accuracy, better.sum(axis=1))

    def bytes_by_accuracy(self) -> MonotoneCubics:
        """Log bytes as a function of accuracy."""
        return MonotoneCubics(self.accuracy, self.log_bytes, self.count)

    def accuracy_by_bytes(self) -> MonotoneCubics:
        """Accuracy as a function of log bytes."""
        return MonotoneCubics(self.log_bytes, self.accuracy, self.count)


def efficient_points(size: FloatArray, accuracy: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Log bytes and accuracy of the efficient levels of one curve, among K levels."""
    found = EfficientPoints.among(size, accuracy)
    used = slice(found.count[0])
    return found.log_bytes[0, used], found.accuracy[0, used]


def bytes_saved(
    size: FloatArray,
    accuracy: FloatArray,
    reference_size: FloatArray,
    reference: FloatArray,
    within: tuple[float, float] = ACCURACY_RANGE,
) -> FloatArray:
    """Share of the reference's bytes saved at equal accuracy, averaged over accuracies.

    Args:
        size: mean bytes per level [byte], of B samples, (B, K) or (K,).
        accuracy: accuracy per level, or another measure that grows with quality, likewise.
        reference_size: mean bytes per level of the reference [byte], (B, M) or (M,).
        reference: accuracy per level of the reference, likewise.
        within: the accuracies to average over.

    Returns:
        1 - exp(mean difference of log bytes), (B,); NaN where the curves share no accuracy in the range.
    """
    ours = EfficientPoints.among(size, accuracy).bytes_by_accuracy()
    theirs = EfficientPoints.among(reference_size, reference).bytes_by_accuracy()
    low, high = _overlap(ours, theirs, *within)
    return -np.expm1(_mean_difference(ours, theirs, low, high))


def accuracy_gained(
    size: FloatArray, accuracy: FloatArray, reference_size: FloatArray, reference: FloatArray
) -> FloatArray:
    """Accuracy gained at equal bytes, averaged over the log bytes at which the reference is in ``ACCURACY_RANGE``.

    Takes the arguments of ``bytes_saved``. NaN where the curves share no bytes in that range.
    """
    points = EfficientPoints.among(reference_size, reference)
    needed = points.bytes_by_accuracy()
    low, high = _overlap(needed, needed, *ACCURACY_RANGE)
    ours, theirs = EfficientPoints.among(size, accuracy).accuracy_by_bytes(), points.accuracy_by_bytes()
    shared = low < high
    ends = (needed(np.clip(end, needed.first, needed.last)) for end in (low, high))
    low, high = _overlap(ours, theirs, *ends)
    return _mean_difference(ours, theirs, low, np.where(shared, high, -np.inf))


def log_probability_range(size: FloatArray, accuracy: FloatArray, log_probability: FloatArray) -> tuple[float, float]:
    """The mean log-probabilities at the bytes where a codec's accuracy is at the ends of ``ACCURACY_RANGE``.

    Args:
        size: mean bytes per level [byte], (K,).
        accuracy: accuracy per level, (K,).
        log_probability: mean log-probability of the true class per level, (K,).
    """
    log_bytes, reached = efficient_points(size, accuracy)
    order = np.argsort(size)
    ends = np.interp(ACCURACY_RANGE, reached, log_bytes)
    low, high = np.interp(ends, np.log(size[order]), log_probability[order])
    return float(low), float(high)


def _overlap(
    first: MonotoneCubics, second: MonotoneCubics, low: FloatArray | float, high: FloatArray | float
) -> tuple[FloatArray, FloatArray]:
    """The part of [low, high] that lies within both curves of each pair, (B,) each."""
    return np.maximum(np.maximum(first.first, second.first), low), np.minimum(np.minimum(first.last, second.last), high)


def _mean_difference(first: MonotoneCubics, second: MonotoneCubics, low: FloatArray, high: FloatArray) -> FloatArray:
    """Mean over [low, high] of the difference of two curves, (B,); NaN where that is empty."""
    shared = low < high
    low, high = np.where(shared, low, 0.0), np.where(shared, high, 1.0)
    difference = (first.integrate(low, high) - second.integrate(low, high)) / (high - low)
    return np.where(shared, difference, np.nan)


def compare(
    ours: OperatingPointProfile, reference: OperatingPointProfile, *, resamples: int = RESAMPLES, seed: int = 0
) -> Comparison:
    """Compare two measured profiles of the same images; the bootstrap resamples images, paired between the profiles.

    Raises:
        ProfileError: a profile without recorded outcomes, or profiles of different images or classifiers.
    """
    correct = [outcomes(profile) for profile in (ours, reference)]
    if ours.content_ids != reference.content_ids:
        raise ProfileError(f"profiles {ours.name!r} and {reference.name!r} are not of the same images")
    models = [profile.metadata.get("model") for profile in (ours, reference)]
    if models[0] != models[1]:
        raise ProfileError(
            f"profiles {ours.name!r} and {reference.name!r} are of different classifiers ({shown(models[0])} and "
            f"{shown(models[1])}); compare codecs with one classifier"
        )
    J = ours.contents
    drawn = np.random.default_rng(seed).multinomial(J, np.full(J, 1 / J), resamples) / J
    tables = (ours.size, correct[0], reference.size, correct[1])
    means = tuple(table.mean(axis=0) for table in tables)
    resampled = tuple(drawn @ table for table in tables)
    rows = []
    for level in np.intersect1d(ours.parameter, reference.parameter):
        i, j = (int(np.flatnonzero(profile.parameter == level)[0]) for profile in (ours, reference))
        gain = percentile_interval(float(means[1][i] - means[3][j]), resampled[1][:, i] - resampled[3][:, j])
        sizes, accuracies = (float(means[0][i]), float(means[2][j])), (float(means[1][i]), float(means[3][j]))
        rows.append(LevelRow(float(level), *sizes, *accuracies, gain))
    finer = None
    if ours.log_probability is not None and reference.log_probability is not None:
        logs = (ours.size, ours.log_probability, reference.size, reference.log_probability)
        within = log_probability_range(means[2], means[3], reference.log_probability.mean(axis=0))
        finer = _bootstrap(
            partial(bytes_saved, within=within),
            tuple(table.mean(axis=0) for table in logs),
            tuple(drawn @ table for table in logs),
        )
    return Comparison(
        name=ours.name,
        reference=reference.name,
        images=J,
        bytes_saved=_bootstrap(bytes_saved, means, resampled),
        accuracy_gained=_bootstrap(accuracy_gained, means, resampled),
        bytes_saved_at_log_probability=finer,
        equal_level=tuple(rows),
    )


def outcomes(profile: OperatingPointProfile) -> FloatArray:
    """1 for each right answer and 0 for each wrong one, (J, K).

    Raises:
        ProfileError: the profile has none.
    """
    if profile.correct is None:
        raise ProfileError(f"profile {profile.name!r} has no recorded answers; compare measured profiles")
    return profile.correct.astype(np.float64)


def _bootstrap(summary: Summary, means: tuple[FloatArray, ...], resampled: tuple[FloatArray, ...]) -> Interval:
    """``summary`` of the four means, and its interval from their resamples (B, K)."""
    return percentile_interval(float(summary(*means)[0]), summary(*resampled))
