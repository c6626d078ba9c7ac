"""What the README and the pages on solvers and STAE show runs."""

from __future__ import annotations

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


def test_every_command_line_shown_exists() -> None:
    commands = set(re.findall(r"^edgevision (\w+)", README, flags=re.MULTILINE))
    assert commands
    for command in commands:
        done = subprocess.run(
            [sys.executable, "-m", "edgevision.cli", command, "--help"], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, (command, done.stderr)
