"""``compress``, ``inspect`` and ``decompress`` with every codec, and maps from files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("torch", reason="needs the extra 'codecs'")

from edgevision import codecs
from edgevision.codecs.importance_file import read_importance
from edgevision.codecs.uniform import UniformJpeg
from edgevision.profiles import load_profile
from tests.codecs.pictures import picture
from tests.end_to_end.command import run
from tests.end_to_end.test_wrong_input import complaint

SUFFIX = {
    "avif": ".avif",
    "avif-raw": ".obu",
    "h264": ".h264",
    "hevc": ".hevc",
    "spat-avif": ".obu",
    "spat-avif:container=plain": ".avif",
    "spat-h264": ".h264",
    "spat-hevc": ".hevc",
    "spat-imco": ".jpg",
    "uniform": ".jpg",
    "webp": ".webp",
}


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    Image.fromarray(picture(70, 90)).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def test_every_codec_has_a_suffix() -> None:
    assert {name.split(":")[0] for name in SUFFIX} == set(codecs.names())


@pytest.mark.parametrize("codec", SUFFIX)
def test_pictures_go_there_and_back_without_naming_the_codec_again(
    codec: str, photo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    small, decoded = photo.with_name(f"small{SUFFIX[codec]}"), photo.with_name("decoded.png")
    assert run("compress", str(photo), str(small), "--target-bytes", "2500", "--codec", codec) == 0
    assert small.stat().st_size <= 2500
    assert codec.split(":")[0] in capsys.readouterr().out
    assert run("inspect", str(small)) == 0
    said = capsys.readouterr().out
    assert "90 x 70" in said
    assert codec.split(":")[0] in said
    assert ("not in the file" in said) == ("avif" in codec or codec == "webp")
    assert run("decompress", str(small), str(decoded)) == 0
    error = np.asarray(Image.open(photo)).astype(float) - np.asarray(Image.open(decoded))
    assert np.abs(error).mean() < 12
    if SUFFIX[codec] not in (".jpg", ".webp", ".avif"):
        capsys.readouterr()
        target = str(photo.with_name("again.obu"))
        said = complaint(capsys, "compress", str(small), target, "--level", "50", "--codec", "avif-raw")
        assert "already compressed" in said


def test_a_file_of_another_suffix_is_refused(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = photo.with_name("small.jpg")
    said = complaint(capsys, "compress", str(photo), str(target), "--level", "60", "--codec", "avif")
    assert "avif writes files with the suffix .avif" in said
    assert not target.exists()


@pytest.mark.parametrize("codec", ["spat-avif", "spat-hevc", "spat-imco"])
def test_a_map_from_a_file_steers_as_in_python(codec: str, photo: Path) -> None:
    weights = np.zeros((7, 9), np.float32)
    weights[2:5, 3:] = 0.75
    np.save(photo.with_name("map.npy"), weights)
    Image.fromarray(np.rint(255 * weights).astype(np.uint8)).save(photo.with_name("map.png"))
    image, level = np.asarray(Image.open(photo)), {"spat-avif": "85", "spat-hevc": "40", "spat-imco": "4"}[codec]
    files = {}
    for name in ("map.npy", "map.png"):
        target, overlay = photo.with_name(f"small{SUFFIX[codec]}"), photo.with_name("overlay.png")
        arguments = ["compress", str(photo), str(target), "--level", level, "--codec", codec]
        arguments += ["--importance", str(photo.with_name(name)), "--overlay", str(overlay)]
        assert run(*arguments) == 0
        files[name] = target.read_bytes()
        given = read_importance(photo.with_name(name))
        assert files[name] == codecs.make(codec).encode(image, level=float(level), importance=given)
    assert files["map.npy"] == files["map.png"]
    tint = np.asarray(Image.open(overlay)).astype(int) - image
    assert tint[30:40, 60:, 0].mean() > tint[30:40, 60:, 2].mean() + 20  # red where it matters
    assert tint[:16, :16, 2].mean() > tint[:16, :16, 0].mean() + 20  # blue where it does not


def test_no_file_is_written_over_the_map_or_another_result(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    weights, target = photo.with_name("map.png"), photo.with_name("small.jpg")
    Image.fromarray(np.full((3, 3), 200, np.uint8)).save(weights)
    before = weights.read_bytes()
    steered = ["compress", str(photo), str(target), "--level", "4", "--importance", str(weights), "--overlay"]
    assert "file to read too" in complaint(capsys, *steered, str(weights))
    assert "names the same file" in complaint(capsys, *steered, str(target))
    assert weights.read_bytes() == before
    assert not target.exists()


def test_a_map_for_a_codec_without_one_is_refused(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.save(photo.with_name("map.npy"), np.ones((3, 3)))
    target = photo.with_name("small.avif")
    for option in (["--importance", str(photo.with_name("map.npy"))], ["--overlay", str(photo.with_name("o.png"))]):
        said = complaint(capsys, "compress", str(photo), str(target), "--level", "60", "--codec", "avif", *option)
        assert "steered by no map" in said
    assert not target.exists()
    target = photo.with_name("small.obu")
    said = complaint(
        capsys, "compress", str(photo), str(target), "--level", "60", "--codec", "spat-avif", "--importance", str(photo)
    )
    assert "must be grey" in said
    assert run("compress", str(photo), str(target), "--level", "60", "--codec", "avif-raw") == 0
    assert run("inspect", str(target), "--overlay", str(photo.with_name("o.png"))) == 2
    assert "holds no map to show" in capsys.readouterr().err


@pytest.mark.usefixtures("short_timing")
def test_a_profile_is_measured_with_settings_and_notes_a_command_that_runs(
    labelled_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(UniformJpeg, "levels", (1.0, 9.0))
    rows = (labelled_folder / "labels.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (tmp_path / "few.csv").write_text("".join(rows[:3]), encoding="utf-8")
    images = ["--images", str(labelled_folder), "--labels", str(tmp_path / "few.csv"), "--out", str(tmp_path)]
    codec = ["--codec", "uniform:subsampling=4:4:4"]
    assert run("profile", "image", *images, "--name", "full-colour", *codec) == 0
    noted = load_profile(str(tmp_path / "full-colour.npz")).metadata
    assert noted["codec_settings"]["subsampling"] == "4:4:4"
    assert " ".join(codec) in noted["command"]
    capsys.readouterr()
    said = complaint(capsys, "profile", "image", *images, "--name", "x", "--codec", "uniform:subsampling=4:1:1")
    assert "subsampling must be" in said
