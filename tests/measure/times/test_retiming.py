"""Timing profiles again: what changes, what stays byte for byte, and what cannot be timed."""

from __future__ import annotations

import dataclasses
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgevision.arrays import ByteClip
from edgevision.cli.retime_command import _source
from edgevision.codecs.deepisc.deepisc_model_set import DeepIscModels
from edgevision.codecs.stae.stae_model_set import StaeModels
from edgevision.data.actions import GeneratedActions
from edgevision.data.clips import LabelledClip
from edgevision.data.images import ImageFolder
from edgevision.data.video_folder import VideoFolder
from edgevision.errors import ClipError, EdgeVisionError, ProfileError, UnreadableClipError
from edgevision.measure.times.clean_timing import REFERENCE_SECONDS
from edgevision.measure.times.retiming import Material, retime
from edgevision.profiles.profile import OperatingPointProfile, load_profile, save_profile
from edgevision.profiles.video_grid import FRAMES, PIXELS
from tests.codecs.deepisc.conftest import CONFIG as DEEPISC
from tests.codecs.stae.tiny import tiny_models, with_budgets
from tests.end_to_end.command import run
from tests.end_to_end.test_wrong_input import complaint

pytestmark = pytest.mark.usefixtures("short_timing")
IMAGES = ("image-lite0-uniform", "image-lite0-spat-imco")


def unwanted(*_: object) -> Any:
    raise AssertionError("not needed")


def same_but_times(new: OperatingPointProfile, old: OperatingPointProfile) -> None:
    for field in dataclasses.fields(old):
        if field.name not in ("device_time", "edge_time", "metadata"):
            np.testing.assert_array_equal(getattr(new, field.name), getattr(old, field.name))
    changed = {"times", "parts", "cpu", "threads"}
    kept = [{k: v for k, v in profile.metadata.items() if k not in changed} for profile in (new, old)]
    assert kept[0] == kept[1]


def test_pictures_are_timed_for_all_codecs_in_one_run(labelled_folder: Path) -> None:
    folder = ImageFolder(labelled_folder, labelled_folder / "labels.csv")
    before = [load_profile(name) for name in IMAGES]
    after = retime(before, Material(lambda: folder, unwanted, unwanted, unwanted), "the command")
    for old, new in zip(before, after, strict=True):
        same_but_times(new, old)
        parts = {name: np.array(values) for name, values in new.metadata["parts"].items()}
        np.testing.assert_allclose(new.device_time, parts["analyse"] + parts["encode"])
        np.testing.assert_allclose(new.edge_time, parts["decode"] + parts["classify"])
        assert (new.device_time > 0).all() and (parts["decode"] > 0).all()
        about = new.metadata["times"]
        assert about["command"] == "the command" and about["data_set"] == folder.name
        assert about["reference_operation_s"]["reference machine"] == REFERENCE_SECONDS
        assert set(about["spread"]) == {"device", "edge"}
    uniform, spatial = (profile.metadata["parts"]["classify"] for profile in after)
    assert uniform == spatial  # one classifier, one time


@pytest.fixture
def models() -> StaeModels:
    return with_budgets(tiny_models(), FRAMES, PIXELS[1:]).eval()


def video(name: str, models: StaeModels) -> OperatingPointProfile:
    """A shipped profile as if it were of small networks."""
    profile = load_profile(name)
    networks = json.loads(json.dumps(models.config.as_json())) | {"classes": 6}  # a fold's head may differ
    return dataclasses.replace(profile, metadata={**profile.metadata, "networks": networks})


def test_clips_are_timed_for_all_codecs_and_data_sets_in_one_run(models: StaeModels) -> None:
    networks, opened = DeepIscModels(DEEPISC).eval(), []
    for alpha in FRAMES:
        for beta in PIXELS:
            networks.add(alpha, beta)

    def clips(data_set: str) -> GeneratedActions:
        opened.append(data_set)
        return GeneratedActions(1, 1)

    before = [
        video(f"video-{name}", models) for name in ("actions-stae", "actions-fa-sa", "actions-deepisc", "ut-stae")
    ]
    after = retime(before, Material(unwanted, clips, lambda: models, lambda: networks), "the command")
    for old, new in zip(before, after, strict=True):
        same_but_times(new, old)
    stae, without, deepisc, ut = after
    assert sorted(opened) == ["generated-actions", "ut-interaction"]
    assert stae.metadata["parts"] == without.metadata["parts"]  # timed once
    assert (without.edge_time <= stae.edge_time).all() and (without.edge_time < stae.edge_time).any()
    for part in ("t_fa", "t_vit"):
        assert stae.metadata["parts"][part] == deepisc.metadata["parts"][part] == ut.metadata["parts"][part]
    assert "t_deepisc" in deepisc.metadata["parts"]


def test_profiles_of_other_networks_need_their_weights(models: StaeModels) -> None:
    with pytest.raises(ProfileError, match=r"other networks than the weights; give theirs \(--weights\)"):
        retime([load_profile("video-actions-stae")], Material(unwanted, unwanted, lambda: models, unwanted), "")


class WithoutFirst(GeneratedActions):
    """The first clip cannot be read."""

    def load(self, item: LabelledClip, *, frames: int = 16, size: int = 112) -> ByteClip:
        if item.group == 0:
            raise UnreadableClipError("cut off")
        return super().load(item, frames=frames, size=size)


def test_clips_that_cannot_be_read_are_left_out(models: StaeModels) -> None:
    material = Material(unwanted, lambda _: WithoutFirst(2), lambda: models, unwanted)
    (after,) = retime([video("video-actions-stae", models)], material, "")
    assert after.metadata["times"]["contents"] == 1
    material = Material(unwanted, lambda _: WithoutFirst(1), lambda: models, unwanted)
    with pytest.raises(ClipError, match="no clip of generated-actions can be read"):
        retime([video("video-actions-stae", models)], material, "")


@pytest.mark.parametrize("change", [{"coding": None}, {"coding": "zip"}, {"networks": [1]}, {"networks": "vit"}])
def test_damaged_metadata_of_clips_is_named(change: dict[str, Any], models: StaeModels) -> None:
    profile = video("video-actions-stae", models)
    changed = dataclasses.replace(profile, metadata={**profile.metadata, **change})
    with pytest.raises(ProfileError, match="video-actions-stae"):
        retime([changed], Material(unwanted, lambda _: GeneratedActions(1), lambda: models, unwanted), "")


@pytest.mark.parametrize("name", ["actions", "hmdb51-mine", "folder"])
def test_the_name_of_a_folder_of_videos_does_not_matter(name: str, tmp_path: Path) -> None:
    (tmp_path / "wave").mkdir()
    (tmp_path / "wave" / "1.avi").write_bytes(b"")
    assert isinstance(_source(name, tmp_path), VideoFolder)


CHANGED: dict[str, dict[str, Any]] = {
    "another version": {"codec_version": "0"},
    "an importance map that is not at hand": {"codec_settings": {"importance": "Grad-CAM"}},
    "a setting that is out of range": {"codec_settings": {"container": "boxed"}},
    "a setting of another type": {"codec_settings": {"spread": {"a": 1}}},
    "an unknown codec": {"codec": "jpeg-xl"},
    "a classifier without a name": {"model": 7},
    "a video codec": {"codec": "stae"},
    "settings that are no object": {"codec_settings": "x"},
}


@pytest.mark.parametrize("change", CHANGED.values(), ids=CHANGED.keys())
def test_what_cannot_be_made_again_cannot_be_timed(change: dict[str, Any], labelled_folder: Path) -> None:
    profile = load_profile("image-lite0-spat-imco")
    metadata = dict(profile.metadata)
    for key, value in change.items():
        metadata[key] = {**metadata[key], **value} if isinstance(value, dict) else value
    folder = ImageFolder(labelled_folder, labelled_folder / "labels.csv")
    material = Material(lambda: folder, unwanted, unwanted, unwanted)
    with pytest.raises(EdgeVisionError, match="image-lite0-spat-imco"):
        retime([dataclasses.replace(profile, metadata=metadata)], material, "")


def test_the_command_leaves_answers_and_sizes_byte_for_byte(
    labelled_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = save_profile(dataclasses.replace(load_profile(IMAGES[0]), name="mine"), tmp_path)
    labels = labelled_folder / "labels.csv"
    out = tmp_path / "out"
    options = ["--images", str(labelled_folder), "--labels", str(labels), "--out", str(out)]
    assert run("profile", "retime", str(old), *options) == 0
    assert "mine.npz: device" in capsys.readouterr().out
    first, second = (zipfile.ZipFile(path) for path in (old, out / "mine.npz"))
    assert first.namelist() == second.namelist()
    same = [name for name in first.namelist() if first.read(name) == second.read(name)]
    assert set(first.namelist()) - set(same) == {"device_time.npy", "edge_time.npy"}
    command = load_profile(str(out / "mine.npz")).metadata["times"]["command"]
    assert command == "edgevision profile retime mine --images DIR --labels FILE"


def test_late_profiles_are_told_of(
    labelled_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("edgevision.measure.times.clean_timing.REFERENCE_SECONDS", 100 * REFERENCE_SECONDS)
    labels = str(labelled_folder / "labels.csv")
    options = ["--images", str(labelled_folder), "--labels", labels, "--out", str(tmp_path)]
    assert run("profile", "retime", IMAGES[0], *options) == 0
    error = capsys.readouterr().err
    assert "edgevision: no answer can be in time: with profile 'image-lite0-uniform' computing alone takes" in error


WRONG = {
    "no profile": [],
    "an unknown profile": ["image-lite9"],
    "a file that is not there": ["nowhere.npz"],
    "a closed form": ["published-eta"],
    "no pictures": [IMAGES[0]],
    "a folder of pictures that is not there": [IMAGES[0], "--images", "nowhere"],
    "no clips": ["video-ut-stae"],
    "no weights of DeepISC": ["video-actions-deepisc"],
    "weights that are not there": ["video-actions-stae", "--weights", "nowhere.safetensors"],
    "the same profile twice": [IMAGES[0], IMAGES[0]],
}


@pytest.mark.parametrize("arguments", WRONG.values(), ids=WRONG.keys())
def test_wrong_input_costs_one_line(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    complaint(capsys, "profile", "retime", *arguments)
    assert not list(tmp_path.iterdir())
