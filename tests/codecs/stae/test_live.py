"""The shipped profile against codec and classifier in the loop, on the clips that it names."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest

import edgevision  # noqa: F401 - registers the ids
from edgevision.codecs.stae.bitstream import Coding
from edgevision.codecs.stae.codec import StaeCodec
from edgevision.codecs.stae.live import LiveStae
from edgevision.codecs.stae.models import SHIPPED, StaeModels
from edgevision.codecs.video.actions import GeneratedActions
from edgevision.envs import load_profile
from edgevision.envs.video_grid import point_index


@pytest.fixture(scope="module")
def live() -> LiveStae:
    profile = load_profile("video-actions-stae")
    source = GeneratedActions(profile.contents, 1)
    codec = StaeCodec(StaeModels.load(SHIPPED), Coding[profile.metadata["coding"]])
    return LiveStae(source, profile.content_ids, codec)


def test_live_outcomes_are_the_recorded_ones(live: LiveStae) -> None:
    profile = load_profile("video-actions-stae")
    points = [
        point_index(*point)
        for point in ((1, 0.4, "entropy"), (2, 0.7, "plain"), (4, 1.0, "entropy"), (1, 0.4, "local"))
    ]
    content, point = (grid.ravel() for grid in np.meshgrid(np.arange(6), points))
    size, right = live.outcomes(content, point)
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
    settings = {"accuracy": "live", "codec": live, "pictures": live, "render_mode": "rgb_array", "users": 2}
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
