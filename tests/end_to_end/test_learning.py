"""Training, evaluating what was trained, and the demonstration, all with tiny settings."""

from __future__ import annotations

import csv
import functools
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("stable_baselines3", reason="needs the extra 'agents'")

from edgevision import baselines
from edgevision.agents import TrainConfig
from edgevision.agents import train as train_agent
from edgevision.experiments import demo
from edgevision.experiments.demo import DemoConfig, run_demo
from edgevision.experiments.evaluation.evaluate import EvaluationConfig, evaluate
from edgevision.experiments.evaluation.summary import difference, headline, summarise
from edgevision.profiles.video_grid import AXES
from edgevision.statistics import crosswise_interval

from .command import run

PAPER = "EdgeVision/Paper-v0"
SETTINGS = {"users": 2, "episode_slots": 3}
SET = ["--set", "users=2", "--set", "episode_slots=3"]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the runs of two training seeds."""
    folder = tmp_path_factory.mktemp("runs")
    for seed in range(2):
        settings = {"steps": 2048, "seed": seed, "settings": SETTINGS, "evaluation_episodes": 8}
        train_agent(TrainConfig(PAPER, folder / f"seed-{seed}", "ppo", **settings))  # type: ignore[arg-type]
    return folder


def test_the_training_curve_is_what_evaluation_finds(runs: Path) -> None:
    """The best point of the curve is the kept policy's score on the same validation episodes."""
    curve = json.loads((runs / "seed-0" / "curve.json").read_text())
    config = EvaluationConfig(PAPER, [str(runs / "seed-0")], 8, "validation", SETTINGS)
    (result,) = evaluate(config, show_progress=False).results
    assert result.rollout.score.mean() == pytest.approx(max(point["score"] for point in curve), abs=1e-6)
    assert result.spec.label == "ppo"
    assert dict(result.spec.origin)["seed"] == 0


def test_runs_are_told_apart_by_their_folders(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folders = [str(runs / "seed-0"), str(runs / "seed-1")]
    assert run("evaluate", PAPER, *folders, "fixed", "--episodes", "4", "--json", *SET) == 0
    record = json.loads(capsys.readouterr().out)
    assert {policy["policy"] for policy in record["policies"]} == {*folders, "fixed"}
    assert {policy["kind"] for policy in record["policies"]} == {"learned", "rule"}


def test_training_seeds_count_as_one_policy_with_strata(runs: Path, tmp_path: Path) -> None:
    config = EvaluationConfig(PAPER, [str(runs), "co-crra"], 6, settings=SETTINGS)
    evaluation = evaluate(config, tmp_path, show_progress=False)
    agent, reference = evaluation.results
    assert agent.spec.label == "ppo x2"
    assert agent.scores.shape == (2, 6)
    for i, scores in enumerate(agent.scores):
        alone = EvaluationConfig(PAPER, [str(runs / f"seed-{i}")], 6, settings=SETTINGS)
        (result,) = evaluate(alone, tmp_path, show_progress=False).results
        np.testing.assert_array_equal(result.rollout.score, scores)
    row = next(row for row in summarise(evaluation) if row.policy == "ppo x2")
    assert row.score == crosswise_interval(agent.content_scores, agent.content_weight)
    ahead = agent.content_scores - reference.content_scores[0]
    assert row.difference == crosswise_interval(ahead, agent.content_weight)
    assert row.score.estimate == pytest.approx(agent.scores.mean())
    assert row.difference.estimate == pytest.approx((agent.scores - reference.scores[0]).mean())
    assert "ppo x2" in headline(evaluation, summarise(evaluation))
    # An agent minus itself is 0 for every seed; a policy without seeds is compared with the mean of the agent's.
    assert difference(agent, agent).high == 0.0
    assert difference(reference, agent).estimate == pytest.approx(-row.difference.estimate)


def test_a_retrained_policy_is_evaluated_anew(runs: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    shutil.copytree(runs / "seed-0", folder)
    config = EvaluationConfig(PAPER, [str(folder)], 4, settings=SETTINGS)
    (before,) = evaluate(config, tmp_path / "out", show_progress=False).results
    shutil.rmtree(folder)
    shutil.copytree(runs / "seed-1", folder)
    (after,) = evaluate(config, tmp_path / "out", show_progress=False).results
    assert (before.rollout.score != after.rollout.score).any()


def test_a_policy_for_other_operating_points_is_refused(
    runs: Path, measured_profile: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    profile = f"profile={measured_profile}"
    assert run("evaluate", "EdgeVision/Image-v0", str(runs / "seed-0"), "--set", profile) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_damaged_policy_is_refused(runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "run"
    shutil.copytree(runs / "seed-0", folder)
    weights = next(folder.glob("*.safetensors"))
    weights.write_bytes(weights.read_bytes()[:-1])
    assert run("evaluate", PAPER, str(folder), *SET) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_train_command_trains_and_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "run"
    assert run("train", PAPER, "--steps", "1000", "--seed", "3", "--out", str(folder), *SET) == 0
    assert "1000 steps became 1024, because training goes on to the end of a rollout" in capsys.readouterr().out
    assert json.loads((folder / "config.json").read_text())["training"]["seed"] == 3
    shutil.rmtree(folder / "checkpoints")  # as if killed before the first one
    assert run("train", PAPER, "--resume", "--out", str(folder)) == 0
    assert "finished already" not in capsys.readouterr().out
    assert run("train", PAPER, "--resume", "--out", str(folder)) == 0
    assert capsys.readouterr().out.count("the run was finished already, so nothing was trained") == 1
    assert run("train", "EdgeVision/Image-v0", "--resume", "--out", str(folder)) == 2
    assert "was trained on EdgeVision/Paper-v0" in capsys.readouterr().err
    assert run("evaluate", PAPER, str(folder), "fracr-exact", "--episodes", "3", *SET) == 0
    assert "ppo" in capsys.readouterr().out


def test_demo_from_training_to_report_and_again(
    measured_profile: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = {"profile": str(measured_profile), "users": 3, "episode_slots": 4}
    config = DemoConfig(tmp_path, 1024, 6, seed=1, processes=1, settings=settings)
    page = run_demo(config)
    printed = capsys.readouterr().out
    assert f"report:      {page}" in printed
    assert "tensorboard --logdir" in printed
    with (tmp_path / "summary.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert sorted(row["policy"] for row in rows) == sorted(["ppo", *baselines.names()])
    assert {path.stem for path in (tmp_path / "plots").iterdir()} >= {"learning", "scores", "latency", "behaviour"}
    record = json.loads((tmp_path / "evaluation.json").read_text())
    assert record["scenario"]["content_split"] == "test"
    (trained,) = tmp_path.glob("ppo-*")
    assert json.loads((trained / "config.json").read_text())["scenario"]["content_split"] == "train"

    def forbidden(*_: object) -> None:
        raise AssertionError("trained again")

    monkeypatch.setattr(demo.agents, "train", forbidden)
    parts = {path: path.stat().st_mtime_ns for path in (tmp_path / "parts").glob("*.npz")}
    run_demo(config)
    assert parts == {path: path.stat().st_mtime_ns for path in (tmp_path / "parts").glob("*.npz")}
    with pytest.raises(AssertionError, match="trained again"):
        run_demo(DemoConfig(tmp_path, 2048, 6, seed=1, processes=1, settings=settings))


def test_demo_names_wrong_settings_before_it_begins(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("demo", "dynamic", "--set", "preset=street", "--out", str(tmp_path / "demo")) == 2
    told = capsys.readouterr()
    assert "unknown preset 'street'" in told.err and not told.out
    assert not (tmp_path / "demo").exists()


def test_demo_of_video(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = {"users": 2, "episode_slots": 3}
    page = run_demo(DemoConfig(tmp_path, 1024, 4, processes=1, settings=settings, what="video"))
    assert f"report:      {page}" in capsys.readouterr().out
    with (tmp_path / "summary.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert sorted(row["policy"] for row in rows) == sorted(["ppo", *baselines.names(AXES)])
    assert "EdgeVision/Video-v0" in page.read_text()


def test_demo_of_a_sequential_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = {"users": 2, "episode_slots": 12}
    given = {"n_envs": 4, "groups": 4, "width": 8}
    monkeypatch.setattr(demo, "TrainConfig", functools.partial(demo.TrainConfig, hyperparameters=given))
    run_demo(DemoConfig(tmp_path, 400, 4, processes=1, settings=settings, what="dynamic"))
    printed = capsys.readouterr().out
    with (tmp_path / "summary.csv").open(newline="") as stream:
        scores = {row["policy"]: float(row["score"]) for row in csv.DictReader(stream)}
    assert {"marginal", "mpc", "clairvoyant"} <= scores.keys()
    bound = float(re.search(r"bound: +([0-9.]+), which no policy exceeds", printed)[1])  # type: ignore[index]
    assert max(scores.values()) <= bound + 1e-4
