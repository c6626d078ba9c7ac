"""The suite: frozen numbers that belong to the environments of this version, floors at 0 and bounds that hold."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import numpy as np
import pytest

from edgevision import baselines
from edgevision.errors import BenchmarkError, UnknownNameError
from edgevision.experiments.benchmark.freeze import episode_bounds
from edgevision.experiments.benchmark.run import run_benchmark
from edgevision.experiments.benchmark.suite import Reference, Suite, load_suite
from edgevision.experiments.evaluation.rollout import run_episodes


def test_the_shipped_suite_belongs_to_the_environments_of_this_version() -> None:
    suite = load_suite()
    for task in suite.tasks:
        task.check()
        assert task.floor.score < task.bound
        assert task.floor.score <= task.best.score + 1e-9
        assert task.best.score < task.bound
    assert suite.seeds == tuple(range(20_000, 20_100))


def test_a_stored_suite_is_read_as_it_was(suite: Suite, tmp_path: Path) -> None:
    suite.save(tmp_path)
    assert load_suite(suite.name, tmp_path) == suite
    with pytest.raises(BenchmarkError, match=r"no suite 'Tiny-2'.*Tiny-1"):
        load_suite("Tiny-2", tmp_path)


def test_no_policy_is_above_the_bound_in_any_episode_even_if_it_knows_the_answers(suite: Suite) -> None:
    for task, names in zip(suite.tasks, (("joint", "joint-content", "fracr-exact"), ("myopic", "mpc")), strict=True):
        bounds = episode_bounds(task, suite.seeds)
        assert bounds.mean() == pytest.approx(task.bound)
        for name in names:
            assert (run_episodes(baselines.make(name), task.scenario, suite.seeds).score <= bounds + 1e-9).all()


def test_the_bound_is_reached_where_one_camera_has_all_of_the_band(suite: Suite) -> None:
    task = dataclasses.replace(suite.tasks[0], settings={"users": 1, "episode_slots": 3, "accuracy": "mean"})
    score = run_episodes(baselines.make("joint"), task.scenario, suite.seeds).score
    np.testing.assert_allclose(score, episode_bounds(task, suite.seeds), atol=1e-3)


def test_the_floor_is_0_and_the_scale_is_linear(suite: Suite) -> None:
    for task in suite.tasks:
        assert task.normalised(task.floor.score) == 0.0
        assert task.normalised(task.bound) == pytest.approx(1.0)


def test_tasks_are_chosen_by_name_or_by_environment(suite: Suite) -> None:
    assert [task.name for task in suite.chosen(["patrol", "EdgeVision/Image-v0"])] == ["image", "patrol"]
    with pytest.raises(UnknownNameError, match="did you mean 'patrol'"):
        suite.chosen(["patrl"])


def test_options_of_a_reference_are_joined() -> None:
    assert Reference("mpc").text == "mpc"
    assert Reference("mpc", {"a": 1, "b": 2.5}).text == "mpc:a=1,b=2.5"
    assert Reference("tracker:horizon=0", {"a": 1}).text == "tracker:horizon=0,a=1"


def test_another_environment_is_refused(suite: Suite) -> None:
    changed = dataclasses.replace(suite.tasks[0], settings={"users": 3, "episode_slots": 3})
    other = dataclasses.replace(suite, tasks=(changed, *suite.tasks[1:]))
    with pytest.raises(BenchmarkError, match=re.escape("image: EdgeVision/Image-v0 has other settings")):
        run_benchmark("joint", other, names=["image"])


def test_other_rewards_are_refused(suite: Suite) -> None:
    task = suite.tasks[1]
    changed = dataclasses.replace(task, floor=dataclasses.replace(task.floor, score=task.floor.score + 0.001))
    with pytest.raises(BenchmarkError, match=r"patrol: myopic scores 0\.\d+, but 0\.\d+ when the suite was frozen"):
        run_benchmark("myopic", dataclasses.replace(suite, tasks=(changed,)), report=lambda line: None)
