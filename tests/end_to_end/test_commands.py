"""What the commands print and write when all is well."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageOps

import edgevision
from edgevision import baselines
from edgevision.envs import DYNAMIC_PRESETS, IDS, PRESETS, STREAM_PRESETS
from edgevision.envs.stresses import STRESSES
from edgevision.profiles import load_profile, shipped_profiles
from edgevision.profiles.video_grid import AXES

from .command import PROGRAM, run

PAPER = "EdgeVision/Paper-v0"
SMALL = ["--set", "users=2", "--set", "episode_slots=3", "--episodes", "4"]


def test_help_teaches_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    for command in (
        [],
        ["demo"],
        ["train"],
        ["evaluate"],
        ["compress"],
        ["decompress"],
        ["info"],
        ["profile"],
        ["profile", "image"],
    ):
        assert run(*command, "--help") == 0
        text = " ".join(capsys.readouterr().out.split())
        if command and command != ["profile"]:
            assert f"Example: edgevision {' '.join(command)}" in text
            assert "rites" in text  # what it writes


def test_nothing_asked_shows_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == 0
    assert "evaluate" in capsys.readouterr().out
    assert run("profile") == 0
    assert "image" in capsys.readouterr().out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--version") == 0
    assert capsys.readouterr().out == f"edgevision {edgevision.__version__}\n"


def test_help_is_quick_and_loads_nothing_heavy() -> None:
    program = (
        "import sys, atexit; atexit.register(lambda: print([m for m in ('torch', 'cvxpy', 'matplotlib', 'scipy') "
        "if m in sys.modules])); from edgevision.cli import main; main(['--help'])"
    )
    seconds = []
    for _ in range(3):
        started = time.perf_counter()
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        seconds.append(time.perf_counter() - started)
        assert done.stdout.splitlines()[-1] == "[]"
    assert min(seconds) < 1.5  # 0.4 s on an idle core; the bound allows for busy ones


def test_info_names_everything_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("info") == 0
    text = capsys.readouterr().out
    presets = (*PRESETS, *DYNAMIC_PRESETS, *STREAM_PRESETS, *STRESSES)
    for name in (edgevision.__version__, *IDS, *presets, *shipped_profiles(), *baselines.known()):
        assert name in text
    assert re.search(r"convex: (installed|missing .*pip install 'edgevision-gym\[convex\]')", text)


def test_info_says_which_extra_is_missing() -> None:
    program = (
        "import importlib.metadata as m; v = m.version\n"
        "def version(name):\n"
        "    if name == 'clarabel': raise m.PackageNotFoundError(name)\n"
        "    return v(name)\n"
        "m.version = version\n"
        "from edgevision.cli import main; main(['info'])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "convex: missing clarabel; run: pip install 'edgevision-gym[convex]'" in done.stdout
    assert "report: installed" in done.stdout


def test_evaluate_prints_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("evaluate", PAPER, "fracr-exact", "fixed:operating_point=7", *SMALL) == 0
    text = capsys.readouterr().out
    assert re.search(r"│ fracr-exact +│ rule", text)
    assert "fixed:operating_point=7" in text


def test_evaluate_without_policies_takes_all_classical_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("evaluate", PAPER, "--json", "--processes", "1", *SMALL) == 0
    record = json.loads(capsys.readouterr().out)
    assert sorted(policy["policy"] for policy in record["policies"]) == baselines.names()
    assert record["scenario"]["users"] == 2


def test_evaluate_takes_the_policies_for_clips_on_video(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("evaluate", "EdgeVision/Video-v0", "--json", "--processes", "1", *SMALL) == 0
    record = json.loads(capsys.readouterr().out)
    assert sorted(policy["policy"] for policy in record["policies"]) == baselines.names(AXES)


def test_evaluate_writes_a_report_and_reuses_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["evaluate", PAPER, "fracr", "fixed", "--split", "validation", "--out", str(tmp_path), *SMALL]
    assert run(*arguments) == 0
    assert f"report: {tmp_path / 'report.html'}" in capsys.readouterr().out
    first = json.loads((tmp_path / "evaluation.json").read_text())
    assert first["seeds"] == [10_000, 10_001, 10_002, 10_003]
    parts = {path: path.stat().st_mtime_ns for path in (tmp_path / "parts").glob("*.npz")}
    assert run(*arguments) == 0
    assert parts == {path: path.stat().st_mtime_ns for path in (tmp_path / "parts").glob("*.npz")}
    assert json.loads((tmp_path / "evaluation.json").read_text())["policies"] == first["policies"]
    with (tmp_path / "summary.csv").open(newline="") as stream:
        assert [row["policy"] for row in csv.DictReader(stream)] == [row["policy"] for row in first["policies"]]


def test_measured_profiles_can_be_evaluated(measured_profile: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = ["--set", f"profile={measured_profile}", "--set", "episode_slots=3", "--episodes", "4"]
    assert run("evaluate", "EdgeVision/Image-v0", "fixed", "fracr-exact", "--json", *settings) == 0
    assert json.loads(capsys.readouterr().out)["scenario"]["content_split"] == "test"


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    rows, columns = np.mgrid[:96, :128]
    pixels = np.stack([rows * 2, columns, rows + columns], axis=2).astype(np.uint8)
    path = tmp_path / "picture.png"
    Image.fromarray(pixels).save(path)
    return path


@pytest.mark.parametrize(
    "rate", [["--level", "2"], ["--target-bytes", "1500"], ["--ratio", "0.95"]], ids=lambda r: r[0]
)
@pytest.mark.parametrize("codec", ["uniform", "spat-imco"])
def test_pictures_go_there_and_back(
    codec: str, rate: list[str], picture: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    small, decoded = picture.with_name("small.jpg"), picture.with_name("decoded.png")
    assert run("compress", str(picture), str(small), "--codec", codec, *rate) == 0
    printed = capsys.readouterr().out
    size, raw, ratio = re.search(r": (\d+) bytes of (\d+) raw, ratio o = ([\d.]+),", printed).groups()  # type: ignore[union-attr]
    assert int(size) == small.stat().st_size
    assert float(ratio) == pytest.approx(1 - int(size) / int(raw), abs=1e-4)
    if rate[0] == "--target-bytes":
        assert int(size) <= 1500
    if rate[0] == "--ratio":
        assert float(ratio) >= 0.95 - 1e-4
    assert run("decompress", str(small), str(decoded), "--codec", codec) == 0
    before, after = (np.asarray(Image.open(path)).astype(float) for path in (picture, decoded))
    assert before.shape == after.shape
    assert np.abs(before - after).mean() < 12


def test_a_picture_for_any_viewer(picture: Path) -> None:
    small, decoded = picture.with_name("small.jpg"), picture.with_name("decoded.png")
    assert run("compress", str(picture), str(small), "--level", "2", "--codec", "spat-imco:container=plain") == 0
    assert run("decompress", str(small), str(decoded)) == 0
    np.testing.assert_array_equal(np.asarray(Image.open(small)), np.asarray(Image.open(decoded)))


def test_ordinary_pictures_are_turned_upright(picture: Path) -> None:
    stored, decoded = picture.with_name("turned.jpg"), picture.with_name("decoded.png")
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    Image.open(picture).convert("RGB").save(stored, "JPEG", exif=exif)
    assert run("decompress", str(stored), str(decoded), "--codec", "uniform") == 0
    expected = ImageOps.exif_transpose(Image.open(stored))
    np.testing.assert_array_equal(np.asarray(expected), np.asarray(Image.open(decoded)))


@pytest.mark.usefixtures("short_timing")
def test_a_profile_is_measured_from_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("foolbox", reason="needs the extra 'dev'")
    import foolbox

    images = tmp_path / "images"
    for path in sorted((Path(foolbox.__file__).parent / "data").glob("imagenet_*.jpg"))[:10]:
        folder = images / path.stem.split("_")[2]  # the number of its class
        folder.mkdir(parents=True, exist_ok=True)
        (folder / path.name).write_bytes(path.read_bytes())
    arguments = ["profile", "image", "--images", str(images), "--name", "mine", "--codec", "uniform"]
    arguments += ["--out", str(tmp_path / "out")]
    assert run(*arguments) == 0
    said = capsys.readouterr()
    assert "10 images" in said.out
    assert "accuracy on all images" in said.out
    assert not re.search("guessing|skipped", said.err)
    assert load_profile(str(tmp_path / "out" / "mine.npz")).accuracy[0] > 0.5

    (images / "n01440764").mkdir()
    for path in [*images.glob("*/*.jpg")]:
        path.rename(images / "n01440764" / path.name)
    for number in range(6):
        (images / "n01440764" / f"{number}.png").write_bytes(b"no picture")
    assert run(*arguments) == 0
    lines = capsys.readouterr().err.splitlines()
    warning = "edgevision: at its least compressed level tf_efficientnet_lite0 recognises 0 of 10 images"
    assert sum(line.startswith(warning) for line in lines) == 1
    assert lines[-1].startswith("6 of 16 pictures skipped: n01440764/0.png: not a picture in one of ")
    assert lines[-1].count("; n01440764/") == 4
    assert lines[-1].endswith("; and 1 more")

    (images / "n01440764").rename(images / "class-0")
    assert run(*arguments) == 2
    assert "edgevision: label 'class-0' is no class of this classifier" in capsys.readouterr().err.splitlines()[-1]


def test_the_module_runs_as_a_program() -> None:
    done = subprocess.run([*PROGRAM, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("edgevision ")
