"""The numbers in a table of policies: estimates with intervals, paired differences and decision times."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from edgevision.experiments.evaluation.evaluate import Evaluation, PolicyResult
from edgevision.statistics import (
    Interval,
    bootstrap_interval,
    crosswise_interval,
    interquartile_mean,
)
from edgevision.storage.disk_files import without_nan

#: All others are compared with the first of these policies that is evaluated, else with the first of all.
REFERENCES = ("co-crra", "mpc", "look-ahead", "tracker")


@dataclass(frozen=True)
class SummaryRow:
    """One policy in a table.

    Attributes:
        policy: label of the policy.
        kind: ``learned``, ``solver`` or ``rule``.
        options: options as ``key=value``, tuned ones included.
        score: mean over episodes of the mean reward per slot; the bootstrap resamples both episodes and contents.
        iqm: interquartile mean of the scores of episodes; the bootstrap resamples episodes only.
        difference: score minus that of the reference, paired; ``None`` for the reference, or if there is none.
        in_time: mean success probability (or share in time) of the requests.
        accuracy: mean accuracy term of the requests.
        energy_mj: energy that a camera spends per request, on computing and radiation [mJ].
        latency_p50_ms: median time of a single-slot decision [ms].
        latency_p99_ms: 99th percentile of the time of a single-slot decision [ms].
    """

    policy: str
    kind: str
    options: str
    score: Interval
    iqm: Interval
    difference: Interval | None
    in_time: float
    accuracy: float
    energy_mj: float
    latency_p50_ms: float
    latency_p99_ms: float

    def to_json(self) -> dict[str, Any]:
        """Nested dictionaries of JSON values; ``None`` for the ends of an interval that is not defined."""
        values: dict[str, Any] = without_nan(asdict(self))
        return values


def summarise(evaluation: Evaluation) -> list[SummaryRow]:
    """One row per policy, best score first."""
    results = {result.spec.label: result for result in evaluation.results}
    rows = [_row(result, results.get(reference_of(evaluation))) for result in evaluation.results]
    return sorted(rows, key=lambda row: -row.score.estimate)


def reference_of(evaluation: Evaluation) -> str:
    """Label of the policy that the others are compared with: the one that the caller chose, or see ``REFERENCES``."""
    if evaluation.reference is not None:
        return evaluation.reference
    labels = [result.spec.label for result in evaluation.results]
    found = (label for name in REFERENCES for label in labels if label.partition(":")[0] == name)
    return next(found, labels[0] if labels else REFERENCES[0])


def _row(result: PolicyResult, reference: PolicyResult | None) -> SummaryRow:
    rollout, spec = result.rollout, result.spec
    p50, p99 = 1e3 * np.percentile(result.decision_seconds or (0.0,), (50, 99))
    requests = np.maximum(rollout.requests, 1e-9)
    return SummaryRow(
        policy=spec.label,
        kind=spec.kind,
        options=", ".join(f"{key}={value}" for key, value in spec.options),
        score=crosswise_interval(result.content_scores, result.content_weight),
        iqm=bootstrap_interval(result.scores, interquartile_mean),
        difference=difference(result, reference) if reference is not None and reference is not result else None,
        in_time=float(np.average(rollout.in_time, weights=requests)),
        accuracy=float(np.average(rollout.accuracy, weights=requests)),
        energy_mj=1e3 * float(np.average(rollout.energy, weights=requests)),
        latency_p50_ms=float(p50),
        latency_p99_ms=float(p99),
    )


def difference(result: PolicyResult, reference: PolicyResult) -> Interval:
    """Mean difference of scores, paired; the bootstrap resamples both episodes and contents.

    Two agents with the same number of training seeds are paired by seed; otherwise the mean of the reference counts.
    """
    against = reference.content_scores
    if len(against) != len(result.content_scores):
        against = against.mean(axis=0)
    return crosswise_interval(result.content_scores - against, result.content_weight)


def headline(evaluation: Evaluation, rows: list[SummaryRow]) -> str:
    """A sentence on each learned policy against the best classical one, or on the best if there is only one kind.

    References that know the future do not count.
    """
    results = {result.spec.label: result for result in evaluation.results}
    clairvoyant = {label for label, result in results.items() if not result.spec.causal}
    rows = [row for row in rows if row.policy not in clairvoyant] or rows
    learned = [row for row in rows if row.kind == "learned"]
    classical = [row for row in rows if row.kind != "learned"]
    if not learned or not classical:
        return f"Best score: {rows[0].policy}, {rows[0].score.estimate:.4f}."
    rival = classical[0].policy
    return " ".join(_comparison(row.policy, rival, difference(results[row.policy], results[rival])) for row in learned)


def _comparison(policy: str, rival: str, difference: Interval) -> str:
    if difference.low > 0:
        verdict = "scores above"
    elif difference.high < 0:
        verdict = "scores below"
    else:
        verdict = "cannot be told apart from"
    return f"{policy} {verdict} the strongest classical policy, {rival}: {signed(difference)}."


def with_interval(interval: Interval) -> str:
    """An interval as ``0.8123 [0.8000, 0.8250]``; with dashes for ends that are not defined."""
    return _text(interval, ".4f")


def signed(interval: Interval | None) -> str:
    """A difference as ``+0.0123 [-0.0010, +0.0250]``; a dash for ``None``, dashes for ends that are not defined."""
    return "-" if interval is None else _text(interval, "+.4f")


def _text(interval: Interval, form: str) -> str:
    estimate, low, high = ("-" if math.isnan(value) else format(value, form) for value in vars(interval).values())
    return f"{estimate} [{low}, {high}]"


def notes(rows: Sequence[SummaryRow]) -> list[str]:
    """Why there are dashes in a table of these rows; a sentence for each reason."""
    intervals = [interval for row in rows for interval in (row.score, row.iqm, row.difference) if interval is not None]
    found = []
    if any(math.isnan(interval.low) for interval in intervals):
        found.append(
            "[-, -]: no interval, because too many of its bootstrap samples have no request; evaluate more episodes."
        )
    return found


def three_digits(value: float) -> str:
    """A time or an energy with three significant digits, or all digits before the point."""
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"
