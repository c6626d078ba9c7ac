"""Docstrings of the environments: each id's own text, joined with the text that all ids share."""

from __future__ import annotations

import inspect
import re

#: Headings of an environment's docstring, in Gymnasium's order.
HEADINGS = (
    "Description",
    "Action Space",
    "Observation Space",
    "Rewards",
    "Starting State",
    "Episode End",
    "Arguments",
    "Version History",
)


def merged(own: str, common: str) -> str:
    """The summary and sections of ``own``, each section followed by the one of ``common`` with the same heading."""
    summary, sections = _split(own)
    _, shared = _split(common)
    parts = [summary]
    for heading in HEADINGS:
        texts = [part[heading] for part in (sections, shared) if heading in part]
        parts += [f"## {heading}", *texts] if texts else []
    return "\n\n".join(parts) + "\n"


def _split(text: str) -> tuple[str, dict[str, str]]:
    """The text before the first heading, and the text under each heading."""
    summary, *rest = re.split(r"^## (.+)\n", inspect.cleandoc(text), flags=re.MULTILINE)
    return summary.strip(), {heading: body.strip() for heading, body in zip(rest[::2], rest[1::2], strict=True)}
