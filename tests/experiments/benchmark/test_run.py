"""Running the benchmark: which tasks a policy gets, what is recorded, and that a stopped run goes on."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgevision.agents import LearnedPolicyError
from edgevision.errors import BenchmarkError
from edgevision.experiments.benchmark.results import Results, load_results
from edgevision.experiments.benchmark.run import run_benchmark
from edgevision.experiments.benchmark.suite import Suite
from edgevision.experiments.evaluation import workers
from tests.experiments.policies import EqualShares

from .tiny import perceptron


def numbers(results: Results) -> dict[str, Any]:
    """The scores without the times, which differ from run to run."""
    tasks = dataclasses.asdict(results)["tasks"]
    for task in tasks.values():
        del task["latency_p50_ms"], task["latency_p99_ms"]
    return tasks


def silent(line: str) -> None:
    """Report nothing."""


def test_a_policy_gets_the_tasks_in_which_it_can_decide(suite: Suite, tmp_path: Path) -> None:
    said: list[str] = []
    assert list(run_benchmark("fracr-exact", suite, report=said.append).tasks) == ["image"]
    assert "patrol: left out, the policy is for other environments" in said
    perceptron(tmp_path)
    assert list(run_benchmark(str(tmp_path), suite, report=said.append).tasks) == ["image"]
    assert "patrol: left out, the policy was trained on EdgeVision/Image-v0" in said
    with pytest.raises(BenchmarkError, match="filter can decide in no task"):
        run_benchmark("filter", suite, report=silent)
    with pytest.raises(LearnedPolicyError, match="for 2 users"):
        wide = dataclasses.replace(suite.tasks[0], settings={"users": 3, "episode_slots": 3})
        wide = dataclasses.replace(wide, fingerprint=wide.measured_fingerprint())
        run_benchmark(str(tmp_path), dataclasses.replace(suite, tasks=(wide,)), names=["image"], report=silent)


def test_the_floor_scores_0_and_the_best_classical_policy_differs_by_nothing_from_itself(suite: Suite) -> None:
    floor = run_benchmark("fracr-exact", suite, report=silent).tasks["image"]
    assert floor.normalised.estimate == pytest.approx(0.0, abs=1e-12)
    assert floor.normalised.low == floor.normalised.high == 0.0
    assert floor.score.estimate == pytest.approx(suite.tasks[0].floor.score)
    best = run_benchmark("joint", suite, report=silent).tasks["image"]
    assert (best.minus_best.estimate, best.minus_best.low, best.minus_best.high) == (0.0, 0.0, 0.0)
    assert best.normalised.estimate < 1.0
    assert best.latency_p99_ms >= best.latency_p50_ms > 0.0


def test_a_policy_of_the_callers_own_is_scored(suite: Suite) -> None:
    results = run_benchmark(EqualShares(point=5), suite, names=["image"], report=silent)
    assert results.entry == {}
    assert results.name == "equal"


def test_a_policy_that_knows_the_future_is_no_entry(suite: Suite) -> None:
    with pytest.raises(BenchmarkError, match="clairvoyant knows the future"):
        run_benchmark("clairvoyant", suite)


def test_more_episodes_than_the_suites_are_refused(suite: Suite) -> None:
    with pytest.raises(BenchmarkError, match="Tiny-1 has 4 episodes"):
        run_benchmark("joint", suite, episodes=5, report=silent)


def test_a_stopped_run_goes_on_to_the_same_result(
    suite: Suite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = run_benchmark("myopic", suite, tmp_path / "whole", report=silent)
    original, jobs = workers.run_job, []

    def stopped(job: workers.Job) -> Any:
        jobs.append(job.label)
        if len(jobs) == 2:
            raise KeyboardInterrupt
        return original(job)

    monkeypatch.setattr(workers, "run_job", stopped)
    with pytest.raises(KeyboardInterrupt):
        run_benchmark("myopic", suite, tmp_path / "parts", report=silent)
    resumed = run_benchmark("myopic", suite, tmp_path / "parts", report=silent)
    assert numbers(resumed) == numbers(whole)
    assert jobs[2:] == jobs[1:2], "what was finished is not run again"


def test_a_record_is_read_as_it_was_written(suite: Suite, tmp_path: Path) -> None:
    results = run_benchmark("fracr-exact", suite, report=silent)
    results.save(tmp_path / "results.json")
    found = load_results(tmp_path / "results.json")
    assert numbers(found) == numbers(results)
    assert dataclasses.replace(found, tasks={}) == dataclasses.replace(results, tasks={})


def test_several_training_seeds_are_one_entry(suite: Suite, entries: Path) -> None:
    found = load_results(entries / "perceptron" / "submission.json")
    assert [record["seed"] for record in found.training] == [0, 1]
    assert found.kind == "learned"
    assert set(found.entry["files"]) == {f"{seed}/policy.{end}" for seed in "01" for end in ("json", "safetensors")}
    assert np.isfinite(found.tasks["image"].normalised.estimate)
