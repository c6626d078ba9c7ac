"""The HTML page of an evaluation: table, plots, and how to repeat it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from edgevision.experiments.evaluation.evaluate import Evaluation
from edgevision.experiments.evaluation.summary import (
    SummaryRow,
    headline,
    notes,
    reference_of,
    signed,
    three_digits,
    with_interval,
)
from edgevision.experiments.report import html
from edgevision.statistics import CONFIDENCE, RESAMPLES


@dataclass(frozen=True)
class Picture:
    """A plot as a PNG with its heading and caption; ``name`` is its file name without suffix."""

    name: str
    heading: str
    caption: str
    png: bytes


def render_page(evaluation: Evaluation, rows: Sequence[SummaryRow], pictures: Iterable[Picture]) -> str:
    """The whole page as HTML."""
    title = f"{evaluation.env_id}: {len(rows)} policies on {len(evaluation.seeds)} {evaluation.split} episodes"
    body = [
        html.paragraph(f"Made {evaluation.created} on {evaluation.cpu}"),
        html.paragraph(headline(evaluation, list(rows)), "lead"),
        _scores(rows, reference_of(evaluation)),
        *(html.paragraph(note) for note in notes(rows)),
        html.paragraph(_how_to_read(evaluation)),
    ]
    for picture in pictures:
        described = f"{picture.heading}. {picture.caption}"
        body += [html.heading(picture.heading), html.figure(picture.png, picture.caption, described)]
    body += [
        html.heading("How to repeat it"),
        html.command(evaluation.command),
        html.details("Options and origin of the policies", _options(evaluation)),
        html.details("Settings of the environment", html.pairs(evaluation.scenario)),
        html.details("Versions", html.pairs(evaluation.versions)),
    ]
    return html.page(title, body)


def _how_to_read(evaluation: Evaluation) -> str:
    return (
        "The score of an episode is its mean reward per slot or, if decisions change later slots, the share of its "
        f"requests that are answered right. All policies met the same random numbers (seeds {evaluation.seeds[0]} to "
        f"{evaluation.seeds[-1]}), so differences to {reference_of(evaluation)} are paired by episode. Brackets hold "
        f"{CONFIDENCE:.0%} percentile bootstrap intervals ({RESAMPLES} samples of both episodes and contents). IQM is "
        "the mean of the middle half of the episodes. Decision times are for one "
        "slot on one core, after warm-up. Energy is what a camera spends per request on computing and radiation; its "
        "power while computing is an assumption (docs/energy.md)."
    )


def _scores(rows: Sequence[SummaryRow], reference: str) -> str:
    heads = (
        "policy",
        "kind",
        "score",
        "IQM",
        f"minus {reference}",
        "in time",
        "accuracy",
        "energy [mJ]",
        "p50 [ms]",
        "p99 [ms]",
    )
    cells = [
        (
            row.policy,
            row.kind,
            with_interval(row.score),
            f"{row.iqm.estimate:.4f}",
            signed(row.difference),
            f"{row.in_time:.3f}",
            f"{row.accuracy:.3f}",
            three_digits(row.energy_mj),
            three_digits(row.latency_p50_ms),
            three_digits(row.latency_p99_ms),
        )
        for row in rows
    ]
    return html.table(heads, cells, texts=2, wrap=False, styles=[row.kind for row in rows])


def _options(evaluation: Evaluation) -> str:
    cells = []
    for spec in (result.spec for result in evaluation.results):
        options = ", ".join(f"{key}={value}" for key, value in spec.options) or "defaults"
        origin = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in spec.origin)
        cells.append((spec.label, "learned" if spec.kind == "learned" else options, origin))
    return html.table(("policy", "options", "origin"), cells, texts=3)
