"""What nobody foresaw: one line that says where to report it, or the traceback where it is asked for."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
import typer

from edgevision.cli import main
from edgevision.experiments.report import data


def fail(self: object, *_: object, **__: object) -> None:
    raise RuntimeError("boom\nin two lines")


def test_a_defect_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(typer.main, "get_command", fail)
    with pytest.raises(SystemExit) as stop:
        main(["info"])
    assert stop.value.code == 70
    shown = capsys.readouterr().err
    assert shown.count("\n") == 1
    assert "please report it: RuntimeError: boom in two lines; add --debug" in shown


def test_debug_shows_the_traceback_wherever_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typer.main, "get_command", fail)
    for line in (["--debug", "info"], ["info", "--debug"]):
        with pytest.raises(RuntimeError, match="boom"):
            main(line)


def test_debug_changes_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["--version", "--debug"])
    assert stop.value.code == 0
    assert capsys.readouterr().out.startswith("edgevision ")


def test_no_cell_is_taken_for_a_formula(tmp_path: Path) -> None:
    text = data._csv([{"policy": "=1+1", "score": -0.5}, {"policy": "@x", "score": 0.5}]).decode()
    rows = list(csv.DictReader(text.splitlines()))
    assert [row["policy"] for row in rows] == ["'=1+1", "'@x"]
    assert [float(row["score"]) for row in rows] == [-0.5, 0.5]
