"""The shipped profile against codec and classifier in the loop, on the clips that it names."""

from __future__ import annotations

from dataclasses import replace

import gymnasium
import numpy as np
import pytest
from numpy.typing import NDArray

import edgevision  # noqa: F401 - registers the ids
from edgevision.arrays import ByteClip
from edgevision.codecs.stae.bitstream import Coding
from edgevision.codecs.stae.stae_codec import StaeCodec
from edgevision.codecs.stae.stae_model_set import SHIPPED, StaeModels
from edgevision.data.actions import GeneratedActions
from edgevision.measure.live_stae import LiveStae
from edgevision.profiles import load_profile
from edgevision.profiles.video_grid import point_index


def shipped(profile: str) -> LiveStae:
    measured = load_profile(profile)
    return LiveStae.for_profile(GeneratedActions(measured.contents, 1), measured, StaeModels.load(SHIPPED))


@pytest.fixture(scope="module")
def live() -> LiveStae:
    return shipped("video-actions-stae")


@pytest.mark.parametrize("name", ["video-actions-stae", "video-actions-fa-sa"])
def test_live_outcomes_are_the_recorded_ones(name: str) -> None:
    profile = load_profile(name)
    points = [
        point_index(*point)
        for point in ((1, 0.4, "entropy"), (2, 0.7, "plain"), (4, 1.0, "entropy"), (1, 0.4, "local"))
    ]
    content, point = (grid.ravel() for grid in np.meshgrid(np.arange(6), points))
    size, right = shipped(name).outcomes(content, point)
    # Other processors round otherwise, which may exchange a few pixels of a mask.
    np.testing.assert_allclose(size, profile.size[content, point], rtol=0.03)
    assert profile.correct is not None
    assert (right == profile.correct[content, point]).mean() >= 0.9


def test_pictures_show_the_kept_frames_and_pixels(live: LiveStae) -> None:
    picture = live.picture(3, point_index(2, 0.4, "plain"))
    assert picture.shape == (112, 224, 3)
    grey = (picture == 128).all(axis=2)
    assert 0.55 <= grey.mean() <= 0.62  # 60 % are not sent; hardly any pixel is that grey by itself
    assert not (live.picture(3, point_index(1, 0.4, "local")) == 128).all(axis=2).any()


def test_environment_runs_live_and_draws_clips(live: LiveStae) -> None:
    settings = {"accuracy": "live", "outcomes": live, "pictures": live, "render_mode": "rgb_array", "users": 2}
    env = gymnasium.make("EdgeVision/Video-v0", profile="video-actions-stae", **settings)
    env.reset(seed=0)
    action = np.zeros(env.action_space.shape, np.float32)
    action[:, 0] = 1.0  # one frame
    assert 0.0 <= env.step(action)[1] <= 1.0
    frame = env.render()
    assert isinstance(frame, np.ndarray) and frame.ndim == 3
    env.close()


def test_other_clips_are_refused() -> None:
    with pytest.raises(ValueError, match="measured on other clips"):
        LiveStae(GeneratedActions(2, 5), ["no-such-clip"], StaeCodec(StaeModels.load(SHIPPED)))


def test_other_classes_are_refused() -> None:
    source, models = GeneratedActions(2, 5), StaeModels.load(SHIPPED)
    models.classes = models.classes[::-1]
    with pytest.raises(ValueError, match="the weights know other classes"):
        LiveStae(source, [source.items[0].content_id], StaeCodec(models))


@pytest.mark.parametrize(
    "metadata", [{}, {"codec": "deepisc", "coding": "huffman"}, {"codec": "stae", "coding": "plain"}]
)
def test_profiles_of_other_codecs_are_refused(metadata: dict[str, str]) -> None:
    profile = replace(load_profile("video-actions-stae"), metadata=metadata)
    with pytest.raises(ValueError, match="was not measured of STAE"):
        LiveStae.for_profile(GeneratedActions(2, 5), profile, StaeModels.load(SHIPPED))


class Heard(StaeCodec):
    """Notes what it is asked for."""

    asked: list[object]

    def encode(self, clip: ByteClip, *, coding: Coding | None = None, **budget: object) -> bytes:  # type: ignore[override]
        self.asked = [coding]
        return b""

    def scores(self, data: bytes, *, recover: bool = True) -> NDArray[np.float32]:
        self.asked.append(recover)
        return np.zeros(8, np.float32)


def test_coding_and_recovery_are_the_profiles() -> None:
    source = GeneratedActions(1, 1)
    models = StaeModels.load(SHIPPED)
    for coding, recover in ((Coding.huffman, True), (Coding.range, False)):
        codec = Heard(models, coding)
        live = LiveStae(source, [source.items[0].content_id], codec, recover=recover)
        for mode, used in (("plain", Coding.plain), ("entropy", coding)):
            live.outcomes(np.array([0]), np.array([point_index(1, 0.4, mode)]))
            assert codec.asked == [used, recover]
