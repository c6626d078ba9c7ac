"""The HTML page of all figures in a folder."""

from __future__ import annotations

from pathlib import Path

from edgevision.experiments.figures.section import StoredSection, read_sections
from edgevision.experiments.report import html
from edgevision.storage.disk_files import write_atomically

_TITLE = "Published figures, measured again"
_INTRODUCTION = (
    "Figures of the published papers made again with this package, beside every number that the text of the papers "
    "states for them. Brackets hold 95 % bootstrap intervals. What was not measured is marked as such."
)


def write_page(folder: Path, names: tuple[str, ...]) -> Path:
    """Write ``index.html`` with the sections that ``folder`` holds, and return its path."""
    path = folder / "index.html"
    write_atomically(path, render_page(list(read_sections(folder, names))).encode())
    return path


def render_page(sections: list[StoredSection]) -> str:
    """The whole page as HTML."""
    return html.page(_TITLE, [html.paragraph(_INTRODUCTION), *(_section(stored) for stored in sections)])


def _section(stored: StoredSection) -> str:
    section = stored.section
    parts = [html.heading(section.heading), html.paragraph(section.lead, "lead")]
    for table in section.tables:
        parts += [html.paragraph(table.caption), html.table(table.heads, table.rows, texts=table.texts)]
    parts += [html.figure(plot.png, plot.caption) for plot in section.plots]
    if section.differences:
        parts += [html.heading("What differs from the paper", 3), html.bullets(section.differences)]
    parts += [html.heading("How to repeat it", 3), html.command(stored.command)]
    parts.append(html.details(f"Made {stored.created} with", html.pairs(stored.versions)))
    return "\n".join(parts)
