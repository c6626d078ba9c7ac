"""Wrong input costs one line on stderr and exit code 2, never a traceback."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from .command import PROGRAM, run

PAPER = "EdgeVision/Paper-v0"

WRONG = {
    "unknown command": ["evalute"],
    "unknown option": ["evaluate", PAPER, "--epsiodes", "3"],
    "missing argument": ["evaluate"],
    "no number": ["evaluate", PAPER, "--episodes", "many"],
    "missing value": ["evaluate", PAPER, "fixed", "--episodes"],
    "unknown id": ["evaluate", "EdgeVision/Papr-v0", "fixed"],
    "foreign id": ["evaluate", "CartPole-v1", "fixed"],
    "unknown policy": ["evaluate", PAPER, "co-cra"],
    "missing run folder": ["evaluate", PAPER, "runs/nothing/here"],
    "folder that is no run": ["evaluate", PAPER, "."],
    "policy twice": ["evaluate", PAPER, "fixed", "fixed"],
    "unknown policy option": ["evaluate", PAPER, "fixed:colour=red"],
    "operating point that is none": ["evaluate", PAPER, "fixed:operating_point=1000"],
    "operating point below zero": ["evaluate", PAPER, "fixed:operating_point=-1"],
    "no pair": ["evaluate", PAPER, "fixed", "--set", "users"],
    "unknown setting": ["evaluate", PAPER, "fixed", "--set", "usres=3"],
    "environments on PyTorch": ["evaluate", PAPER, "fixed", "--set", "backend=torch"],
    "agents on PyTorch": ["train", PAPER, "--set", "backend=torch", "--out", "run"],
    "unknown preset": ["evaluate", PAPER, "fixed", "--set", "preset=papr"],
    "unknown profile": ["evaluate", PAPER, "fixed", "--set", "profile=nothing"],
    "missing profile file": ["evaluate", PAPER, "fixed", "--set", "profile=no/profile.npz"],
    "setting out of range": ["evaluate", PAPER, "fixed", "--set", "users=0"],
    "setting of the wrong type": ["evaluate", PAPER, "fixed", "--set", "power_mw=much"],
    "infeasible settings": ["evaluate", PAPER, "fixed", "--set", "min_bandwidth_mhz=40"],
    "not a number": ["evaluate", PAPER, "fixed", "--set", "power_mw=NaN"],
    "render mode of a vector": ["evaluate", PAPER, "fixed", "--set", "render_mode=human"],
    "unknown split": ["evaluate", PAPER, "fixed", "--split", "train"],
    "too many episodes": ["evaluate", PAPER, "fixed", "--episodes", "5000"],
    "no episodes": ["evaluate", PAPER, "fixed", "--episodes", "0"],
    "no processes": ["evaluate", PAPER, "co-crra", "--processes", "0"],
    "unknown algorithm": ["train", PAPER, "--algo", "dqn", "--out", "nowhere"],
    "algorithm of another id": ["train", PAPER, "--algo", "marginal", "--out", "nowhere"],
    "no belief network": ["train-belief", "--network", "none", "--out", "nowhere"],
    "no rounds": ["train-belief", "--rounds", "0", "--out", "nowhere"],
    "belief of another setting": ["train-belief", "--set", "usres=3", "--out", "nowhere"],
    "no steps": ["train", PAPER, "--steps", "0", "--out", "nowhere"],
    "seed below zero": ["train", PAPER, "--seed", "-1", "--out", "nowhere"],
    "unknown id to train on": ["train", "EdgeVision/Imge-v0", "--out", "nowhere"],
    "unknown setting to train with": ["train", PAPER, "--set", "usres=3", "--out", "nowhere"],
    "split to train on": ["train", PAPER, "--set", "content_split=test", "--out", "nowhere"],
    "folder that is not empty": ["train", PAPER, "--out", "."],
    "nothing to resume": ["train", PAPER, "--resume", "--out", "nowhere"],
    "settings of a resumed run": ["train", PAPER, "--resume", "--steps", "3", "--out", "nowhere"],
    "demo without episodes": ["demo", "--episodes", "0", "--out", "nowhere"],
    "demo with too many episodes": ["demo", "--episodes", "2000", "--out", "nowhere"],
    "demo without steps": ["demo", "--steps", "0", "--out", "nowhere"],
    "unknown demo": ["demo", "vidoe", "--out", "nowhere"],
    "demo without processes": ["demo", "--processes", "0", "--out", "nowhere"],
    "unknown profile to train on": ["train-content", "image-lite9"],
    "closed form to train on": ["train-content", "published-eta"],
    "accuracy model that is no archive": ["train-content", "image-lite0-uniform", "--out", "model.json"],
    "missing accuracy model": ["evaluate", "EdgeVision/Image-v0", "joint-content:model=nothing.npz"],
    "no accuracy model for the profile": ["evaluate", PAPER, "joint-content"],
    "missing picture": ["compress", "nothing.png", "out.jpg", "--level", "4"],
    "unknown codec": ["compress", "nothing.png", "out.jpg", "--level", "4", "--codec", "jpeg"],
    "unknown codec setting": ["compress", "nothing.png", "out.jpg", "--level", "4", "--codec", "spat-imco:nothing=1"],
    "codec setting out of range": [
        "compress",
        "nothing.png",
        "out.jpg",
        "--level",
        "4",
        "--codec",
        "spat-imco:container=x",
    ],
    "missing bitstream": ["decompress", "nothing.jpg", "out.png"],
    "missing folder of images": ["profile", "image", "--images", "nothing", "--name", "x", "--codec", "uniform"],
    "missing name": ["profile", "image", "--images", "."],
    "unknown profile command": ["profile", "audio"],
}


def complaint(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert run(*arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("edgevision: ")
    assert printed.err.count("\n") == 1
    return printed.err


@pytest.mark.parametrize("arguments", WRONG.values(), ids=WRONG.keys())
def test_one_line_and_exit_code_2(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "something").touch()
    monkeypatch.chdir(tmp_path)
    complaint(capsys, *arguments)
    assert [path.name for path in tmp_path.iterdir()] == ["something"]


def test_the_line_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert "did you mean 'co-crra'" in complaint(capsys, "evaluate", PAPER, "co-cra")
    assert "did you mean 'users'" in complaint(capsys, "evaluate", PAPER, "fixed", "--set", "usres=3")
    assert "evaluate --help" in complaint(capsys, "evaluate", PAPER, "--epsiodes", "3")
    said = complaint(capsys, "compress", "nothing.png", "out.jpg", "--level", "4", "--codec", "spat-imco:colour=1")
    assert "unknown setting of codec 'spat-imco' 'colour' (known: aq_strength, " in said
    said = complaint(capsys, "codec", "compare", "image-lite0-spat-imco", "image-lite1-uniform")
    assert "of different classifiers" in said
    assert "nothing.png" in complaint(capsys, "compress", "nothing.png", "out.jpg", "--level", "4")


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "picture.png"
    Image.fromarray(np.random.default_rng(0).integers(256, size=(48, 64, 3), dtype=np.uint8)).save(path)
    return path


@pytest.mark.parametrize(
    "rate",
    [
        [],
        ["--level", "4", "--ratio", "0.5"],
        ["--level", "1000"],
        ["--level", "nan"],
        ["--ratio", "1"],
        ["--ratio", "-0.1"],
        ["--target-bytes", "3"],
        ["--target-bytes", "-3"],
    ],
    ids=" ".join,
)
def test_rates_that_cannot_be(rate: list[str], picture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = picture.with_name("out.jpg")
    complaint(capsys, "compress", str(picture), str(target), "--codec", "uniform", *rate)
    assert not target.exists()


def test_files_that_are_not_what_they_should_be(picture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    noise, target = picture.with_name("noise.jpg"), str(picture.with_name("out.png"))
    noise.write_bytes(b"\xff\xd8" + bytes(range(256)))
    uniform = ["--codec", "uniform"]
    complaint(capsys, "decompress", str(noise), target, *uniform)
    complaint(capsys, "decompress", str(picture), target, *uniform)
    complaint(capsys, "compress", str(noise), target, "--level", "4", *uniform)
    complaint(capsys, "compress", str(picture.parent), target, "--level", "4", *uniform)
    assert run("compress", str(picture), str(noise), "--level", "4", *uniform) == 0
    capsys.readouterr()
    for suffix in (".xyz", ".blp", ".wmf", ".h5", ".eps", ".pdf", ""):
        said = complaint(capsys, "decompress", str(noise), str(picture.with_name(f"out{suffix}")), *uniform)
        assert f"no file with the suffix '{suffix}'; use .png" in said
    mapped = str(picture.with_name("mapped.jpg"))
    assert run("compress", str(picture), mapped, "--level", "4") == 0
    capsys.readouterr()
    said = complaint(capsys, "compress", mapped, str(picture.with_name("again.jpg")), "--level", "4")
    assert "already compressed by spat-imco; read it with 'edgevision decompress'" in said
    (picture.parent / "labels.csv").write_text("name\nx\n")
    complaint(
        capsys, "profile", "image", "--images", str(picture.parent), "--labels", str(picture.parent / "labels.csv"),
        "--name", "x", *uniform,
    )  # fmt: skip


def test_a_target_that_cannot_be_written(picture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    below_a_file = str(picture / "out.jpg")
    complaint(capsys, "compress", str(picture), below_a_file, "--level", "4", "--codec", "uniform")
    complaint(capsys, "evaluate", PAPER, "fixed", "--episodes", "1", "--out", str(picture))


def test_the_real_process_does_the_same() -> None:
    done = subprocess.run([*PROGRAM, "evaluate", PAPER, "co-cra"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("missing", ["typer", "rich"])
def test_a_missing_cli_extra_is_named(missing: str) -> None:
    program = f"import sys; sys.modules[{missing!r}] = None; from edgevision.cli import main; main(['info'])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == f"edgevision: {missing!r} is not installed; run: pip install 'edgevision-gym[cli]'\n"


@pytest.mark.parametrize(
    ("missing", "extra", "arguments"),
    [
        ("cvxpy", "convex", ["evaluate", PAPER, "co-crra:solver=clarabel"]),
        ("matplotlib", "report", ["evaluate", PAPER, "fixed", "--out", "nowhere"]),
        ("stable_baselines3", "agents", ["train", PAPER, "--out", "nowhere"]),
        ("stable_baselines3", "agents", ["demo", "--out", "nowhere"]),
        ("clarabel", "convex", ["demo", "--out", "nowhere"]),
        ("PIL", "codecs", ["compress", "a.png", "b.jpg", "--level", "4"]),
        ("PIL", "codecs", ["decompress", "a.jpg", "b.png"]),
        ("timm", "codecs", ["profile", "image", "--images", ".", "--name", "x"]),
    ],
)
def test_other_missing_extras_are_named(missing: str, extra: str, arguments: list[str]) -> None:
    program = f"import sys; sys.modules[{missing!r}] = None; from edgevision.cli import main; main({arguments!r})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert f"edgevision-gym[{extra}]" in done.stderr
    assert done.stderr.count("\n") == 1
