"""The page of all figures made so far: self-contained HTML, no script, every text escaped."""

from __future__ import annotations

import base64
from html import escape
from pathlib import Path

from edgevision.experiments.figures.section import Plot, StoredSection, Table, read_sections
from edgevision.experiments.report.report_page import STYLE, render_details, render_pairs, render_table
from edgevision.storage import write_atomically

_NAMES_STAY_WHOLE = "td.wide { overflow-wrap: normal; }"
_TITLE = "Published figures, measured again"
_INTRODUCTION = (
    "Figures of the published papers made again with this package, beside every number that the papers' text states "
    "for them. Brackets hold 95 % bootstrap intervals. Where something was not measured, it says so."
)


def write_page(folder: Path, names: tuple[str, ...]) -> Path:
    """Write ``index.html`` with the sections that ``folder`` holds, and return its path."""
    path = folder / "index.html"
    write_atomically(path, render_page(list(read_sections(folder, names))).encode())
    return path


def render_page(sections: list[StoredSection]) -> str:
    """The whole page."""
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(_TITLE)}</title>'
    start = f'<!DOCTYPE html>\n<html lang="en"><head>{head}<style>{STYLE}{_NAMES_STAY_WHOLE}</style></head><body><main>'
    body = [f"<h1>{escape(_TITLE)}</h1>", f'<p class="soft">{escape(_INTRODUCTION)}</p>']
    return "\n".join([start, *body, *(_section(stored) for stored in sections), "</main></body></html>\n"])


def _section(stored: StoredSection) -> str:
    section = stored.section
    differences = "".join(f"<li>{escape(text)}</li>" for text in section.differences)
    parts = [
        f"<h2>{escape(section.heading)}</h2>",
        f'<p class="lead">{escape(section.lead)}</p>',
        *(_captioned(table) for table in section.tables),
        *(_figure(plot) for plot in section.plots),
        f"<h3>What differs from the paper</h3><ul>{differences}</ul>" if differences else "",
        f"<h3>How to repeat it</h3><pre>{escape(stored.command)}</pre>",
        render_details(f"Made {stored.created} with", render_pairs(stored.versions)),
    ]
    return "\n".join(filter(None, parts))


def _captioned(table: Table) -> str:
    lines = []
    for row in table.rows:
        words = "".join(f'<td class="text wide">{escape(cell)}</td>' for cell in row[: table.texts])
        numbers = "".join(f"<td>{escape(cell)}</td>" for cell in row[table.texts :])
        lines.append(f"<tr>{words}{numbers}</tr>")
    return f'<p class="soft">{escape(table.caption)}</p>' + render_table(table.heads, lines, texts=table.texts)


def _figure(plot: Plot) -> str:
    data = base64.b64encode(plot.png).decode()
    return (
        f'<figure><img alt="{escape(plot.caption, quote=True)}" src="data:image/png;base64,{data}">'
        f"<figcaption>{escape(plot.caption)}</figcaption></figure>"
    )
