"""What nobody foresaw: one line that says where to report it, or the traceback where it is asked for."""

from __future__ import annotations

import csv
import io
import os
import sys
from pathlib import Path

import pytest
import typer
from PIL import Image

from edgevision.cli import main
from edgevision.experiments.report import data
from edgevision.storage.disk_files import write_atomically
from tests.codecs.pictures import picture


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


@pytest.mark.parametrize("command", ["compress", "decompress", "inspect"])
def test_a_file_that_is_read_is_never_written_over(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "photo.jpg"
    Image.fromarray(picture(48, 48)).save(file)
    before = file.read_bytes()
    link = tmp_path / "link.jpg"
    link.symlink_to(file)
    arguments = {"compress": [link, "--level", "4"], "decompress": [link], "inspect": ["--overlay", link]}[command]
    with pytest.raises(SystemExit) as stop:
        main([command, str(file), *map(str, arguments)])
    assert stop.value.code == 2
    assert "is the file to read too" in capsys.readouterr().err
    assert file.read_bytes() == before


def test_devices_are_not_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(OSError, match="not a regular file"):
        write_atomically(tmp_path / "pipe", b"x")
    assert (tmp_path / "pipe").is_fifo()
    write_atomically(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"


@pytest.mark.parametrize(
    ("encoding", "name", "printed"),
    [("latin-1", "사진.jpg", rb"\uc0ac\uc9c4.jpg: "), ("utf-8", "photo\udcff.jpg", rb"photo\udcff.jpg: ")],
)
def test_names_that_the_terminal_cannot_show_are_escaped(
    encoding: str, name: str, printed: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = io.BytesIO()
    terminal = io.TextIOWrapper(shown, encoding)
    monkeypatch.setattr(sys, "stdout", terminal)
    Image.fromarray(picture(48, 48)).save(tmp_path / "photo.png")
    with pytest.raises(SystemExit) as stop:
        main(["compress", str(tmp_path / "photo.png"), str(tmp_path / name), "--level", "4", "--codec", "uniform"])
    terminal.flush()
    assert stop.value.code == 0
    assert printed in shown.getvalue()
