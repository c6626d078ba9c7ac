"""What the README and the pages on solvers and STAE show runs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
SOLVERS = (Path(__file__).parents[1] / "docs" / "solvers.md").read_text(encoding="utf-8")
STAE = (Path(__file__).parents[1] / "docs" / "stae.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README + SOLVERS + STAE, flags=re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_python_blocks_run(block: str) -> None:
    done = subprocess.run([sys.executable, "-W", "error", "-c", block], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_first_screen_shows_both_commands() -> None:
    top = README.splitlines()[:20]
    assert any(line.startswith("make demo") for line in top)
    assert any(line.startswith("make test") for line in top)


def shown_options() -> dict[tuple[str, ...], set[str]]:
    """Each command on a line of its own, with all options that are shown with it."""
    found: dict[tuple[str, ...], set[str]] = {}
    for line in re.findall(r"^\s*edgevision (.+?)(?:   .*)?$", README + SOLVERS + STAE, flags=re.MULTILINE):
        words = line.split()
        command = tuple(words[:2] if words[0] in ("codec", "profile") else words[:1])
        found.setdefault(command, set()).update(word for word in words if word.startswith("--"))
    return found


@pytest.mark.parametrize("command", shown_options(), ids=" ".join)
def test_every_command_line_shown_exists(command: tuple[str, ...]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "edgevision.cli", *command, "--help"],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"COLUMNS": "200"},
    )
    assert done.returncode == 0, done.stderr
    assert shown_options()[command] <= set(re.findall(r"--[\w-]+", done.stdout))
