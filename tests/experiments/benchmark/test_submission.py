"""Entries: a round trip, and one line for each that is tampered with, poisoned or of another version."""

from __future__ import annotations

import dataclasses
import json
import os
import pickle
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch

from edgevision.agents import FlatPolicy
from edgevision.errors import BenchmarkError, EdgeVisionError, LearnedPolicyError
from edgevision.experiments.benchmark import policy_bundle
from edgevision.experiments.benchmark.results import load_results
from edgevision.experiments.benchmark.run import run_benchmark
from edgevision.experiments.benchmark.submission import rescore, submit
from edgevision.experiments.benchmark.suite import Suite
from edgevision.storage.disk_files import sha256
from tests.experiments.policies import EqualShares

from .tiny import WHO, perceptron

Change = Callable[[dict[str, Any]], None]


def silent(line: str) -> None:
    """Report nothing."""


def score(entry: Path, suite: Suite, parts: Path | None = None) -> Any:
    return rescore(entry / "submission.json", suite, parts, report=silent)


@pytest.fixture
def entry(entries: Path, tmp_path: Path) -> Path:
    """A copy of the learned entry."""
    return shutil.copytree(entries / "perceptron", tmp_path / "entry")


def changed(entry: Path, change: Change) -> Path:
    document = json.loads((entry / "submission.json").read_text())
    change(document)
    (entry / "submission.json").write_text(json.dumps(document))
    return entry


def poisoned(entry: Path, name: str, payload: bytes) -> Path:
    """The entry with another file, whose checksum it states."""
    (entry / name).write_bytes(payload)
    return changed(entry, lambda document: document["entry"]["files"].update({name: sha256(payload)}))


@pytest.mark.parametrize("name", ["fracr-exact", "perceptron"])
def test_an_honest_entry_holds(name: str, entries: Path, suite: Suite) -> None:
    claimed = load_results(entries / name / "submission.json")
    measured = score(entries / name, suite)
    assert measured.who == WHO
    assert measured.tasks["image"].score == claimed.tasks["image"].score
    assert measured.tasks["image"].normalised == claimed.tasks["image"].normalised


CLAIMS: dict[str, tuple[Change, str]] = {
    "score": (
        lambda d: d["tasks"]["image"]["score"].update(estimate=0.99),
        r"image: score 0\.990000 is claimed, 0\.\d+",
    ),
    "interval": (lambda d: d["tasks"]["image"]["normalised"].update(low=0.5), r"image: normalised \(low\) 0\.500000"),
    "no interval": (lambda d: d["tasks"]["image"]["score"].update(low=None), r"image: score \(low\) nan is claimed"),
    "energy": (lambda d: d["tasks"]["image"].update(energy_mj=0.0), r"image: energy_mj 0\.000000 is claimed"),
    "kind": (lambda d: d.update(kind="rule"), "claims to be rule, it is learned"),
    "seeds": (lambda d: d["training"].pop(), "1 training seeds are claimed, the files hold 2"),
    "steps": (lambda d: d["training"][0].update(steps=10), "training seed 0: steps 10 is claimed"),
}


@pytest.mark.parametrize("case", CLAIMS)
def test_a_claim_that_does_not_hold_is_refused(case: str, entry: Path, entries: Path, suite: Suite) -> None:
    change, message = CLAIMS[case]
    with pytest.raises(BenchmarkError, match=message):
        score(changed(entry, change), suite, entries.parent / "parts")


VERSIONS: dict[str, tuple[Change, str]] = {
    "suite": (lambda d: d.update(suite="Tiny-0"), "for the suite 'Tiny-0', this version scores Tiny-1"),
    "episodes": (lambda d: d.update(episodes=3), "claims 3 episodes, Tiny-1 has 4"),
    "task": (lambda d: d["tasks"].update(other=d["tasks"]["image"]), "has a task 'other'"),
    "id": (lambda d: d["tasks"]["image"].update(env_id="EdgeVision/Image-v1"), "scored on EdgeVision/Image-v1"),
    "profile": (lambda d: d["tasks"]["image"].update(fingerprint="0" * 64), "fingerprint 000000000000"),
    "format": (lambda d: d.update(format_version=2), "format_version must be 1"),
    "missing": (lambda d: d.pop("cpu"), "entries of the record must be"),
    "number": (lambda d: d["tasks"]["image"].update(in_time="all"), "in_time must be a number, got 'all'"),
    "infinite": (
        lambda d: d["tasks"]["image"]["score"].update(estimate=float("inf")),
        "estimate|score must be a number",
    ),
    "name": (lambda d: d.update(name="<img src=x>"), "name must be 1 to 80 letters"),
    "lines": (lambda d: d.update(who="a\nb"), "who must be a line"),
}


@pytest.mark.parametrize("case", VERSIONS)
def test_another_version_or_a_damaged_record_is_refused(case: str, entry: Path, suite: Suite) -> None:
    change, message = VERSIONS[case]
    with pytest.raises(BenchmarkError, match=message) as refused:
        score(changed(entry, change), suite)
    assert "\n" not in str(refused.value)


SOURCES: dict[str, tuple[dict[str, Any], str]] = {
    "a module": ({"policy": "os:system"}, "must be the name of a policy of the package"),
    "a folder": ({"policy": "entries/agent"}, "must be the name of a policy of the package"),
    "both": ({"policy": "joint", "files": {}}, "must be the name of a policy of the package"),
    "nothing": ({}, "must be the name of a policy of the package"),
    "no files": ({"files": {}}, "files must name 1 to 64 files"),
    "a way out": ({"files": {"../policy.json": "0" * 64}}, "is no file of a policy"),
    "an absolute path": ({"files": {"/etc/passwd": "0" * 64}}, "is no file of a policy"),
    "a pickle": ({"files": {"policy.pkl": "0" * 64}}, "is no file of a policy"),
    "no checksum": ({"files": {"policy.json": 3}}, "must be 64 hexadecimal digits"),
}


@pytest.mark.parametrize("case", SOURCES)
def test_a_policy_from_elsewhere_is_refused(case: str, entry: Path, suite: Suite) -> None:
    source, message = SOURCES[case]
    with pytest.raises(BenchmarkError, match=message):
        score(changed(entry, lambda document: document.update(entry=source)), suite)


class Bomb:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("bomb",)


def test_weights_that_would_run_code_do_not(entry: Path, suite: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(entry)
    description = json.loads((entry / "0" / "policy.json").read_text())
    description["sha256"] = sha256(pickle.dumps(Bomb()))
    poisoned(entry, "0/policy.safetensors", pickle.dumps(Bomb()))
    with pytest.raises(LearnedPolicyError, match="damaged, not a safetensors file"):
        score(poisoned(entry, "0/policy.json", json.dumps(description).encode()), suite)
    assert not (entry / "bomb").exists()


def test_weights_of_nan_are_refused(entry: Path, suite: Suite) -> None:
    policy = FlatPolicy.load(entry / "0")
    weights = {name: torch.full_like(value, float("nan")) for name, value in policy.network.state_dict().items()}
    payload = safetensors.torch.save(weights)
    description = json.loads((entry / "0" / "policy.json").read_text())
    description["sha256"] = sha256(payload)
    poisoned(entry, "0/policy.safetensors", payload)
    with pytest.raises(LearnedPolicyError, match="holds NaN or infinity") as refused:
        score(poisoned(entry, "0/policy.json", json.dumps(description).encode()), suite)
    assert str(entry) in str(refused.value)


def test_a_file_that_was_changed_or_is_missing_is_refused(entry: Path, suite: Suite) -> None:
    (entry / "1" / "policy.json").write_text("{}")
    with pytest.raises(BenchmarkError, match=re.escape("1/policy.json does not match its SHA-256")):
        score(entry, suite)
    (entry / "1" / "policy.json").unlink()
    with pytest.raises(BenchmarkError, match="no such file"):
        score(entry, suite)


def test_links_are_refused(entry: Path, suite: Suite) -> None:
    (entry / "0").rename(entry / "elsewhere")
    (entry / "0").symlink_to(entry / "elsewhere")
    with pytest.raises(BenchmarkError, match="is a link; send the file itself"):
        score(entry, suite)


def test_a_huge_file_is_refused_before_it_is_read(entry: Path, suite: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy_bundle, "MAX_FILE_BYTES", 100)
    with pytest.raises(BenchmarkError, match="larger than 100 bytes, refusing to load"):
        score(entry, suite)


def test_only_finished_results_of_a_policy_that_can_be_sent_are_packed(
    suite: Suite, entries: Path, tmp_path: Path
) -> None:
    def pack(run: str, **options: Any) -> None:
        submit(tmp_path / f"{run}.json", suite, tmp_path / "entry", **{"who": WHO, **options})

    run_benchmark("fracr-exact", suite, episodes=2, report=silent).save(tmp_path / "rehearsal.json")
    with pytest.raises(BenchmarkError, match=r"holds 2 episodes of Tiny-1, an entry needs 4"):
        pack("rehearsal")
    run_benchmark(EqualShares(), suite, names=["image"], report=silent).save(tmp_path / "own.json")
    with pytest.raises(BenchmarkError, match="equal is code of your own"):
        pack("own")
    run_benchmark("fracr-exact", suite, entries.parent / "parts", report=silent).save(tmp_path / "named.json")
    with pytest.raises(BenchmarkError, match="say who enters"):
        pack("named", who=" ")
    with pytest.raises(BenchmarkError, match="name must be"):
        pack("named", name="a|b")
    perceptron(tmp_path / "agent")
    run_benchmark(str(tmp_path / "agent"), suite, report=silent).save(tmp_path / "agent.json")
    perceptron(tmp_path / "agent", seed=1)
    with pytest.raises(BenchmarkError, match="holds another policy than the one that was scored"):
        pack("agent")
    pack("named")
    with pytest.raises(BenchmarkError, match="is not empty"):
        pack("named")


def test_a_learned_entry_says_how_long_training_took(suite: Suite, tmp_path: Path) -> None:
    policy = perceptron(tmp_path / "agent")
    policy.description = dataclasses.replace(policy.description, provenance={"env_id": "EdgeVision/Image-v0"})
    policy.save(tmp_path / "agent")
    run_benchmark(str(tmp_path / "agent"), suite, report=silent).save(tmp_path / "agent.json")
    with pytest.raises(BenchmarkError, match="say how long the training of one seed took"):
        submit(tmp_path / "agent.json", suite, tmp_path / "entry", who=WHO)
    packed = submit(tmp_path / "agent.json", suite, tmp_path / "entry", who=WHO, seconds=60)
    assert packed.training[0]["seconds"] == 60


def test_random_damage_is_always_one_line(entry: Path, suite: Suite) -> None:
    whole = (entry / "submission.json").read_bytes()
    for cut in range(0, len(whole), len(whole) // 40):
        (entry / "submission.json").write_bytes(whole[:cut])
        with pytest.raises(EdgeVisionError) as refused:
            score(entry, suite)
        assert "\n" not in str(refused.value)
