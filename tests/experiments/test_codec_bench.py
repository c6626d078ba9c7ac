"""The codec benchmark end to end on a few pictures, and the picture of the levels."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("scipy", reason="needs the extra 'convex'")
pytest.importorskip("matplotlib", reason="needs the extra 'report'")
from edgevision.codecs.h26x.intra_codec import H264
from edgevision.codecs.spat_imco.overlay import level_overlay
from edgevision.codecs.spat_imco.spat_imco_codec import SpatImco
from edgevision.codecs.steered.spat_avif import SpatAvif
from edgevision.codecs.uniform import UniformJpeg
from edgevision.errors import BitstreamError
from tests.codecs.pictures import centre_weights, picture
from tests.end_to_end.command import run

pytestmark = pytest.mark.usefixtures("short_timing")


@pytest.fixture
def few(labelled_folder: Path, tmp_path: Path) -> list[str]:
    labels = tmp_path / "few.csv"
    labels.write_text("".join((labelled_folder / "labels.csv").open().readlines()[:4]))
    return ["--images", str(labelled_folder), "--labels", str(labels), "--resamples", "100"]


def test_bench_measures_compares_and_resumes(
    few: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, record_file = tmp_path / "out", tmp_path / "bench.json"
    arguments = ["codec", "bench", *few, "--codec", "spat-imco:strategy=uniform", "--out", str(out)]
    assert run(*arguments, "--json", str(record_file)) == 0
    assert "against uniform, tf_efficientnet_lite0, 3 images" in capsys.readouterr().out
    record = json.loads(record_file.read_text())
    curves = record["curves"]["tf_efficientnet_lite0"]
    assert set(curves) == {"uniform", "spat-imco:strategy=uniform"}
    for curve in curves.values():
        assert curve["mean_bytes"] == sorted(curve["mean_bytes"], reverse=True)
        assert all(0 <= accuracy <= 1 for accuracy in curve["accuracy"])
    assert set(record["comparisons"]["tf_efficientnet_lite0"]) == {"spat-imco:strategy=uniform"}
    for plot in ("accuracy-bytes-tf_efficientnet_lite0.png", "bytes-saved.png"):
        assert Image.open(out / plot).size[0] > 500
    profiles = {path: path.stat().st_mtime_ns for path in out.glob("*.npz")}
    assert len(profiles) == 2
    assert run(*arguments) == 0
    assert profiles == {path: path.stat().st_mtime_ns for path in out.glob("*.npz")}


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
