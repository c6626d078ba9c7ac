"""The tables say what the entries say, and the page of the repository holds the tables of its entries."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from edgevision.errors import BenchmarkError
from edgevision.experiments.benchmark import suite as suites
from edgevision.experiments.benchmark.entries_table import (
    BEGIN,
    END,
    load_entries,
    ranked,
    render,
    write_tables,
    written_tables,
)
from edgevision.experiments.benchmark.plot import plot_entries
from edgevision.experiments.benchmark.results import load_results
from edgevision.experiments.benchmark.submission import FILE
from edgevision.experiments.benchmark.suite import CURRENT, Suite, load_suite
from tests.end_to_end.command import run
from tests.pages import ROOT

RESULTS = ROOT / "benchmarks" / "results" / CURRENT


def test_the_page_shows_the_entries_of_the_repository() -> None:
    suite = load_suite()
    tables = render(load_entries(RESULTS, suite), suite)
    assert written_tables(ROOT / "docs" / "benchmark.md") == tables, "run: edgevision benchmark table"


def test_a_table_ranks_entries_and_shows_their_training(entries: Path, suite: Suite) -> None:
    found = load_entries(entries, suite)
    text = render(found, suite)
    rows = [
        line for line in text.splitlines() if line.startswith(("| perceptron x2 | learned", "| fracr-exact | rule"))
    ]
    best_first = [entry.name for entry, _ in ranked(found, suite.tasks[0])]
    assert [row.split(" | ")[0].removeprefix("| ") for row in rows] == best_first
    assert "2 seeds, 0 steps" in rows[best_first.index("perceptron x2")]
    assert f"Bound {suite.tasks[0].bound:.4f}" in text


def test_only_what_stands_between_the_marks_is_replaced(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    write_tables(page, "new")
    assert page.read_text() == f"before\n{BEGIN}\n\nnew\n\n{END}\nafter\n"
    assert written_tables(page) == "new"
    page.write_text("no marks")
    with pytest.raises(BenchmarkError, match="must hold the lines"):
        write_tables(page, "new")


def test_entries_for_another_suite_or_of_one_name_are_refused(entries: Path, suite: Suite, tmp_path: Path) -> None:
    claimed = load_results(entries / "fracr-exact" / FILE)
    for place in ("one", "two"):
        claimed.save(tmp_path / place / FILE)
    with pytest.raises(BenchmarkError, match="two entries are named 'fracr-exact'"):
        load_entries(tmp_path, suite)
    with pytest.raises(BenchmarkError, match="for another suite than Tiny-2"):
        load_entries(entries, dataclasses.replace(suite, name="Tiny-2"))
    with pytest.raises(BenchmarkError, match="no entries in"):
        load_entries(tmp_path / "one", suite)


def test_the_plot_is_a_picture(entries: Path, suite: Suite) -> None:
    assert plot_entries(load_entries(entries, suite), suite).startswith(b"\x89PNG")


def test_the_commands_take_an_entry_from_its_run_to_the_table(
    suite: Suite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    suite.save(tmp_path / "suites")
    monkeypatch.setattr(suites, "FOLDER", tmp_path / "suites")
    monkeypatch.chdir(tmp_path)
    small = ("--suite", suite.name)
    assert run("benchmark", "run", "myopic", "--out", "run", "--processes", "1", *small) == 0
    assert run("benchmark", "submit", "run/results.json", "--out", "entries/myopic", "--who", "A. Reader", *small) == 0
    submission = tmp_path / "entries" / "myopic" / FILE
    assert run("benchmark", "score", str(submission), "--out", "again", "--processes", "1", *small) == 0
    assert "all claims of 'myopic' hold" in capsys.readouterr().out
    (tmp_path / "page.md").write_text(f"{BEGIN}\n{END}\n")
    assert run("benchmark", "table", "entries", "--page", "page.md", "--plot", "plot.png", *small) == 0
    assert "| myopic | solver |" in (tmp_path / "page.md").read_text()
    lie = submission.read_text().replace('"in_time": ', '"in_time": 1')
    submission.write_text(lie)
    capsys.readouterr()
    assert run("benchmark", "score", str(submission), "--out", "again", "--processes", "1", *small) == 2
    complaint = capsys.readouterr().err.strip().splitlines()[-1]
    assert complaint.startswith("edgevision: refused: patrol: in_time")
    assert load_results(tmp_path / "again" / FILE).name == "myopic"
