"""``codec train-stae`` and ``profile video``: from clips to weights, and from weights to a profile."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra 'codecs'")
pytest.importorskip("tensorboard", reason="needs the extra 'agents'")

import torch

from edgevision.codecs.deepisc import train_deepisc
from edgevision.codecs.deepisc.deepisc_model_set import DeepIscModels
from edgevision.codecs.stae.stae_model_set import SHIPPED, StaeModels
from edgevision.codecs.stae.training import train_stae as training
from edgevision.codecs.stae.training.algorithm1 import Plan
from edgevision.codecs.stae.training.fit_step import FitConfig
from edgevision.data.actions import GeneratedActions
from edgevision.measure import video_profile as profiling
from edgevision.profiles import OperatingPointProfile, load_profile
from edgevision.profiles.video_grid import video_point
from tests.codecs.deepisc.conftest import CONFIG
from tests.codecs.stae.tiny import CONFIG as TINY
from tests.codecs.stae.tiny import tiny_models, with_budgets
from tests.data.videos import numbered, write
from tests.end_to_end.command import run
from tests.end_to_end.test_wrong_input import complaint

pytestmark = pytest.mark.usefixtures("short_timing")
SHORT = FitConfig(1, 8, 1e-3)


@pytest.fixture(scope="module", autouse=True)
def short() -> Iterator[None]:
    """The shortest plans."""
    with pytest.MonkeyPatch.context() as patch:
        plan = replace(training.QUICK_PLAN, vit=SHORT, second_vit=None, fa=SHORT, sa=SHORT, fr=SHORT, first_fr=SHORT)
        patch.setattr(training, "QUICK_PLAN", plan)
        patch.setattr(training, "QUICK_END_TO_END", SHORT)
        patch.setattr(train_deepisc, "DEEPISC_PLAN", Plan(fr=SHORT, first_fr=SHORT))
        patch.setattr(profiling, "FOLD_PLAN", replace(plan, frames=(1,), pixels=(1.0,)))
        patch.setattr("edgevision.cli.video_commands._HELD_BACK", 3)
        yield


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Untrained networks for the whole grid, on disk."""
    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    made = with_budgets(tiny_models(), profiling.FRAMES, profiling.PIXELS[1:])
    made.save(path, {"plan": {"seed": 6}, "clips": 3})
    return path


def train(out: Path, **options: str) -> list[str]:
    words = {"count": "9", "frames": "1,16", "pixels": "1,0.4", "out": str(out)} | options
    return ["codec", "train-stae", "--quick", *(word for key, value in words.items() for word in (f"--{key}", value))]


def test_training_leaves_weights_and_prints_what_they_are_worth(
    weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = train(tmp_path, start=str(weights), seed="2")
    torch.manual_seed(0)  # of the stem, which is random in this test and comes with its package otherwise
    assert run(*command) == 0
    printed = capsys.readouterr()
    text = printed.out.splitlines()
    assert text[0].split() == ["FA", "SA", "FR", "VIT"]
    place = next(row for row, line in enumerate(text) if line.startswith("accuracy on 3 clips"))
    assert text[place + 1].split() == ["frames", "100", "%", "40", "%"]
    table = [[float(word) for word in line.split()] for line in text[place + 2 : place + 4]]
    assert [row[0] for row in table] == [16, 1]
    assert all(round(3 * value, 2) in (0, 1, 2, 3) for row in table for value in row[1:])
    assert "tensorboard --logdir" in printed.out
    record = json.loads((tmp_path / "stae.json").read_text())["provenance"]
    assert record["command"] == (
        f"edgevision codec train-stae --data actions --count 9 --frames 1,16 --pixels 1,0.4 --start {weights.name} "
        "--seed 2 --quick"
    )
    assert record["data_set_fingerprint"] == GeneratedActions(9, 2).fingerprint()
    assert record["plan"]["seed"] == 2 and record["plan"]["frames"] == [1, 16]
    first = (tmp_path / "stae.safetensors").read_bytes()
    torch.manual_seed(0)
    assert run(*command) == 0  # from its checkpoints
    assert (tmp_path / "stae.safetensors").read_bytes() == first


def test_extended_attention_is_that_of_the_shipped_weights(tmp_path: Path) -> None:
    assert run(*train(tmp_path, count="2", frames="16", pixels="1"), "--extended") == 0
    record, shipped = (json.loads(path.read_text()) for path in (tmp_path / "stae.json", SHIPPED.with_suffix(".json")))
    assert record["provenance"]["command"].endswith(" --extended --quick")
    for name in ("attention_motion", "attention_contrast"):
        assert record["config"][name] and shipped["config"][name]


def test_all_networks_of_one_budget_at_once(weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = [*train(tmp_path, start=str(weights), frames="2", pixels="0.5"), "--end-to-end"]
    assert run(*command) == 0
    assert "accuracy on 3 clips" in capsys.readouterr().out
    assert json.loads((tmp_path / "stae.json").read_text())["provenance"]["plan"]["pixels"] == 0.5
    before, after = StaeModels.load(weights), StaeModels.load(tmp_path / "stae.safetensors")
    for name in ("base.vit.head.weight", "base.fa.mlp.0.weight", "spatial.2.convolution.weight"):
        assert not torch.equal(before.state_dict()[name], after.state_dict()[name])


def test_a_profile_is_measured_on_clips_that_were_held_back(
    weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--count", "1", "--weights", str(weights), "--out", str(tmp_path)]
    assert run("profile", "video", "--name", "mine", *options) == 0
    assert "1 clips, 105 operating points" in capsys.readouterr().out
    profile = load_profile(str(tmp_path / "mine.npz"))
    known = profile.metadata
    assert known["data_set_fingerprint"] == GeneratedActions(1, 7).fingerprint()  # the seed after the training's
    assert known["weights_sha256"] == json.loads(weights.with_suffix(".json").read_text())["sha256"]
    assert known["command"].startswith("edgevision profile video --data actions --count 1")
    assert run("profile", "video", "--name", "without", "--codec", "fa-sa", *options) == 0
    np.testing.assert_array_equal(load_profile(str(tmp_path / "without.npz")).size, profile.size)


@pytest.fixture(scope="module")
def deepisc_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Untrained DeepISC networks for the whole grid, on disk."""
    path = tmp_path_factory.mktemp("deepisc") / "tiny-deepisc.safetensors"
    networks = DeepIscModels(CONFIG)
    for alpha in profiling.FRAMES:
        for beta in profiling.PIXELS:
            networks.add(alpha, beta)
    networks.save(path, {})
    return path


def test_deepisc_is_trained_and_measured_on_the_clips_of_stae(
    weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def measured(name: str, *options: str) -> OperatingPointProfile:
        torch.manual_seed(0)  # of the stem, as above
        paths = ["--weights", str(weights), "--out", str(tmp_path)]
        assert run("profile", "video", "--name", name, "--count", "1", *paths, *options) == 0
        assert "1 clips, 105 operating points" in capsys.readouterr().out
        return load_profile(str(tmp_path / f"{name}.npz"))

    mine, stae = measured("mine", "--codec", "deepisc"), measured("stae")
    known, trained = mine.metadata, tmp_path / "deepisc" / "deepisc.safetensors"
    record = json.loads(trained.with_suffix(".json").read_text())
    assert known["codec"] == "deepisc" and known["command"].endswith("--codec deepisc --coding huffman --name mine")
    assert known["weights_sha256"] == stae.metadata["weights_sha256"] == record["provenance"]["stae"]["sha256"]
    assert known["deepisc_weights_sha256"] == record["sha256"] == hashlib.sha256(trained.read_bytes()).hexdigest()
    assert record["provenance"]["data_set_fingerprint"] == GeneratedActions(3, 6).fingerprint()  # the training's
    assert mine.content_ids == stae.content_ids
    local = np.array([video_point(point).mode == "local" for point in range(mine.points)])
    assert mine.correct is not None and stae.correct is not None
    np.testing.assert_array_equal(mine.correct[:, local], stae.correct[:, local])  # DeepISC has no part in these
    assert not np.array_equal(mine.size[:, ~local], stae.size[:, ~local])
    again = measured("again", "--codec", "deepisc", "--deepisc-weights", str(trained))
    for name in ("size", "correct", "device_time"):  # nothing is measured twice
        np.testing.assert_array_equal(getattr(again, name), getattr(mine, name))


def test_deepisc_in_folds_goes_on_from_given_weights(weights: Path, deepisc_weights: Path, tmp_path: Path) -> None:
    options = ["--count", "2", "--weights", str(weights), "--out", str(tmp_path), "--folds", "--codec", "deepisc"]
    assert run("profile", "video", "--name", "mine", *options, "--deepisc-weights", str(deepisc_weights)) == 0
    known = load_profile(str(tmp_path / "mine.npz")).metadata
    assert known["folds"] == 2 and known["data_set_fingerprint"] == GeneratedActions(2, 7).fingerprint()
    assert known["deepisc_weights_sha256"] == hashlib.sha256(deepisc_weights.read_bytes()).hexdigest()
    assert "--folds" in known["command"] and f"--deepisc-weights {deepisc_weights.name}" in known["command"]
    assert not (tmp_path / "deepisc").exists()  # nothing was trained but the folds


def test_a_plan_says_what_would_be_done_and_does_nothing(
    weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--name", "x", "--count", "2", "--weights", str(weights), "--out", str(tmp_path / "out"), "--plan"]
    assert run("profile", "video", *options, "--folds") == 0
    text = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in text[:4]] == ["clips", "train", "measure", "time"]
    assert "2 folds" in text[1] and "5 frame budgets x 7 pixel budgets" in text[2]
    assert text[4].startswith("in all about ") and text[4].split()[3] != "0.0"
    assert run("profile", "video", *options, "--mode", "h264") == 0
    text = capsys.readouterr().out.splitlines()
    assert "train" not in text[1] and "5 frame budgets x 7 qualities" in text[1]
    assert not (tmp_path / "out").exists()


def test_a_folder_of_its_own_is_the_test_split(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    classes = ("hug", "kick")
    StaeModels(replace(TINY, classes=2), classes).save(tmp_path / "two.safetensors", {})
    for folder in ("mine", "held"):
        for number, name in enumerate(classes):
            (tmp_path / folder / name).mkdir(parents=True)
            write(tmp_path / folder / name / "0.mp4", numbered(20 + number, 48, 64))
    options = ["--data", "folder", "--clips", str(tmp_path / "mine"), "--test", str(tmp_path / "held")]
    paths = ["--weights", str(tmp_path / "two.safetensors"), "--out", str(tmp_path / "out")]
    assert run("profile", "video", "--name", "x", "--mode", "h264", *options, *paths) == 0
    made = load_profile(str(tmp_path / "out" / "x.npz"))
    assert made.content_ids == ("kick/0.mp4", "test/hug/0.mp4", "test/kick/0.mp4")  # the last group of the first folder
    assert made.split.tolist() == [0, 2, 2]
    assert "--mode h264 --test DIR --name x" in made.metadata["command"]
    (tmp_path / "held" / "strange").mkdir()
    write(tmp_path / "held" / "strange" / "0.mp4", numbered(20, 48, 64))
    capsys.readouterr()
    assert "of a class 'strange'" in complaint(capsys, "profile", "video", "--name", "y", *options, *paths)


WRONG = {
    "unknown data": ["codec", "train-stae", "--data", "hmdb"],
    "data without a folder": ["codec", "train-stae", "--data", "hmdb51"],
    "a folder for actions": ["codec", "train-stae", "--clips", "."],
    "no such folder": ["codec", "train-stae", "--data", "folder", "--clips", "nowhere"],
    "no clips": ["codec", "train-stae", "--count", "0"],
    "frames that are words": ["codec", "train-stae", "--frames", "one"],
    "too many frames": ["codec", "train-stae", "--frames", "1,17"],
    "half a frame": ["codec", "train-stae", "--frames", "0.5"],
    "frames that are no number": ["codec", "train-stae", "--frames", "nan"],
    "pixels above one": ["codec", "train-stae", "--pixels", "40"],
    "pixels of zero": ["codec", "train-stae", "--pixels", "0"],
    "pixels that are no number": ["codec", "train-stae", "--pixels", "nan"],
    "infinite pixels": ["codec", "train-stae", "--pixels", "inf"],
    "a thousandth of pixels": ["codec", "train-stae", "--pixels", "0.405"],
    "unknown transformer": ["codec", "train-stae", "--vit", "resnet50"],
    "unknown insertion": ["codec", "train-stae", "--insertion", "back"],
    "missing weights to start from": ["codec", "train-stae", "--start", "nowhere.safetensors"],
    "weights that are none": ["codec", "train-stae", "--start", "noise.safetensors"],
    "seed below zero": ["codec", "train-stae", "--seed", "-1"],
    "many budgets at once": ["codec", "train-stae", "--end-to-end"],
    "insertion of another training": [
        "codec", "train-stae", "--end-to-end", "--frames", "1", "--pixels", "0.4", "--insertion", "input",
    ],
    "extensions for networks without": ["codec", "train-stae", "--extended", "--start", "WEIGHTS"],
    "no name": ["profile", "video"],
    "name that is a path": ["profile", "video", "--name", "a/b", "--weights", "WEIGHTS", "--count", "1"],
    "unknown codec": ["profile", "video", "--name", "x", "--codec", "jpeg"],
    "missing weights": ["profile", "video", "--name", "x", "--weights", "nowhere.safetensors"],
    "unknown coding": ["profile", "video", "--name", "x", "--coding", "dct"],
    "missing weights of DeepISC": [
        "profile", "video", "--name", "x", "--weights", "WEIGHTS", "--codec", "deepisc", "--deepisc-weights",
        "nowhere.safetensors",
    ],
    "weights of DeepISC that are none": [
        "profile", "video", "--name", "x", "--weights", "WEIGHTS", "--codec", "deepisc", "--deepisc-weights",
        "noise.safetensors",
    ],
    "weights of DeepISC for STAE": ["profile", "video", "--name", "x", "--deepisc-weights", "noise.safetensors"],
    "a coding that DeepISC has not": ["profile", "video", "--name", "x", "--codec", "deepisc", "--coding", "range"],
    "folds of DeepISC from nowhere": [
        "profile", "video", "--name", "x", "--weights", "WEIGHTS", "--codec", "deepisc", "--folds",
    ],
    "other data": ["profile", "video", "--name", "x", "--weights", "WEIGHTS", "--data", "ut-interaction"],
    "unknown mode": ["profile", "video", "--name", "x", "--mode", "vp9"],
    "an entropy coder for a video": ["profile", "video", "--name", "x", "--mode", "h265", "--coding", "range"],
    "a video without recovery": ["profile", "video", "--name", "x", "--mode", "h264", "--codec", "fa-sa"],
    "a plan for DeepISC": ["profile", "video", "--name", "x", "--codec", "deepisc", "--plan"],
    "test clips for generated ones": ["profile", "video", "--name", "x", "--weights", "WEIGHTS", "--test", "."],
    "test clips that are not there": [
        "profile", "video", "--name", "x", "--weights", "WEIGHTS", "--data", "folder", "--clips", ".", "--test", "no",
    ],
    "folds of official splits": [
        "profile", "video", "--name", "x", "--weights", "WEIGHTS", "--data", "hmdb51", "--clips", ".", "--folds",
    ],
}  # fmt: skip


@pytest.mark.parametrize("arguments", WRONG.values(), ids=WRONG.keys())
def test_wrong_input_costs_one_line(
    arguments: list[str],
    weights: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "noise.safetensors").write_bytes(b"no weights")
    monkeypatch.chdir(tmp_path)
    complaint(capsys, *(str(weights) if word == "WEIGHTS" else word for word in arguments))
    assert [path.name for path in tmp_path.iterdir()] == ["noise.safetensors"]


def test_a_transformer_goes_with_weights_or_with_a_name(weights: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "leave --vit out" in complaint(capsys, "codec", "train-stae", "--start", str(weights), "--vit", "hybrid")


@pytest.mark.parametrize("command", [["codec", "train-stae"], ["profile", "video"]], ids=" ".join)
def test_help_teaches(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*command, "--help") == 0
    text = " ".join(capsys.readouterr().out.split())
    assert f"Example: edgevision {' '.join(command)}" in text
    assert "Writes OUT/" in text
