"""Estimates with bootstrap intervals: over episodes and training seeds, and over groups of contents.

All training seeds are evaluated on the same episodes, so seeds and episodes are crossed factors, not strata. Resampling
episodes separately within each seed would count every episode once per seed and make intervals too narrow. Both factors
are therefore resampled (the pigeonhole bootstrap). Clips of one sequence are similar, so a sequence is resampled as a
whole (the cluster bootstrap).

Sources: Efron and Tibshirani, An Introduction to the Bootstrap (1993), section 13.3 (percentile intervals); Owen, The
pigeonhole bootstrap (2007); Davison and Hinkley, Bootstrap Methods and their Application (1997), section 3.8
(clusters); Agarwal et al., Deep Reinforcement Learning at the Edge of the Statistical Precipice
(2021), section 4 (interquartile mean).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from edgevision.arrays import FloatArray, IntArray

Statistic = Callable[[FloatArray], FloatArray]

CONFIDENCE = 0.95
RESAMPLES = 10_000
_MOSTLY = 0.95  # least share of samples on which the statistic must be defined
_BLOCK = 2**20  # resampled values in memory at a time


@dataclass(frozen=True)
class Interval:
    """A point estimate with the ends of its confidence interval."""

    estimate: float
    low: float
    high: float


def mean(values: FloatArray) -> FloatArray:
    """Mean over the last axis."""
    return np.asarray(values.mean(axis=-1))


def interquartile_mean(values: FloatArray) -> FloatArray:
    """Mean of the middle half over the last axis: drops n // 4 values at each end."""
    ordered = np.sort(values, axis=-1)
    cut = ordered.shape[-1] // 4
    return np.asarray(ordered[..., cut : ordered.shape[-1] - cut].mean(axis=-1))


def percentile_interval(estimate: float, resampled: FloatArray, confidence: float = CONFIDENCE) -> Interval:
    """Interval of a statistic from its values on the bootstrap samples, (B,).

    The statistic may be undefined (NaN) on some samples; if more than 5 % are undefined, both ends are NaN.
    """
    defined = resampled[np.isfinite(resampled)]
    if len(defined) < _MOSTLY * len(resampled):
        return Interval(estimate, float("nan"), float("nan"))
    low, high = np.quantile(defined, _tails(confidence))
    return Interval(estimate, float(low), float(high))


def _tails(confidence: float) -> tuple[float, float]:
    return (1 - confidence) / 2, (1 + confidence) / 2


def bootstrap_interval(
    values: ArrayLike,
    statistic: Statistic = mean,
    *,
    confidence: float = CONFIDENCE,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Interval:
    """Percentile bootstrap interval of a statistic.

    Args:
        values: (E,) episodes, or (S, E) with S training seeds on the same E episodes; resampling draws S rows and E
            columns with replacement, and the statistic is taken over all S E values where they cross.
        statistic: maps (..., n) to (...).
        confidence: coverage, in (0, 1).
        resamples: bootstrap samples.
        seed: seed of the resampling.

    Raises:
        ValueError: no values, values that are not finite, or a confidence outside (0, 1).
    """
    table = np.atleast_2d(np.asarray(values, np.float64))
    if table.ndim != 2 or table.size == 0 or not np.isfinite(table).all():
        raise ValueError(f"values must be finite, of shape (E,) or (S, E) and not empty, got shape {table.shape}")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie in (0, 1), got {confidence!r}")
    resampled = _resampled(table, statistic, resamples, np.random.default_rng(seed))
    return percentile_interval(float(statistic(table.ravel())), resampled, confidence)


def _resampled(table: FloatArray, statistic: Statistic, resamples: int, random: np.random.Generator) -> FloatArray:
    """The statistic of every bootstrap sample, (resamples,), a block at a time to bound memory."""
    S, E = table.shape
    block = max(1, _BLOCK // table.size)
    results = []
    for done in range(0, resamples, block):
        size = min(block, resamples - done)
        episodes = random.integers(E, size=(size, 1, E))
        seeds = random.integers(S, size=(size, S, 1)) if S > 1 else 0
        drawn = table[seeds, episodes]
        results.append(statistic(drawn.reshape(len(drawn), -1)))
    return np.concatenate(results)


def crosswise_interval(
    mass: ArrayLike,
    weight: ArrayLike,
    *,
    confidence: float = CONFIDENCE,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Interval:
    """Interval of a mean score over episodes when both the episodes and the contents are samples.

    Args:
        mass: what each content adds to the score of each episode, (E, C), or (S, E, C) with S training seeds; for a
            paired difference, the difference of two such arrays.
        weight: what each content would add if its reward were 1, (E, C).
        confidence: coverage, in (0, 1).
        resamples: bootstrap samples.
        seed: seed of the resampling; the same seed draws the same episodes and contents.

    Raises:
        ValueError: shapes that do not fit, or values that are not finite.
    """
    masses, weights = _seeds_episodes_contents(mass, weight)
    resampled = crosswise_samples(masses, weights, resamples=resamples, seed=seed)
    return percentile_interval(float(masses.sum() / masses.shape[0] / masses.shape[1]), resampled, confidence)


def crosswise_samples(mass: ArrayLike, weight: ArrayLike, *, resamples: int = RESAMPLES, seed: int = 0) -> FloatArray:
    """The mean score on each bootstrap sample of episodes and contents, (resamples,); NaN if a sample has no request.

    An episode's score is a sum over the contents of its requests. Episodes and contents are crossed factors, because a
    hard content is hard in every episode. The pigeonhole bootstrap resamples both, and training seeds if there are
    several. Contents without any weight were not sampled, so they are left out. The score of a bootstrap sample is its
    mean reward per unit of weight, times the weight of its episodes.

    Arguments and errors are those of ``crosswise_interval``. Scores with different weights are compared by the
    difference of their samples, drawn with one seed.
    """
    masses, weights = _seeds_episodes_contents(mass, weight)
    asked = weights.any(axis=0)
    masses, weights = masses[:, :, asked], weights[:, asked]
    S, E, C = masses.shape
    random = np.random.default_rng(seed)
    episodes, contents, seeds = (_multiplicities(random, count, resamples) for count in (E, C, S))
    total = sum(seeds[:, s] * ((episodes @ masses[s]) * contents).sum(axis=1) for s in range(S)) / S
    per_unit = ((episodes @ weights) * contents).sum(axis=1)
    own = episodes @ weights.sum(axis=1) / E
    with np.errstate(divide="ignore", invalid="ignore"):  # a sample may have no request
        return np.asarray(np.where(per_unit > 0, total / per_unit * own, np.nan))


def _seeds_episodes_contents(mass: ArrayLike, weight: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Mass as (S, E, C) and weight as (E, C), checked."""
    masses = np.asarray(mass, np.float64)
    masses = masses[None] if masses.ndim == 2 else masses
    weights = np.asarray(weight, np.float64)
    if masses.ndim != 3 or masses.shape[1:] != weights.shape or not weights.any():
        raise ValueError(
            f"mass and weight must be of the same episodes and contents, got {masses.shape} and {weights.shape}"
        )
    if not (np.isfinite(masses).all() and np.isfinite(weights).all()):
        raise ValueError("mass and weight must be finite")
    return masses, weights


def _multiplicities(random: np.random.Generator, count: int, resamples: int) -> FloatArray:
    """How often each of ``count`` items is drawn in each bootstrap sample, (resamples, count)."""
    if count == 1:
        return np.ones((resamples, 1))
    return random.multinomial(count, np.full(count, 1 / count), resamples).astype(np.float64)


class GroupBootstrap:
    """Cluster bootstrap over groups of clips; all quantities use the same samples, so differences are paired."""

    def __init__(self, groups: IntArray, resamples: int, seed: int = 0) -> None:
        """Draw groups with replacement.

        Args:
            groups: group of each clip, (J,).
            resamples: number of bootstrap samples.
            seed: seed of the resampling.
        """
        names, member = np.unique(groups, return_inverse=True)
        count = len(names)
        drawn = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), resamples)
        weights = drawn[:, member].astype(float)
        self._weights = weights / weights.sum(axis=1, keepdims=True)

    def samples(self, values: FloatArray) -> FloatArray:
        """Mean of (J, K) over the clips on each bootstrap sample, (resamples, K)."""
        return self._weights @ values

    def mean(self, values: FloatArray) -> FloatArray:
        """Mean of (J, ..) over the clips and the ends of its 95 % interval, (3, ..)."""
        flat = values.reshape(len(values), -1)
        value = flat.mean(axis=0)
        low, high = np.quantile(self.samples(flat), _tails(CONFIDENCE), axis=0)
        ends = np.minimum(low, value), np.maximum(high, value)  # rounding may put an end on the wrong side of the mean
        return np.stack([value, *ends]).reshape(3, *values.shape[1:])


def points(mean: FloatArray) -> str:
    """Text for a share and its interval (3,), in per cent."""
    value, low, high = 100 * mean
    return f"{value:.1f} [{low:.1f}, {high:.1f}]"


def signed_points(mean: FloatArray) -> str:
    """Text for a difference of shares and its interval (3,), in percentage points."""
    value, low, high = 100 * mean
    return f"{value:+.1f} [{low:+.1f}, {high:+.1f}]"
