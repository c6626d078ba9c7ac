"""Codecs and classifiers of the user: what they may be, and what is said of those that are wrong."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from edgevision.codecs.own_codec import OwnCodec
from edgevision.codecs.uniform import UniformJpeg
from edgevision.data.images import ImageFolder
from edgevision.errors import BitstreamError, OwnCodeError, ProfileError
from edgevision.measure.image_answers import ProfileRequest
from edgevision.measure.image_outcomes import LiveImageCodec, send
from edgevision.measure.image_profile import measure_image_profile, measure_image_profiles
from edgevision.measure.picture_answers import LEAST_SCORE, answer
from edgevision.profiles import load_profile
from edgevision.vision.own_classifier import OwnClassifier, OwnScorer, own_classifier
from tests.codecs.pictures import picture
from tests.end_to_end.command import run
from tests.pages import ROOT

pytestmark = pytest.mark.usefixtures("short_timing")
PAGE = (ROOT / "docs" / "your-own.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE, flags=re.DOTALL | re.MULTILINE)


def block(name: str) -> str:
    (found,) = [text for text in BLOCKS if f"class {name}" in text]
    return found


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, labelled_folder: Path) -> Iterator[Path]:
    """A folder with the classes of the page in one module, and five labelled pictures."""
    names = ("Squares", "Tiny", "Brightness", "Detector")
    (tmp_path / "lab_parts.py").write_text("".join(map(block, names)))
    (tmp_path / "five.csv").write_text("".join((labelled_folder / "labels.csv").open().readlines()[:6]))
    (tmp_path / "DIR").symlink_to(labelled_folder)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    yield tmp_path
    sys.modules.pop("lab_parts", None)


@pytest.mark.parametrize("name", ["Squares", "Tiny", "Brightness", "Detector"])
def test_examples_of_the_page_are_short(name: str) -> None:
    lines = [line for line in block(name).splitlines() if line.strip() and not line.strip().startswith("#")]
    assert len(lines) <= 20


def test_an_own_codec_is_measured_and_replayed(lab: Path) -> None:
    words = ("--images", "DIR", "--labels", "five.csv", "--name", "squares", "--codec", "lab_parts:Squares")
    assert run("profile", "image", *words) == 0
    profile = load_profile("profiles/squares.npz")
    assert profile.parameter.tolist() == [1, 2, 4, 8] and profile.metadata["codec"] == "lab_parts:Squares"
    assert " --codec lab_parts:Squares " in profile.metadata["command"]
    codec = OwnCodec(importlib.import_module("lab_parts").Squares(), "lab_parts:Squares")
    image = picture(50, 70)
    np.testing.assert_array_equal(codec.decode(codec.encode(image, level=1)), image)
    assert codec.decode(codec.encode(image[..., 0], level=8)).shape == (50, 70, 3)
    assert len(codec.encode(image, target_bytes=4000)) <= 4000
    assert codec.inspect(codec.encode(image, level=2)).width == 70


def test_scores_stand_for_answers(lab: Path) -> None:
    detector = own_classifier(importlib.import_module("lab_parts").Detector(), "lab_parts:Detector")
    dark, bright = np.zeros((40, 40, 3), np.uint8), np.full((40, 40, 3), 255, np.uint8)
    assert [answer(detector, image, "1").correct for image in (dark, bright)] == [True, True]
    assert [answer(detector, image, "2").correct for image in (dark, bright)] == [False, True]
    assert answer(detector, dark, "1").log_probability == pytest.approx(np.log(0.5))
    nothing = own_classifier(type("Nothing", (), {"score": lambda self, image, label: 0})(), "nothing")
    assert answer(nothing, dark, "1").log_probability == pytest.approx(np.log(LEAST_SCORE))
    folder, codec = ImageFolder(Path("DIR"), Path("five.csv")), UniformJpeg()
    measured = measure_image_profile(folder, codec, detector, (1.0, 8.0), lab, "scored")
    assert measured.metadata["input_size"] is None and (measured.raw_size == 512 * 512 * 3).all()
    live = LiveImageCodec(folder, codec, detector, measured)
    size, right = live.outcomes(np.arange(5), np.ones(5, int))
    assert measured.correct is not None
    np.testing.assert_array_equal(size, measured.size[:, 1])
    np.testing.assert_array_equal(right, measured.correct[:, 1])


def test_own_functions_and_networks_classify(lab: Path) -> None:
    parts = importlib.import_module("lab_parts")
    bright = own_classifier(parts.Brightness(), "lab_parts:Brightness")
    assert isinstance(bright, OwnClassifier) and bright.class_names == (("night",), ("day",))
    image = np.full((90, 120, 3), 204, np.uint8)
    assert bright.crop(image).shape == (64, 64, 3)
    assert answer(bright, bright.crop(image), 1).correct
    assert answer(bright, bright.crop(image), 1).log_probability == pytest.approx(np.log(0.8), rel=1e-6)
    tiny = own_classifier(parts.Tiny(), "lab_parts:Tiny")
    assert not isinstance(tiny, OwnScorer) and tiny.classes == 1000
    assert tiny.predict_logits(tiny.crop(image)[None]).shape == (1, 1000)


def test_the_bench_leaves_the_left_out_classifier_away(lab: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--images", "DIR", "--labels", "five.csv", "--levels", "3", "--resamples", "100", "--out", "bench")
    own = ("--model", "lab_parts:Detector", "--codec", "lab_parts:Squares")
    assert run("codec", "bench", *words, *own) == 0
    names = {path.name for path in Path("bench").iterdir()}
    assert "accuracy-bytes-lab_parts-Detector.png" in names
    assert {name for name in names if name.endswith(".npz")} == {
        "lab-parts-Detector-uniform.npz",
        "lab-parts-Detector-lab-parts-Squares.npz",
    }
    before = Path("bench/lab-parts-Detector-uniform.npz").stat().st_mtime_ns
    assert run("codec", "bench", *words, *own) == 0
    assert Path("bench/lab-parts-Detector-uniform.npz").stat().st_mtime_ns == before


def test_other_processes_get_own_parts_or_one_line_says_why_not(
    lab: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("edgevision.measure.image_answers._PART", 3)
    local = "\ndef local():\n    class Local(Squares):\n        pass\n    return Local()\n"
    with (lab / "lab_parts.py").open("a") as file:
        file.write(local)
    words = ("--images", "DIR", "--labels", "five.csv", "--levels", "3", "--resamples", "100", "--out", "bench")
    own = ("--model", "lab_parts:Detector", "--processes", "2")
    assert run("codec", "bench", *words, *own, "--codec", "lab_parts:local") == 2
    assert "cannot be sent to other processes" in capsys.readouterr().err
    folder, detector = ImageFolder(Path("DIR"), Path("five.csv")), importlib.import_module("lab_parts").Detector()
    request = ProfileRequest("two", UniformJpeg(), own_classifier(detector, "lab_parts:Detector"), (4.0, 8.0))
    (two,) = measure_image_profiles(folder, [request], lab / "two", processes=2)
    (one,) = measure_image_profiles(folder, [request], lab / "one")
    np.testing.assert_array_equal(two.size, one.size)


def made(**members: Any) -> Any:
    """An object of a class with these members."""
    return type("Made", (), members)()


FINE: dict[str, Any] = {"levels": (1,), "encode": lambda self, image, level: b"0", "decode": lambda self, data: b""}


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"levels": ()}, "levels must be numbers that increase"),
        ({"levels": (2, 1)}, "levels must be numbers that increase"),
        ({"levels": ("a",)}, "levels must be numbers that increase"),
        ({"levels": (1, float("nan"))}, "levels must be numbers that increase"),
        ({"encode": None}, "has no method encode"),
        ({"decode": 3}, "has no method decode"),
        ({"version": 2}, "version must be a text"),
        ({"settings": {"a": object()}}, "settings are not plain values"),
        ({"settings": 7}, "settings are not plain values"),
    ],
)
def test_codecs_that_lack_something_are_refused(members: dict[str, Any], message: str) -> None:
    with pytest.raises(OwnCodeError, match=f"codec lab:Made: {message}"):
        OwnCodec(made(**FINE | members), "lab:Made")


def fails(*_: Any, **__: Any) -> Any:
    raise KeyError("nothing")


@pytest.mark.parametrize("returned", [None, b"", "text", 3, bytearray(b"1")])
def test_what_an_own_codec_encodes_is_checked(returned: Any) -> None:
    codec = OwnCodec(made(**FINE | {"encode": lambda self, image, level: returned}), "lab:Made")
    with pytest.raises(OwnCodeError, match="encode must return bytes"):
        codec.encode(picture(20, 20), level=1)


@pytest.mark.parametrize(
    "returned", [None, [1], np.zeros((4, 4, 3)), np.zeros((4, 4, 4), np.uint8), np.zeros(4, np.uint8)]
)
def test_what_an_own_codec_decodes_is_checked(returned: Any) -> None:
    codec = OwnCodec(made(**FINE | {"decode": lambda self, data: returned}), "lab:Made")
    with pytest.raises(OwnCodeError, match="decode must return"):
        codec.decode(b"0")


def test_failures_of_an_own_codec_are_named() -> None:
    codec = OwnCodec(made(levels=(1,), encode=fails, decode=fails, analyse=fails), "lab:Made")
    with pytest.raises(OwnCodeError, match="encode failed"):
        codec.encode(picture(20, 20), level=1)
    with pytest.raises(OwnCodeError, match="analyse failed"):
        codec.analyse(picture(20, 20))
    with pytest.raises(BitstreamError, match="decode failed"):
        codec.decode(b"0")
    small = OwnCodec(made(**FINE | {"decode": lambda self, data: np.zeros((4, 4, 3), np.uint8)}), "lab:Made")
    with pytest.raises(ProfileError, match="must keep sizes"):
        send(picture(20, 20), 0, None, 1, small, own_classifier(lambda image: [0.5, 0.5], "lab:halves"))


class Wrong(torch.nn.Module):
    num_classes = 3

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.zeros(len(x), 2)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (7, "must be a torch module"),
        (lambda image: [0.5, 0.6], "adds up to 1"),
        (lambda image: [1.0], "at least two classes"),
        (lambda image: [2.0, -1.0], "adds up to 1"),
        (lambda image: [float("nan")] * 2, "adds up to 1"),
        (lambda image: "day", "adds up to 1"),
        (fails, "__call__ failed"),
        (made(score=fails, threshold=2), "threshold must be a number from 0 to 1"),
        (made(score=fails, input_size=3), "input_size must be a whole number"),
        (made(__call__=lambda self, image: [0.5, 0.5], class_names=("one",)), "a name for each of 2 classes"),
        (torch.nn.ReLU(), "num_classes must be a whole number"),
        (Wrong(), r"returns scores \(1, 2\), but num_classes is 3"),
    ],
)
def test_wrong_classifiers_are_refused(given: Any, message: str) -> None:
    with pytest.raises(OwnCodeError, match=message):
        own_classifier(given, "lab:Made")


@pytest.mark.parametrize("returned", [2, -0.1, None, "high", float("nan")])
def test_scores_are_checked(returned: Any) -> None:
    scorer = own_classifier(made(score=lambda self, image, label: returned), "lab:Made")
    with pytest.raises(OwnCodeError, match="score must be a number from 0 to 1"):
        answer(scorer, picture(20, 20), "1")


@pytest.mark.parametrize(
    ("code", "option"),
    [
        ("raise KeyError('x')", "Made"),
        ("def Made(): raise RuntimeError('two\\nlines')", "Made"),
        ("Made = 3", "Made"),
        ("", "Made"),
        ("class Made: pass", "Made"),
        ("class Made: pass", "Made:depth=3"),
        ("class Made: pass", "Made:depth"),
    ],
)
@pytest.mark.parametrize("what", ["codec", "model"])
def test_wrong_classes_are_told_in_one_line(
    code: str, option: str, what: str, lab: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (lab / "lab_wrong.py").write_text(code)
    sys.modules.pop("lab_wrong", None)
    words = ("--images", "DIR", "--labels", "five.csv", "--name", "wrong", f"--{what}", f"lab_wrong:{option}")
    assert run("profile", "image", *words) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
    assert not Path("profiles").exists()
