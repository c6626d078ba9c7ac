"""Parts of self-contained HTML pages: no script, nothing fetched from elsewhere, every text escaped."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

_STYLE = """
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
th.text, td.text { text-align: left; } td.wide { white-space: normal; overflow-wrap: break-word; }
tr.learned td { color: var(--accent); font-weight: 600; }
figure { margin: 1.2rem 0; } figcaption { font-size: .92rem; margin-top: .4rem; }
img { display: block; max-width: min(100%, 62rem); height: auto; margin: 0 auto; background: #fff;
      border: 1px solid var(--line); border-radius: .5rem; padding: .5rem; }
code, pre { font: .88rem/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
pre { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .8rem 1rem;
      overflow-x: auto; }
details { margin: .8rem 0; } summary { cursor: pointer; font-weight: 600; }
"""


def page(title: str, body: Iterable[str]) -> str:
    """A whole page; ``body`` is HTML."""
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
    start = f'<!DOCTYPE html>\n<html lang="en"><head>{head}<style>{_STYLE}</style></head><body><main>'
    return "\n".join([start, f"<h1>{escape(title)}</h1>", *filter(None, body), "</main></body></html>\n"])


def heading(text: str, level: int = 2) -> str:
    """A heading; level 1 is the title of the page."""
    return f"<h{level}>{escape(text)}</h{level}>"


def paragraph(text: str, style: str = "soft") -> str:
    """A paragraph in the style ``lead`` or ``soft``."""
    return f'<p class="{style}">{escape(text)}</p>'


def command(text: str) -> str:
    """A command line to copy."""
    return f"<pre>{escape(text)}</pre>"


def bullets(texts: Iterable[str]) -> str:
    """A list of bullet points."""
    return "<ul>" + "".join(f"<li>{escape(text)}</li>" for text in texts) + "</ul>"


def table(
    heads: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    texts: int,
    wrap: bool = True,
    styles: Sequence[str] | None = None,
) -> str:
    """A table.

    Args:
        heads: a heading per column.
        rows: the cells of each row.
        texts: number of columns with text; they come first, and the others hold numbers.
        wrap: whether text columns may break lines.
        styles: a CSS class per row; ``learned`` is highlighted.
    """
    text = "text wide" if wrap else "text"
    lines = []
    for i, row in enumerate(rows):
        words = "".join(f'<td class="{text}">{escape(cell)}</td>' for cell in row[:texts])
        numbers = "".join(f"<td>{escape(cell)}</td>" for cell in row[texts:])
        lines.append(f'<tr class="{styles[i]}">{words}{numbers}</tr>' if styles else f"<tr>{words}{numbers}</tr>")
    head = "".join(f'<th class="text">{escape(name)}</th>' for name in heads[:texts])
    head += "".join(f"<th>{escape(name)}</th>" for name in heads[texts:])
    body = "\n".join(lines)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table></div>'


def pairs(values: Mapping[str, Any]) -> str:
    """A table of names and values."""
    return table(("name", "value"), [(key, str(value)) for key, value in values.items()], texts=2)


def details(title: str, content: str) -> str:
    """HTML ``content`` that opens on a click on ``title``."""
    return f"<details><summary>{escape(title)}</summary>{content}</details>"


def figure(png: bytes, caption: str, alt: str | None = None) -> str:
    """A picture with its caption. The alternative text is ``alt``, or else the caption."""
    data = base64.b64encode(png).decode()
    described = escape(caption if alt is None else alt, quote=True)
    image = f'<img alt="{described}" src="data:image/png;base64,{data}">'
    return f"<figure>{image}<figcaption>{escape(caption)}</figcaption></figure>"
