"""Reports: well-formed files that fetch nothing, escape everything, and hold the numbers of the evaluation."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from edgevision.errors import EvaluationError
from edgevision.experiments.evaluation.evaluate import Evaluation, EvaluationConfig, evaluate
from edgevision.experiments.evaluation.summary import SummaryRow, summarise
from edgevision.experiments.report import behaviour
from edgevision.experiments.report.budgets import budget_shares
from edgevision.experiments.report.data import as_json
from edgevision.experiments.report.files import write_report
from edgevision.experiments.report.pictures import LearningCurve
from edgevision.experiments.report.report_page import Picture, render_page
from edgevision.experiments.report.report_plots import pareto_front, spread
from edgevision.experiments.report.table import print_table
from edgevision.profiles.video_grid import point_index

from .policies import EqualShares

NASTY = "<script>alert('\"&')</script>"
CURVE = LearningCurve("ppo", [0, 10, 20], [0.1, 0.5, 0.6], {"fracr-exact": 0.55}, "Trained for a test.")
VOID = {"meta", "img", "br"}


@pytest.fixture(scope="module")
def evaluation() -> Evaluation:
    policies = ("co-crra", "fracr-exact", "fixed", "random", EqualShares(NASTY))
    small = {"episode_slots": 4, "users": 3}
    return evaluate(EvaluationConfig("EdgeVision/Paper-v0", policies, 6, settings=small), show_progress=False)


@pytest.fixture(scope="module")
def folder(evaluation: Evaluation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("report")
    assert write_report(evaluation, out, CURVE) == out / "report.html"
    return out


class Page(HTMLParser):
    """Checks that elements close in order, and collects what the page refers to and shows."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.references: list[str] = []
        self.seen: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.references += [value or "" for name, value in attributes if name in ("src", "href", "srcset", "data")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_page_is_well_formed_and_self_contained(folder: Path) -> None:
    text = (folder / "report.html").read_text(encoding="utf-8")
    page = Page(text)
    assert len(page.references) == 6
    assert all(reference.startswith("data:image/png;base64,") for reference in page.references)
    assert not {"script", "link", "iframe"} & set(page.seen)
    assert "http" not in re.sub(r"base64,[^\"]*", "", text)
    assert "@import" not in text
    assert "url(" not in text


def test_page_escapes_names_and_shows_what_it_should(folder: Path, evaluation: Evaluation) -> None:
    page = Page((folder / "report.html").read_text(encoding="utf-8"))
    assert NASTY in page.text
    for expected in ("co-crra", "fracr-exact", "episode_slots", "numpy", evaluation.command, evaluation.created):
        assert expected in page.text


def row_of(evaluation: Evaluation) -> SummaryRow:
    return summarise(dataclasses.replace(evaluation, results=evaluation.results[1:2]))[0]


@settings(max_examples=30, deadline=None)
@given(st.text(min_size=1))
def test_captions_cannot_break_the_page(evaluation: Evaluation, text: str) -> None:
    record = Evaluation("id", {text: text}, "test", (1,), (), {text: text}, text, text, text)
    rows = [dataclasses.replace(row_of(evaluation), policy=text)]
    page = Page(render_page(record, rows, [Picture("x", text, text, b"png")]))
    assert not {"script"} & set(page.seen)
    assert len(page.references) == 1


def test_json_holds_every_episode(folder: Path, evaluation: Evaluation) -> None:
    record = json.loads((folder / "evaluation.json").read_text(encoding="utf-8"))
    assert record["env_id"] == "EdgeVision/Paper-v0"
    assert record["seeds"] == list(range(20_000, 20_006))
    assert record["scenario"]["users"] == 3
    for policy in record["policies"]:
        result = next(r for r in evaluation.results if r.spec.label == policy["policy"])
        assert policy["episodes"]["score"] == result.rollout.score.tolist()
        assert policy["score"]["estimate"] == pytest.approx(result.rollout.score.mean())
    slim = as_json(evaluation, summarise(evaluation), episodes=False)
    assert "episodes" not in slim["policies"][0]


def test_csv_files_agree_with_the_evaluation(folder: Path, evaluation: Evaluation) -> None:
    with (folder / "episodes.csv").open(newline="", encoding="utf-8") as stream:
        episodes = list(csv.DictReader(stream))
    assert len(episodes) == 5 * 6
    for result in evaluation.results:
        own = [float(row["score"]) for row in episodes if row["policy"] == result.spec.label]
        assert own == result.rollout.score.tolist()
    with (folder / "summary.csv").open(newline="", encoding="utf-8") as stream:
        summary = {row["policy"]: row for row in csv.DictReader(stream)}
    assert set(summary) == {result.spec.label for result in evaluation.results}
    assert summary["co-crra"]["difference"] == ""
    assert float(summary["random"]["difference_low"]) <= float(summary["random"]["difference"])


def test_plots_are_pictures_with_something_on_them(folder: Path) -> None:
    from matplotlib.image import imread

    names = {path.stem for path in (folder / "plots").glob("*.png")}
    assert names == {"scores", "differences", "latency", "learning", "behaviour", "environment"}
    for name in names:
        pixels = imread(folder / "plots" / f"{name}.png")
        assert pixels.shape[0] > 200
        assert pixels[..., :3].std() > 0.02


def test_report_is_the_same_again(folder: Path, evaluation: Evaluation, tmp_path: Path) -> None:
    write_report(evaluation, tmp_path, CURVE)
    for path in folder.rglob("*.*"):
        assert path.read_bytes() == (tmp_path / path.relative_to(folder)).read_bytes(), path.name
    assert not [path for path in tmp_path.rglob("*") if path.name.startswith(".")]


def test_a_missing_interval_is_a_dash_with_its_reason(tmp_path: Path) -> None:
    rare = {"episode_slots": 3, "users": 2, "arrivals_per_slot": 0.2}
    found = evaluate(EvaluationConfig("EdgeVision/Image-v0", ("fracr",), 2, settings=rare), show_progress=False)
    stream = io.StringIO()
    print_table(found, Console(file=stream))
    write_report(found, tmp_path)
    for text in (stream.getvalue(), (tmp_path / "report.html").read_text()):
        assert "[-, -]: no interval, because too many of its bootstrap samples have no request" in text
        assert "minus fracr" in text
        assert not re.search(r"\bnan\b", text)
    assert json.loads((tmp_path / "evaluation.json").read_text())["policies"][0]["score"]["low"] is None


def test_episodes_without_a_request_cannot_be_evaluated() -> None:
    rare = {"episode_slots": 3, "users": 2, "arrivals_per_slot": 0.02}
    with pytest.raises(EvaluationError, match="no requests in these episodes"):
        evaluate(EvaluationConfig("EdgeVision/Paper-v0", ("fracr",), 2, settings=rare), show_progress=False)


def test_table_names_every_policy_on_a_line_of_its_own(evaluation: Evaluation) -> None:
    stream = io.StringIO()
    print_table(evaluation, Console(file=stream, width=40))
    lines = stream.getvalue().splitlines()
    for label in ("co-crra", "fracr-exact", "fixed", "random"):
        assert any(re.search(rf"│ {label} +│", line) for line in lines), label


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12), st.floats(0.01, 0.2))
def test_labels_keep_their_order_and_their_distance(places: list[float], gap: float) -> None:
    moved = np.array(spread(places, gap))
    order = np.argsort(places, kind="stable")
    assert (np.diff(moved[order]) >= gap - 1e-9).all()
    if (np.diff(np.sort(places)) >= gap).all():
        np.testing.assert_allclose(moved, places, atol=1e-9)
    assert moved.mean() == pytest.approx(np.mean(places), abs=1e-9)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1))
def test_the_pareto_front_is_what_nothing_beats(points: list[tuple[int, int]]) -> None:
    def beaten(point: tuple[int, int]) -> bool:
        return any(t <= point[0] and s >= point[1] and (t, s) != point for t, s in points)

    assert pareto_front(points) == sorted({point for point in points if not beaten(point)})


def test_budget_shares_count_what_was_chosen() -> None:
    counts = np.zeros((3, 105))
    counts[0, point_index(16, 0.4, "plain")] = 3
    counts[0, point_index(1, 0.4, "entropy")] = 1
    counts[1, point_index(2, 0.9, "local")] = 5
    shares = budget_shares(counts)
    np.testing.assert_allclose(shares["mode"], [[75, 25, 0], [0, 0, 100], [0, 0, 0]])
    np.testing.assert_allclose(shares["frames"], [[75, 0, 0, 0, 25], [0, 0, 0, 100, 0], [0] * 5])
    np.testing.assert_allclose(shares["pixels"], [[0, 0, 0, 0, 0, 0, 100], [0] * 7, [0] * 7])


def test_video_reports_show_budgets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[np.ndarray] = []
    original = behaviour.plot_budgets
    monkeypatch.setattr(
        behaviour, "plot_budgets", lambda panel, counts, coder: (drawn.append(counts), original(panel, counts, coder))
    )
    settings = {"users": 2, "episode_slots": 3}
    evaluation = evaluate(
        EvaluationConfig("EdgeVision/Video-v0", ["stae-budget", "local"], 3, settings=settings), show_progress=False
    )
    write_report(evaluation, tmp_path)
    assert (tmp_path / "plots" / "behaviour.png").stat().st_size > 10_000
    (counts,) = drawn
    assert sorted(budget_shares(counts)["mode"][:, 2])[-1] == pytest.approx(100)  # of local
