"""The codec benchmark end to end on a few pictures, its reference codecs, and the picture of the levels."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("matplotlib", reason="needs the extra 'report'")
from edgevision.cli import codec_commands
from edgevision.codecs.h26x.intra_codec import H264
from edgevision.codecs.spat_imco.overlay import level_overlay
from edgevision.codecs.spat_imco.spat_imco_codec import SpatImco
from edgevision.codecs.steered.spat_avif import SpatAvif
from edgevision.codecs.uniform import UniformJpeg
from edgevision.data.images import ImageFolder
from edgevision.errors import BitstreamError, CodecInputError
from edgevision.experiments.codec_comparison import jpeg_encoders
from edgevision.experiments.codec_comparison.bench_table import percent
from edgevision.experiments.codec_comparison.codec_bench import spread_levels
from edgevision.experiments.codec_comparison.jpeg_encoders import (
    JPEG_ENCODERS,
    installed_jpeg_encoders,
    make_jpeg_encoder,
)
from edgevision.measure.image_answers import ProfileRequest
from edgevision.measure.image_profile import measure_image_profiles
from edgevision.profiles import load_profile
from edgevision.statistics import Interval
from edgevision.vision.classifiers import load_classifier
from tests.codecs.pictures import centre_weights, picture, psnr
from tests.end_to_end.command import run

pytestmark = pytest.mark.usefixtures("short_timing")


@pytest.fixture
def short_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgevision.measure.image_answers._PART", 3)


@pytest.fixture
def few(labelled_folder: Path, tmp_path: Path) -> list[str]:
    labels = tmp_path / "few.csv"
    labels.write_text("".join((labelled_folder / "labels.csv").open().readlines()[:4]))
    return ["--images", str(labelled_folder), "--labels", str(labels), "--resamples", "100"]


def test_bench_measures_compares_and_resumes(
    few: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, record_file = tmp_path / "out", tmp_path / "bench.json"
    arguments = ["codec", "bench", *few, "--codec", "mozjpeg", "--levels", "4", "--out", str(out)]
    assert run(*arguments, "--json", str(record_file)) == 0
    text = capsys.readouterr().out
    assert "tf_efficientnet_lite0, 3 of 3 images\n" in text
    assert "squeezenet1_1, the left-out classifier, 3 of 3 images\n" in text
    record = json.loads(record_file.read_text())
    assert set(record["curves"]) == {"tf_efficientnet_lite0", "squeezenet1_1"}
    for model, curves in record["curves"].items():
        assert set(curves) == {"uniform", "mozjpeg"}
        for name, curve in curves.items():
            assert curve["levels"] == [0.1, 1.5, 7.0, 30.0]
            assert curve["mean_bytes"] == sorted(curve["mean_bytes"], reverse=True)
            assert curve["psnr"] == sorted(curve["psnr"], reverse=True)
            assert all(0 <= value <= 1 for value in (*curve["accuracy"], *curve["ssim"]))
            assert all(value <= 0 for value in curve["mean_log_probability"])
            assert min(record["columns"][model][name][key] for key in ("encode_ratio", "decode_ratio")) > 0
        # MozJPEG stores the same coefficients.
        assert curves["mozjpeg"]["accuracy"] == curves["uniform"]["accuracy"]
        assert curves["mozjpeg"]["mean_bytes"][0] < curves["uniform"]["mean_bytes"][0]
        assert record["columns"][model]["uniform"]["encode_ratio"] == 1
    for plot in ("accuracy-bytes-tf_efficientnet_lite0.png", "bytes-saved.png"):
        assert Image.open(out / plot).size[0] > 500
    profiles = {path: path.stat().st_mtime_ns for path in out.glob("*.npz")}
    assert len(profiles) == 4
    assert run(*arguments) == 0
    assert profiles == {path: path.stat().st_mtime_ns for path in out.glob("*.npz")}


def test_a_sample_is_stated_and_other_measurements_are_not_overwritten(
    few: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [
        "codec",
        "bench",
        *few,
        "--model",
        "squeezenet1_1",
        "--codec",
        "uniform",
        "--out",
        str(tmp_path / "out"),
    ]
    assert run(*arguments, "--levels", "3", "--limit", "2") == 0
    assert "2 of 3 images, spread over the list" in capsys.readouterr().out
    before = {path: path.read_bytes() for path in (tmp_path / "out").glob("*.npz")}
    assert len(before) == 1
    assert run(*arguments, "--levels", "3") == 2
    assert "choose another folder (--out)" in capsys.readouterr().err
    assert before == {path: path.read_bytes() for path in (tmp_path / "out").glob("*.npz")}


def test_two_processes_measure_the_same_as_one(labelled_folder: Path, tmp_path: Path, short_parts: None) -> None:
    dataset, classifier = ImageFolder(labelled_folder, labelled_folder / "labels.csv"), load_classifier("squeezenet1_1")
    requests = [ProfileRequest(f"p-{q}", UniformJpeg(q), classifier, (1.0, 8.0)) for q in ("4:2:0", "4:4:4")]
    alone, shared = (
        measure_image_profiles(dataset, requests, tmp_path / str(count), processes=count) for count in (1, 2)
    )
    for ours, theirs in zip(alone, shared, strict=True):
        assert ours.content_ids == theirs.content_ids
        np.testing.assert_array_equal(ours.size, theirs.size)
        assert ours.log_probability is not None
        assert theirs.log_probability is not None
        np.testing.assert_allclose(ours.log_probability, theirs.log_probability, atol=1e-4)
        assert ours.metadata["psnr"] == theirs.metadata["psnr"]


def test_codecs_of_two_runs_are_timed_again_together(few: list[str], tmp_path: Path) -> None:
    arguments = ["codec", "bench", *few, "--model", "squeezenet1_1", "--levels", "3", "--out", str(tmp_path)]
    assert run(*arguments, "--codec", "uniform") == 0
    before = load_profile(str(tmp_path / "squeezenet1-1-uniform.npz"))
    assert run(*arguments, "--codec", "mozjpeg") == 0
    after = [load_profile(str(tmp_path / f"squeezenet1-1-{name}.npz")) for name in ("uniform", "mozjpeg")]
    marks = [profile.metadata["times"]["reference_operation_s"]["here"] for profile in (before, *after)]
    assert marks[0] != marks[1] == marks[2]
    np.testing.assert_array_equal(before.size, after[0].size)


def test_unknown_codecs_and_settings_are_one_line(few: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run("codec", "bench", *few, "--codec", "unifrom") == 2
    assert "did you mean 'uniform'" in capsys.readouterr().err
    assert run("codec", "bench", *few, "--codec", "spat-imco:colour=1") == 2
    assert "colour" in capsys.readouterr().err


def test_shipped_profiles_are_compared_without_images(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "comparison.json"
    names = ["image-lite0-spat-imco", "image-lite0-uniform"]
    assert run("codec", "compare", *names, "--json", str(file), "--resamples", "200") == 0
    assert "bytes saved at equal accuracy" in capsys.readouterr().out
    saved = json.loads(file.read_text())["bytes_saved"]
    assert 0 < saved["low"] < saved["estimate"] < saved["high"] < 1


def test_a_comparison_needs_no_extra() -> None:
    given = ["codec", "compare", "image-lite0-spat-imco", "image-lite0-uniform", "--resamples", "100"]
    program = (
        "import sys; sys.modules.update(dict.fromkeys(('scipy', 'torch', 'PIL'))); "
        f"from edgevision.cli import main; main({given!r})"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_profiles_of_different_classifiers_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("codec", "compare", "image-lite0-spat-imco", "image-lite1-uniform") == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "different classifiers" in said


def test_an_interval_that_is_not_defined_is_said_so() -> None:
    nan = float("nan")
    assert percent(Interval(0.123, 0.1, 0.2)) == "12.3 [10.0, 20.0]"
    assert percent(Interval(0.123, nan, nan)) == "12.3 [none]"
    assert percent(Interval(nan, nan, nan)) == percent(None) == "-"


@pytest.mark.parametrize("count", [3, 7, 20, 50])
def test_levels_are_spread_from_the_first_to_the_last(count: int) -> None:
    ladder = UniformJpeg.levels
    found = spread_levels(ladder, count)
    assert len(found) == min(count, len(ladder))
    assert (found[0], found[-1]) == (ladder[0], ladder[-1])
    assert list(found) == sorted(set(found))


@pytest.mark.parametrize("name", JPEG_ENCODERS)
def test_jpeg_encoders_write_files_that_any_viewer_opens(name: str) -> None:
    if name not in installed_jpeg_encoders():
        pytest.skip("needs the extra 'bench'")
    codec, image = make_jpeg_encoder(name), picture(64, 80)
    sizes = [len(codec.encode(image, level=level)) for level in codec.levels]
    assert sizes == sorted(sizes, reverse=True)
    data = codec.encode(image, level=codec.levels[0])
    with Image.open(io.BytesIO(data)) as opened:
        assert (opened.format, opened.size) == ("JPEG", (80, 64))
    assert psnr(codec.decode(data), image) > 30
    assert (codec.inspect(data).width, codec.inspect(data).height, codec.inspect(data).size) == (80, 64, len(data))
    for damaged in (data[:40], b"", b"GIF89a"):
        with pytest.raises(BitstreamError):
            codec.decode(damaged)
    assert len(codec.encode(image, target_bytes=1500)) <= 1500
    with pytest.raises(CodecInputError, match="level"):
        codec.encode(image, level=1000.0)


def test_mozjpeg_keeps_every_pixel_of_uniform() -> None:
    if "mozjpeg" not in installed_jpeg_encoders():
        pytest.skip("needs the extra 'bench'")
    image = picture(70, 90)
    ours, theirs = make_jpeg_encoder("mozjpeg").encode(image, level=2.0), UniformJpeg().encode(image, level=2.0)
    np.testing.assert_array_equal(make_jpeg_encoder("mozjpeg").decode(ours), UniformJpeg().decode(theirs))


def test_what_is_not_installed_is_left_out(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(jpeg_encoders, "_PACKAGES", {"mozjpeg": "no_such_package"})
    assert set(codec_commands._codecs(["uniform", "mozjpeg"])) == {"uniform"}
    assert "pip install 'edgevision-gym[bench]'" in capsys.readouterr().err


def test_bench_takes_codecs_on_other_scales(few: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for codec, levels in ((UniformJpeg, (1.0, 9.0)), (SpatAvif, (40.0, 90.0)), (H264, (25.0, 45.0))):
        monkeypatch.setattr(codec, "levels", levels)
    arguments = ["codec", "bench", *few, "--codec", "spat-avif:speed=10", "--codec", "h264:preset=ultrafast"]
    record_file = tmp_path / "bench.json"
    assert run(*arguments, "--out", str(tmp_path / "out"), "--json", str(record_file)) == 0
    curves = json.loads(record_file.read_text())["curves"]["tf_efficientnet_lite0"]
    assert curves["spat-avif:speed=10"]["levels"] == [40.0, 90.0]
    assert "libaom" in curves["spat-avif:speed=10"]["metadata"]["codec_settings"]["encoder"]
    for curve in curves.values():
        assert curve["mean_bytes"] == sorted(curve["mean_bytes"], reverse=True)


def test_overlay_is_red_where_levels_are_fine() -> None:
    image = np.full((160, 160, 3), 128, np.uint8)
    shown = level_overlay(SpatImco(importance=centre_weights).encode(image, level=3.0)).astype(int)
    assert shown.shape == image.shape
    assert shown[80, 80, 0] > shown[80, 80, 2] + 40
    assert shown[2, 2, 2] > shown[2, 2, 0] + 40
    with pytest.raises(BitstreamError, match="no level map"):
        level_overlay(UniformJpeg().encode(image, level=3.0))


def test_inspect_describes_both_containers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    image, overlay = picture(50, 70), tmp_path / "levels.png"
    mapped, ordinary = tmp_path / "mapped.jpg", tmp_path / "ordinary.jpg"
    mapped.write_bytes(SpatImco(importance=centre_weights, aq_strength=0.0).encode(image, level=4.0))
    ordinary.write_bytes(UniformJpeg().encode(image, level=4.0))
    assert run("inspect", str(mapped), "--overlay", str(overlay)) == 0
    text = capsys.readouterr().out
    for expected in ("spat-imco", "mapped", "70 x 50", f"{mapped.stat().st_size} bytes", "7.59, 4, 2", "of 20"):
        assert expected in text
    assert Image.open(overlay).size == (70, 50)
    assert run("inspect", str(ordinary)) == 0
    assert "estimated" in capsys.readouterr().out
    assert run("inspect", str(ordinary), "--overlay", str(overlay)) == 2
    assert "no level map" in capsys.readouterr().err
    ordinary.write_bytes(b"GIF89a")
    assert run("inspect", str(ordinary)) == 2
    assert "not a JPEG file" in capsys.readouterr().err
