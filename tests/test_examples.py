"""What the pages show can be used: blocks of Python run, commands and targets exist.

``test_shown_commands`` runs the commands.
"""

from __future__ import annotations

import importlib.util
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from edgevision.experiments.figures import FIGURES
from tests.pages import PAGES, ROOT
from tests.shown import parse, shown_commands

#: What blocks of Python may take for granted: a picture of the reader's.
PRELUDE = "import numpy\nimage = (sum(numpy.ogrid[:96, :128])[..., None] + [0, 20, 40]).astype('uint8')\n"
PYTHON = [
    pytest.param(block, id=f"{page.stem}-{number}")
    for page in PAGES
    for number, block in enumerate(
        re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    )
]


#: Tools of others that blocks use. What they warn of is theirs.
TOOLS = frozenset(
    ("minari", "mo_gymnasium", "onnxruntime", "optuna", "ray", "sb3_contrib", "skrl", "tianshou", "torchrl")
)


def tools_of(block: str) -> set[str]:
    """The tools that a block imports."""
    return TOOLS & set(re.findall(r"^(?:import|from) (\w+)", block, flags=re.MULTILINE))


@pytest.mark.parametrize("block", PYTHON)
def test_python_blocks_run(block: str, tmp_path: Path) -> None:
    for tool in tools_of(block):
        if importlib.util.find_spec(tool) is None:
            pytest.skip(f"needs {tool}, see docs/tools.md")
    warnings = ["-W", "error"] if not tools_of(block) else []
    done = subprocess.run(
        [sys.executable, *warnings, "-c", PRELUDE + block],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_first_screen_shows_both_commands() -> None:
    top = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()[:40]
    assert any(line.startswith("make demo ") for line in top)
    assert any(line.startswith("make test ") for line in top)


@pytest.mark.parametrize("line", shown_commands("make"))
def test_targets_exist(line: str) -> None:
    target = line.removesuffix(" ...")
    done = subprocess.run(["make", "-n", target], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("line", shown_commands("edgevision"))
def test_commands_are_understood(line: str) -> None:
    values = parse(shlex.split(line))
    if values is not None and line.startswith("reproduce"):
        assert set(values["figures"]) <= set(FIGURES)


@pytest.mark.parametrize("line", ["train EdgeVision/Paper-v0 --alog ppo", "evaluate", "demo --steps many", "trian"])
def test_wrong_commands_are_told(line: str) -> None:
    with pytest.raises(Exception, match=r"(?i)no such|missing|should be a valid") as error:
        parse(line.split())
    assert hasattr(error.value, "format_message")
