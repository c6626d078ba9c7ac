"""What the pages show runs: blocks of Python, and commands with their options."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from PIL import Image

from edgevision.cli.app import app
from edgevision.experiments.figures import FIGURES
from tests.end_to_end.command import run
from tests.pages import PAGES, ROOT

#: What blocks of Python may take for granted: a picture of the reader's.
PRELUDE = "import numpy\nimage = (sum(numpy.ogrid[:96, :128])[..., None] + [0, 20, 40]).astype('uint8')\n"
PYTHON = [
    pytest.param(block, id=f"{page.stem}-{number}")
    for page in PAGES
    for number, block in enumerate(
        re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    )
]
SPACES = re.compile(r"\s{2,}|\s+#\s")  # between a command and what is said of it


def shown_commands(program: str) -> list[str]:
    """Every command line of ``program`` on the pages, from blocks and from the text, each once."""
    found: dict[str, None] = {}
    for page in PAGES:
        text = re.sub(r"\\\n\s*", "", page.read_text(encoding="utf-8"))
        lines = re.findall(rf"^(?: {{4}})?(?:[A-Z_]+=\w+ )*{program} (.+)$", text, flags=re.MULTILINE)
        spans = re.findall(rf"`{program} ([^`]+)`", text)
        # Commands within the text may leave out what they need.
        found |= dict.fromkeys(SPACES.split(line)[0] for line in lines)
        found |= dict.fromkeys(f"{' '.join(span.split())} ..." for span in spans)
    return list(found)


def parse(words: list[str]) -> dict[str, Any]:
    """Read a command line as the program does, without running it: the values of its parameters.

    A last word ``...`` stands for what is left out.
    """
    partial = words[-1] == "..."
    words = words[:-1] if partial else words
    command, name, context = typer.main.get_command(app), "edgevision", None
    while True:
        try:
            context = command.make_context(name, words, context)
        except Exception as error:
            if partial and type(error).__name__ == "MissingParameter":
                return {}
            raise
        if not hasattr(command, "resolve_command"):
            return context.params
        words = [*context._protected_args, *context.args]
        if not words:
            return context.params
        name, command, words = command.resolve_command(context, words)


@pytest.mark.parametrize("block", PYTHON)
def test_python_blocks_run(block: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PRELUDE + block],
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
    if line.startswith("reproduce"):
        assert set(values["figures"]) <= set(FIGURES)


@pytest.mark.parametrize("line", ["train EdgeVision/Paper-v0 --alog ppo", "evaluate", "demo --steps many", "trian"])
def test_wrong_commands_are_told(line: str) -> None:
    with pytest.raises(Exception, match=r"(?i)no such|missing|should be a valid") as error:
        parse(line.split())
    assert hasattr(error.value, "format_message")


def test_commands_on_a_picture_and_on_shipped_profiles_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ramp = sum(np.ogrid[:64, :64])
    Image.fromarray(np.stack([ramp, ramp[::-1], ramp[:, ::-1]], axis=-1).astype(np.uint8)).save("photo.png")
    starts = ("compress ", "inspect ", "decompress ", "codec compare ", "info")
    lines = [line.removesuffix(" ...") for line in shown_commands("edgevision") if line.startswith(starts)]
    ordered = sorted(lines, key=lambda line: not line.startswith("compress "))  # the others read what it writes
    assert {run(*shlex.split(line)) for line in ordered if not line.endswith("A B")} == {0}
    assert len(lines) >= len(starts)


def benchmark_options() -> dict[tuple[str, ...], set[str]]:
    """Each benchmark that is shown with options, with its sub-command and all these options."""
    found: dict[tuple[str, ...], set[str]] = {}
    for line in shown_commands("python"):
        script, *words = line.removesuffix(" ...").split()
        command = (script, *words[:1]) if words and words[0].isidentifier() else (script,)
        found.setdefault(command, set()).update(word for word in words if word.startswith("--"))
    return {command: options for command, options in found.items() if options}


@pytest.mark.parametrize("command", benchmark_options(), ids=" ".join)
def test_benchmarks_have_the_options_that_are_shown(command: tuple[str, ...]) -> None:
    done = subprocess.run(
        [sys.executable, *command, "--help"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    assert benchmark_options()[command] <= set(re.findall(r"--[\w-]+", done.stdout))
