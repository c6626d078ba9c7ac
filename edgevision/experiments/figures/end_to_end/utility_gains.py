"""Means and ratios over the settings of Fig. 10, with intervals over slots and pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from edgevision.arrays import FloatArray
from edgevision.envs.config import SuccessModel
from edgevision.experiments.figures.co_crra.solver_sweep import SCORES
from edgevision.experiments.figures.end_to_end.utility_sweep import Decided
from edgevision.statistics import Interval, crosswise_interval, crosswise_samples, percentile_interval

#: What the lines decided, by label, in each of S settings.
Measured = Sequence[Mapping[str, Decided]]


def mean_ratio(
    found: Measured, labels: tuple[str, str], values: Callable[[Decided], FloatArray], contents: int, resamples: int
) -> Interval:
    """Mean of one line over the mean of another, averaged over the settings; slots and pictures are paired.

    Args:
        found: what was decided.
        labels: the line, and the line that it is compared with.
        values: what is averaged, a number per request (S, E, U).
        contents: number of contents C.
        resamples: number of bootstrap samples.
    """

    def ratio(of: Mapping[str, Decided]) -> tuple[float, FloatArray]:
        masses = [of[label].by_content(values(of[label]), contents) for label in labels]
        weight = of[labels[0]].weight(contents)
        drawn = [crosswise_samples(mass, weight, resamples=resamples) for mass in masses]
        estimate = masses[0].mean(axis=0).sum() / masses[1].mean(axis=0).sum()
        with np.errstate(divide="ignore", invalid="ignore"):  # a sample may have no right answer
            return float(estimate), drawn[0] / drawn[1]

    ratios = [ratio(of) for of in found]
    estimate = float(np.mean([value for value, _ in ratios]))
    return percentile_interval(estimate, np.mean([drawn for _, drawn in ratios], axis=0))


def utility_gain(
    found: Measured, labels: tuple[str, str], model: SuccessModel, contents: int, resamples: int
) -> Interval:
    """``mean_ratio`` of the utilities, less 1."""
    ratio = mean_ratio(found, labels, lambda decided: decided.utility(model), contents, resamples)
    return Interval(*(end - 1 for end in vars(ratio).values()))


def utilities(found: Measured, contents: int, resamples: int) -> dict[SuccessModel, dict[str, FloatArray]]:
    """Mean utility and its interval in each of S settings, (S, 3), by score and line."""

    def row(decided: Decided, model: SuccessModel) -> list[float]:
        mass = decided.by_content(decided.utility(model), contents)
        return list(vars(crosswise_interval(mass, decided.weight(contents), resamples=resamples)).values())

    return {model: {label: np.array([row(of[label], model) for of in found]) for label in found[0]} for model in SCORES}
