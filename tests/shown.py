"""The commands that the pages show."""

from __future__ import annotations

import re
from typing import Any

import typer

from edgevision.cli.app import app
from tests.pages import PAGES

SPACES = re.compile(r"\s{2,}|\s+#\s")  # between a command and what is said of it


def shown_commands(program: str) -> list[str]:
    """Every command line of ``program`` on the pages, each once.

    A line within the text may leave out what it needs: it ends with `` ...``.
    """
    found: dict[str, None] = {}
    for page in PAGES:
        text = re.sub(r"\\\n\s*", "", page.read_text(encoding="utf-8"))
        lines = re.findall(rf"^(?: {{4}})?(?:[A-Z_]+=\w+ )*{program} (.+)$", text, flags=re.MULTILINE)
        spans = re.findall(rf"`{program} ([^`]+)`", text)
        found |= dict.fromkeys(SPACES.split(line)[0] for line in lines)
        found |= dict.fromkeys(f"{' '.join(span.split())} ..." for span in spans)
    return list(found)


def parse(words: list[str]) -> dict[str, Any] | None:
    """Read a command line as the program does, without running it: the values of its parameters.

    A last word ``...`` stands for what is left out; the result is ``None`` if the program needs it.
    """
    partial = words[-1] == "..."
    words = words[:-1] if partial else words
    command, name, context = typer.main.get_command(app), "edgevision", None
    while True:
        try:
            context = command.make_context(name, words, context)
        except Exception as error:
            if partial and type(error).__name__ == "MissingParameter":
                return None
            raise
        if not hasattr(command, "resolve_command"):
            return context.params
        words = [*context._protected_args, *context.args]
        if not words:
            return None if partial else context.params
        name, command, words = command.resolve_command(context, words)
