"""Profiles of kept frames that go through a video codec: points, folds, times, and the codec live."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import gymnasium
import numpy as np
import pytest

import edgevision  # noqa: F401 - registers the ids
from edgevision.codecs.stae.bitstream import MOTION
from edgevision.codecs.stae.stae_model_set import StaeModels
from edgevision.data.actions import GeneratedActions
from edgevision.measure.live_stae import LiveStae
from edgevision.measure.times.retiming import Material, retime
from edgevision.measure.video_profile import measure_video_profile
from edgevision.profiles.profile import OperatingPointProfile, load_profile
from edgevision.profiles.video_grid import CRFS, FRAMES, GRID, MODES, mode_names, video_coder, video_point
from tests.codecs.stae.tiny import CLASSES, CONFIG, tiny_models
from tests.measure.test_video_profile import FOLD_PLAN, InGroups

pytestmark = pytest.mark.usefixtures("short_timing")


@pytest.fixture(scope="module")
def models() -> StaeModels:
    return tiny_models()  # has neither SA nor FR


@pytest.fixture(scope="module")
def path(short_timing: None, models: StaeModels, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("video")
    measure_video_profile(GeneratedActions(2, 1), models, folder, "video", coding="h265")
    return folder / "video.npz"


@pytest.fixture(scope="module")
def profile(path: Path) -> OperatingPointProfile:
    return load_profile(str(path))


def test_the_pixel_axis_is_the_quality(profile: OperatingPointProfile) -> None:
    assert profile.grid == GRID and video_coder(profile) == "h265" and profile.metadata["crf"] == list(CRFS)
    assert mode_names("h265") == ("plain", "h265", "local")
    size, correct = profile.size.reshape(-1, *GRID), profile.correct
    assert correct is not None
    plain, coded, local = (size[..., MODES.index(mode)] for mode in MODES)
    assert (coded[:, :, 0] > coded[:, :, -1]).all() and (coded[:, :, 0] < plain[:, :, 0]).all()
    assert (plain == plain[:, :, :1]).all() and not local.any()  # whole frames, whatever the quality
    right = correct.reshape(-1, *GRID)
    assert (right[..., 0] == right[..., 2]).all() and (right[..., 0] == right[:, :, :1, 0]).all()
    device, edge = profile.device_time.reshape(GRID), profile.edge_time.reshape(GRID)
    assert (device[..., 1] > device[..., 0]).all() and (edge[..., 1] > edge[..., 0]).all()
    parts = profile.metadata["parts"]
    assert not np.any(parts["t_sa"]) and not np.any(parts["t_fr"])


def test_points_are_told_in_words(profile: OperatingPointProfile) -> None:
    words = {str(video_point(point, video_coder(profile))) for point in range(profile.points)}
    assert {"16 x CRF 8 h265", "1 x CRF 32 h265", "4 x 100 % plain", "2 local"} <= words
    assert len(words) == len(FRAMES) * (len(CRFS) + 2)


def test_the_codec_live_gives_what_the_profile_says(profile: OperatingPointProfile, models: StaeModels) -> None:
    live = LiveStae.for_profile(GeneratedActions(2, 1), profile, models)
    content, point = (grid.ravel() for grid in np.meshgrid(np.arange(2), np.arange(84, profile.points)))  # 1 frame
    size, right = live.outcomes(content, point)
    assert profile.correct is not None
    np.testing.assert_array_equal(size, profile.size[content, point])
    np.testing.assert_array_equal(right, profile.correct[content, point])
    sharp, coarse = (live.picture(0, 84 + 3 * place + 1) for place in (0, len(CRFS) - 1))
    assert sharp.shape == coarse.shape == (32, 32, 3) and (sharp != coarse).any()


def test_the_environment_replays_it_and_says_the_quality(path: Path) -> None:
    env = gymnasium.make("EdgeVision/Video-v0", profile=str(path), users=2, render_mode="ansi")
    env.reset(seed=0)
    env.step(np.zeros(env.action_space.shape, np.float32))  # 4 frames, the quality in the middle, coded
    text = env.render()
    assert isinstance(text, str) and "4 x CRF 20 h265" in text
    env.close()


def test_folds_train_no_network_that_whole_frames_do_not_need(tmp_path: Path) -> None:
    start = StaeModels(replace(CONFIG, classes=2), CLASSES[:2])
    made = measure_video_profile(InGroups(4), start, tmp_path, "x", coding="h264", fold_plan=FOLD_PLAN)
    assert made.metadata["folds"] == 2 and made.metadata["coding"] == "h264"
    (folder,) = tmp_path.glob(".measured-*")
    saved = [StaeModels.load(path) for path in folder.glob("fold-*.safetensors")]
    assert len(saved) == 2 and not any(models.spatial or models.recovery for models in saved)
    trained = {path: path.stat().st_mtime_ns for path in folder.glob("fold-*.safetensors")}
    measure_video_profile(InGroups(4), start, tmp_path, "y", coding="h265", fold_plan=FOLD_PLAN)
    assert trained == {path: path.stat().st_mtime_ns for path in folder.glob("fold-*.safetensors")}  # used again


def test_times_can_be_measured_again(profile: OperatingPointProfile, models: StaeModels) -> None:
    def unwanted(*_: object) -> None:
        raise AssertionError("not needed")

    (after,) = retime([profile], Material(unwanted, lambda _: GeneratedActions(1, 1), lambda: models, unwanted), "")
    np.testing.assert_array_equal(after.size, profile.size)
    assert set(after.metadata["parts"]) == set(profile.metadata["parts"])
    assert (after.device_time.reshape(GRID)[..., 1] > 0).all()


def test_both_video_codecs_are_modes() -> None:
    assert {coding.name for coding in MOTION} == {"h264", "h265"}
