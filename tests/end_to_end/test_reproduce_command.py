"""The command ``reproduce``: what it teaches, prints and refuses."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs the extra 'codecs'")

from edgevision.experiments.figures import FIGURES

from .command import run
from .test_wrong_input import complaint

WRONG = {
    "no figure": [],
    "unknown figure": ["fig77"],
    "known and unknown figure": ["fig7", "table9"],
    "missing folder of profiles": ["fig7", "--profiles", "nowhere"],
    "folder without profiles": ["fig9", "--profiles", "empty"],
    "unreadable profile": ["fig8", "--profiles", "damaged"],
    "too few resamples": ["fig7", "--resamples", "3"],
    "missing picture": ["fig6", "--images", "nothing.png"],
    "folder without pictures": ["fig6", "--images", "empty"],
    "no picture": ["fig6", "--images", "damaged/a.json"],
    "unknown map": ["fig6", "--map", "thta"],
    "map without a network": ["fig6", "--map", "rollout"],
    "unknown policy": ["fig10", "--policy", "co-cra"],
    "policy in a missing folder": ["fig10", "--policy", "runs/nothing"],
    "delays without profiles": ["fig11", "--profiles", "empty"],
    "map of an unknown network": ["fig6", "--map", "grad-cam:efficientnet_z9"],
    "map of a network of another family": ["fig6", "--map", "rollout:tf_efficientnet_lite0"],
}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "empty").mkdir()
    (tmp_path / "damaged").mkdir()
    for name in ("a.npz", "a.json"):
        (tmp_path / "damaged" / name).write_bytes(b"half a file")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("arguments", WRONG.values(), ids=WRONG.keys())
def test_wrong_input_costs_one_line(arguments: list[str], here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    complaint(capsys, "reproduce", *arguments, "--out", "out")
    assert sorted(path.name for path in here.iterdir()) == ["damaged", "empty"]


def test_the_line_says_what_to_do(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "did you mean 'theta'" in complaint(capsys, "reproduce", "fig6", "--map", "thta")
    assert "rollout:MODEL" in complaint(capsys, "reproduce", "fig6", "--map", "rollout")
    assert "edgevision codec bench" in complaint(capsys, "reproduce", "fig9", "--profiles", "empty")
    assert all(name in complaint(capsys, "reproduce", "fig77") for name in FIGURES)


def test_help_teaches(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("reproduce", "--help") == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "Example: edgevision reproduce" in text
    assert "Writes OUT/index.html" in text
    assert all(name in text and figure.shows in text.replace("│ ", "") for name, figure in FIGURES.items())
    assert "--model efficientnet_b0" in text


def test_figures_are_made_from_the_shipped_profiles(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("reproduce", "fig7", "fig8", "--resamples", "100", "--out", "out") == 0
    printed = capsys.readouterr().out
    assert "tf_efficientnet_lite0: at equal mu" in printed
    assert printed.splitlines()[-1] == f"page: {Path('out') / 'index.html'}"
    assert {path.name for path in (here / "out").iterdir()} >= {"index.html", "fig7.json", "fig7.png", "fig8.json"}


@pytest.mark.parametrize(("missing", "extra"), [("matplotlib", "report"), ("timm", "codecs"), ("scipy", "convex")])
def test_a_missing_extra_is_named(missing: str, extra: str, here: Path) -> None:
    program = (
        f"import sys; sys.modules[{missing!r}] = None; from edgevision.cli import main; main(['reproduce', 'fig9'])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == f"edgevision: {missing!r} is not installed; run: pip install 'edgevision-gym[{extra}]'\n"
