"""One self-contained HTML page: no script, nothing fetched from elsewhere, every text escaped."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from edgevision.experiments.evaluation.evaluate import Evaluation
from edgevision.experiments.evaluation.summary import (
    REFERENCE,
    SummaryRow,
    headline,
    milliseconds,
    signed,
    with_interval,
)
from edgevision.statistics import CONFIDENCE, RESAMPLES

STYLE = """
:root { color-scheme: light dark; --ink: #1c1e21; --soft: #5b6270; --paper: #ffffff; --card: #f5f6f8; --line: #d9dce2;
        --accent: #b44a00; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8eaed; --soft: #a3abb8; --paper: #16181c; --card: #20242a; --line: #3a4049; --accent: #ff9a52; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 74rem; background: var(--paper); color: var(--ink);
       font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 0 .3rem; } h2 { font-size: 1.2rem; margin: 2.6rem 0 .6rem; }
p.lead { font-size: 1.1rem; margin: .8rem 0; } p.soft, figcaption { color: var(--soft); }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: .5rem; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; font-variant-numeric: tabular-nums; }
th, td { padding: .45rem .6rem; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line); }
th { background: var(--card); font-weight: 600; } tr:last-child td { border-bottom: 0; }
th.text, td.text { text-align: left; } td.wide { white-space: normal; overflow-wrap: anywhere; }
tr.learned td { color: var(--accent); font-weight: 600; }
figure { margin: 1.2rem 0; } figcaption { font-size: .92rem; margin-top: .4rem; }
img { display: block; max-width: min(100%, 62rem); height: auto; margin: 0 auto; background: #fff;
      border: 1px solid var(--line); border-radius: .5rem; padding: .5rem; }
code, pre { font: .88rem/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
pre { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .8rem 1rem;
      overflow-x: auto; }
details { margin: .8rem 0; } summary { cursor: pointer; font-weight: 600; }
"""


@dataclass(frozen=True)
class Picture:
    """A PNG with its heading and caption; ``name`` is its file name without suffix."""

    name: str
    heading: str
    caption: str
    png: bytes


def render_page(evaluation: Evaluation, rows: Sequence[SummaryRow], pictures: Iterable[Picture]) -> str:
    """The whole page."""
    title = f"{evaluation.env_id}: {len(rows)} policies on {len(evaluation.seeds)} {evaluation.split} episodes"
    body = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="soft">Made {escape(evaluation.created)} on {escape(evaluation.cpu)}</p>',
        f'<p class="lead">{escape(headline(evaluation, list(rows)))}</p>',
        _scores(rows),
        f'<p class="soft">{escape(_how_to_read(evaluation))}</p>',
        *(_figure(picture) for picture in pictures),
        "<h2>How to repeat it</h2>",
        f"<pre>{escape(evaluation.command)}</pre>",
        render_details("Options and origin of the policies", _options(evaluation)),
        render_details("Settings of the environment", render_pairs(evaluation.scenario)),
        render_details("Versions", render_pairs(evaluation.versions)),
    ]
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
    start = f'<!DOCTYPE html>\n<html lang="en"><head>{head}<style>{STYLE}</style></head><body><main>'
    return "\n".join([start, *body, "</main></body></html>\n"])


def _how_to_read(evaluation: Evaluation) -> str:
    return (
        f"The score of an episode is its mean reward per slot. All policies met the same random numbers (seeds "
        f"{evaluation.seeds[0]} to {evaluation.seeds[-1]}), so differences to {REFERENCE} are paired by episode. "
        f"Brackets hold {CONFIDENCE:.0%} percentile bootstrap intervals ({RESAMPLES} resamples of the episodes). IQM "
        "is the mean of the middle half of the episodes. Decision times are for one slot on one core, after warm-up."
    )


def _scores(rows: Sequence[SummaryRow]) -> str:
    heads = ("policy", "kind", "score", "IQM", f"minus {REFERENCE}", "in time", "accuracy", "p50 [ms]", "p99 [ms]")
    lines = []
    for row in rows:
        cells = [
            with_interval(row.score),
            f"{row.iqm.estimate:.4f}",
            signed(row.difference),
            f"{row.in_time:.3f}",
            f"{row.accuracy:.3f}",
            milliseconds(row.latency_p50_ms),
            milliseconds(row.latency_p99_ms),
        ]
        texts = "".join(f'<td class="text">{escape(text)}</td>' for text in (row.policy, row.kind))
        lines.append(
            f'<tr class="{row.kind}">{texts}' + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"
        )
    return render_table(heads, lines)


def _options(evaluation: Evaluation) -> str:
    lines = []
    for contender in (result.contender for result in evaluation.results):
        options = ", ".join(f"{key}={value}" for key, value in contender.options) or "defaults"
        origin = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in contender.origin)
        cells = (contender.label, "learned" if contender.kind == "learned" else options, origin)
        lines.append("<tr>" + "".join(f'<td class="text wide">{escape(cell)}</td>' for cell in cells) + "</tr>")
    return render_table(("policy", "options", "origin"), lines, texts=3)


def render_pairs(pairs: Mapping[str, Any]) -> str:
    """A table of names and values, as HTML; both are escaped."""
    cells = [(escape(key), escape(str(value))) for key, value in pairs.items()]
    lines = [f'<tr><td class="text">{key}</td><td class="text wide">{value}</td></tr>' for key, value in cells]
    return render_table(("name", "value"), lines, texts=2)


def render_table(heads: Sequence[str], lines: Sequence[str], texts: int = 2) -> str:
    """A table as HTML; ``lines`` are whole rows, the first ``texts`` columns hold text."""
    head = "".join(
        f'<th class="text">{escape(name)}</th>' if i < texts else f"<th>{escape(name)}</th>"
        for i, name in enumerate(heads)
    )
    rows = "\n".join(lines)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>\n{rows}\n</tbody></table></div>'


def render_details(title: str, content: str) -> str:
    """HTML ``content`` that unfolds under ``title``."""
    return f"<details><summary>{escape(title)}</summary>{content}</details>"


def _figure(picture: Picture) -> str:
    data = base64.b64encode(picture.png).decode()
    alt = escape(f"{picture.heading}. {picture.caption}", quote=True)
    return (
        f"<h2>{escape(picture.heading)}</h2><figure>"
        f'<img alt="{alt}" src="data:image/png;base64,{data}">'
        f"<figcaption>{escape(picture.caption)}</figcaption></figure>"
    )
