"""The environment's ``live`` mode with a real codec and a real classifier in the loop."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import gymnasium
import numpy as np
import pytest

from edgevision.codecs.uniform import UniformJpeg
from edgevision.data.images import ImageFolder
from edgevision.measure.image_outcomes import LiveImageCodec
from edgevision.measure.image_profile import measure_image_profile

if TYPE_CHECKING:
    from edgevision.vision.classifiers import Classifier

pytestmark = pytest.mark.usefixtures("short_timing")


@pytest.mark.parametrize("transmission", ["expected", "sampled"])
def test_live_rewards_equal_replayed_ones_on_the_same_content(
    labelled_folder: Path, lite0: Classifier, tmp_path: Path, transmission: str
) -> None:
    folder, codec = ImageFolder(labelled_folder, labelled_folder / "labels.csv"), UniformJpeg()
    profile = measure_image_profile(folder, codec, lite0, (0.5, 3.0, 8.0, 20.0), tmp_path, "small")
    settings: dict[str, Any] = {
        "profile": str(tmp_path / "small.npz"), "users": 3, "episode_slots": 8, "content_split": "all",
        "transmission": transmission, "device_time_scale": 0.0, "edge_time_scale": 0.0,
    }  # fmt: skip
    # Measured times are left out: on a busy machine they alone miss every deadline, and all rewards are 0.
    replay = gymnasium.make("EdgeVision/Image-v0", accuracy="replay", **settings)
    live = gymnasium.make(
        "EdgeVision/Image-v0", accuracy="live", outcomes=LiveImageCodec(folder, codec, lite0, profile), **settings
    )
    replay.reset(seed=2)
    live.reset(seed=2)
    live.action_space.seed(3)
    rewards = []
    for _ in range(8):
        action = live.action_space.sample()
        ours, theirs = live.step(action), replay.step(action)
        rewards.append(ours[1])
        assert ours[1] == pytest.approx(theirs[1], rel=1e-12)
        np.testing.assert_array_equal(ours[4]["user_accuracy"], theirs[4]["user_accuracy"])
    assert 0 < sum(rewards) < 8
