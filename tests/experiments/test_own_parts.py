"""An environment and a policy from outside the package, named on the command line."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import gymnasium
import pytest

from edgevision import agents
from edgevision.agents.hyperparameters import load_hyperparameters
from edgevision.envs.registration import built_in_id, import_id
from edgevision.errors import EvaluationError, OwnCodeError, UnknownNameError
from edgevision.experiments.evaluation.policy_spec import resolve
from tests.end_to_end.command import run

OWN = """
import gymnasium
from edgevision.envs import Allocation, equal_shares
from edgevision.envs.image import ImageEnv, ImageVectorEnv


class NightEnv(ImageEnv):
    default_preset = "umi-image"


class NightVectorEnv(ImageVectorEnv):
    default_preset = "umi-image"


gymnasium.register("Lab/Night-v0", entry_point=NightEnv, vector_entry_point=NightVectorEnv)
gymnasium.register(
    "Lab/Crowded-v0",
    entry_point="edgevision.envs.image:ImageEnv",
    vector_entry_point="edgevision.envs.image:ImageVectorEnv",
    kwargs={"users": 3, "episode_slots": 2},
)


class Middle:
    name = "middle"
    kind = "rule"

    def __init__(self, point=10):
        self.point = point

    def act(self, problem):
        return Allocation(problem.active * self.point, *equal_shares(problem))


class Breaks:
    name = "breaks"

    def __init__(self, slots=0):
        self.slots = slots

    def act(self, problem):
        self.slots -= 1
        if self.slots < 0:
            return {}["no such\\nkey"]
        return Middle().act(problem)


class Stops(Breaks):
    name = "stops"

    def act(self, problem):
        self.slots -= 1
        return None if self.slots < 0 else Middle().act(problem)
"""


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    (tmp_path / "lab_of_test.py").write_text(OWN)
    monkeypatch.chdir(tmp_path)
    before = list(sys.path)
    yield tmp_path
    sys.path[:] = before
    sys.modules.pop("lab_of_test", None)
    for name in ("Lab/Night-v0", "Lab/Crowded-v0"):
        gymnasium.registry.pop(name, None)


def test_an_own_id_is_trained_and_evaluated_by_its_name(lab: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("train", "lab_of_test:Lab/Crowded-v0", "--steps", "256", "--out", "agent") == 0
    assert run("train", "lab_of_test:Lab/Crowded-v0", "--resume", "--out", "agent") == 0
    capsys.readouterr()
    names = ("agent", "lab_of_test:Middle:point=4", "fixed:operating_point=4")
    assert run("evaluate", "lab_of_test:Lab/Crowded-v0", *names, "--episodes", "2", "--json", "--processes", "2") == 0
    rows = {row["policy"]: row for row in json.loads(capsys.readouterr().out)["policies"]}
    assert rows["middle"]["score"] == rows["fixed:operating_point=4"]["score"] and "ppo" in rows


def test_an_own_id_takes_the_hyperparameters_of_the_id_that_it_extends(lab: Path) -> None:
    assert import_id("lab_of_test:Lab/Night-v0") == "Lab/Night-v0"
    assert built_in_id("Lab/Night-v0") == built_in_id("Lab/Crowded-v0") == "EdgeVision/Image-v0"
    assert load_hyperparameters("ppo", "Lab/Night-v0") == load_hyperparameters("ppo", "EdgeVision/Image-v0")


def test_results_of_own_environments_are_not_stored(lab: Path) -> None:
    for env_id, stored in (("Lab/Night-v0", False), ("Lab/Crowded-v0", True)):
        out = lab / env_id.replace("/", "-")
        settings = ("--set", "users=2", "--set", "episode_slots=2")
        command = ("evaluate", f"lab_of_test:{env_id}", "random", "--episodes", "1", "--out", str(out), *settings)
        assert run(*command) == 0
        assert any(out.glob("parts/*.npz")) is stored


@pytest.mark.parametrize("env_id", ["CartPole-v1", "Lab/Nothing-v0", "no_such_module:Lab/Night-v0"])
def test_ids_of_other_environments_are_refused_in_one_line(env_id: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("evaluate", env_id, "random") != 0
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_a_stored_run_imports_no_module(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError):
        agents.TrainConfig("lab_of_test:Lab/Night-v0", tmp_path / "run")


@pytest.mark.parametrize(
    "text", ["lab_of_test:Nobody", "no_such_module:Middle", "lab_of_test:Middle:size=3", "lab_of_test:Middle:point"]
)
def test_policies_that_cannot_be_made_are_refused(lab: Path, text: str) -> None:
    with pytest.raises((UnknownNameError, EvaluationError, OwnCodeError)):
        resolve([text])


@pytest.mark.parametrize(
    ("policy", "message"),
    [("Breaks", "act failed with KeyError"), ("Stops", "act must return an Allocation, got None")],
)
@pytest.mark.parametrize("slots", [0, 3])
def test_an_own_policy_that_fails_is_named_and_no_defect_of_the_package(
    policy: str, message: str, slots: int, lab: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("evaluate", "EdgeVision/Image-v0", f"lab_of_test:{policy}:slots={slots}", "--episodes", "1") == 2
    shown = capsys.readouterr().err.strip().splitlines()
    assert f"edgevision: policy {policy.lower()!r}: {message}" in shown[-1]
    assert "report it" not in shown[-1]
