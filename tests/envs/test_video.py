from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import pytest

from edgevision.envs import Allocation, EpisodeTrace, equal_shares
from edgevision.errors import ScenarioError
from edgevision.profiles import load_profile
from edgevision.profiles.video_grid import GRID, MODES, PIXELS, point_index

ID = "EdgeVision/Video-v0"
PRESETS = ("stae-video", "stae-published")


def make(**settings: Any) -> Any:
    return gymnasium.make(ID, **settings).unwrapped


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("seed", range(3))
def test_expected_reward_is_the_mean_of_sampled_outcomes(preset: str, seed: int) -> None:
    n = 4000
    scenario: dict[str, Any] = {"preset": preset, "traffic": "full-buffer"}
    vector: Any = gymnasium.make_vec(ID, num_envs=n, transmission="sampled", **scenario)
    expected = make(**scenario)
    expected.reset(seed=seed)
    random = np.random.default_rng(seed)
    copies = {name: np.repeat(value, n, axis=0) for name, value in vars(expected.simulator.trace).items()}
    copies["fading"] = random.random(copies["fading"].shape)
    vector.reset(options={"trace": EpisodeTrace(**copies)})
    action = random.uniform(-1, 1, expected.action_space.shape).astype(np.float32)
    action[:, 0] = 0.9  # one frame, so that some arrive
    _, reward, _, _, info = expected.step(action)
    _, samples, _, _, _ = vector.step(np.repeat(action[None], n, axis=0))
    users = expected.config.users
    spread = np.sqrt((info["user_accuracy"] ** 2 * info["user_in_time"] * (1 - info["user_in_time"])).sum()) / users
    assert abs(samples.mean() - reward) <= 5 * spread / np.sqrt(n) + 1 / n


@pytest.mark.parametrize(
    ("preset", "size"), [("stae-published", 16 * 3 * 224 * 224 * 4), ("stae-video", 16 * 3 * 112 * 112)]
)
def test_raw_sizes_are_the_profiles_own(preset: str, size: int) -> None:
    env = make(preset=preset)
    env.reset(seed=0)
    assert (env.problem.raw_size == 8 * size).all()


@pytest.mark.parametrize("frames", [1, 16])
def test_local_computing_is_in_time_iff_computing_is(frames: int) -> None:
    seconds = load_profile("video-actions-stae").device_time[point_index(frames, 1.0, "local")]
    scale = 0.25 / load_profile("video-actions-stae").device_time[point_index(1, 1.0, "local")]  # one frame: 250 ms
    env = make(traffic="full-buffer", deadline_ms=(100, 400), device="server", device_time_scale=scale)
    env.reset(seed=3)
    point = point_index(frames, 1.0, "local")
    met = []
    for _ in range(20):
        problem = env.problem
        allocation = Allocation(np.full(problem.active.shape, point), *equal_shares(problem))
        in_time = env.allocate(allocation)[4]["user_in_time"]
        np.testing.assert_array_equal(in_time, (problem.deadline >= scale * seconds)[0].astype(float))
        met.append(in_time)
    assert 0 < np.mean(met) < 1 if frames == 1 else np.mean(met) == 0


def test_pixel_budgets_make_no_difference_to_local_computing() -> None:
    rewards = []
    for pixels in PIXELS:
        env = make(traffic="full-buffer", deadline_ms=(600, 700), accuracy="mean")
        env.reset(seed=1)
        point = np.full((1, 6), point_index(1, pixels, "local"))
        rewards.append(env.allocate(Allocation(point, *equal_shares(env.problem)))[1])
    assert len(set(rewards)) == 1 and rewards[0] > 0


def test_rates_vary_within_an_episode_and_are_alike_from_slot_to_slot() -> None:
    env = make(preset="stae-published", episode_slots=400, traffic="full-buffer")
    env.reset(seed=0)
    gain = 10 * np.log10(env.simulator.trace.gain_scale[0])
    assert gain.std() == pytest.approx(8.0, rel=0.25)
    assert np.corrcoef(gain[:-1].ravel(), gain[1:].ravel())[0, 1] == pytest.approx(0.9, abs=0.05)


def test_profiles_of_images_are_refused() -> None:
    for build in (make, lambda **settings: gymnasium.make_vec(ID, num_envs=2, **settings)):
        with pytest.raises(ScenarioError, match=r"needs a profile of frames x pixels x mode \(5, 7, 3\)"):
            build(profile="image-lite0-spat-imco")


def test_text_names_the_budgets() -> None:
    env = make(render_mode="ansi", traffic="full-buffer")
    env.reset(seed=0)
    assert "idle" not in env.render()
    points = np.array([[0, point_index(1, 0.4, "entropy"), point_index(2, 0.7, "local"), 3, 4, 5]])
    env.allocate(Allocation(points, *equal_shares(env.problem)))
    lines = env.render().splitlines()
    for user, text in enumerate(("16 x 100 % plain", "1 x 40 % entropy", " 2 local ")):
        assert text in lines[2 + user]


class Pictures:
    """Plain red pictures; notes what it was asked."""

    def __init__(self, shape: tuple[int, int]) -> None:
        self.shape, self.asked = shape, []  # type: ignore[var-annotated]

    def picture(self, content: int, point: int) -> np.ndarray:
        self.asked.append((content, point))
        return np.full((*self.shape, 3), (255, 0, 0), np.uint8)


@pytest.mark.parametrize("shape", [(40, 40), (20, 400), (300, 20)])
def test_pictures_of_the_clips_are_drawn_in_proportion(shape: tuple[int, int]) -> None:
    pictures = Pictures(shape)
    env = make(render_mode="rgb_array", pictures=pictures, traffic="full-buffer", users=3)
    env.reset(seed=0)
    assert not (env.render() == (255, 0, 0)).all(axis=2).any()
    points = np.array([[7, 0, 104]])
    env.allocate(Allocation(points, *equal_shares(env.problem)))
    asked = pictures.asked = []
    content = env.simulator.trace.content[0, 0].tolist()
    red = (env.render() == (255, 0, 0)).all(axis=2)
    assert asked == list(zip(content, (7, 0, 104), strict=True))
    rows, columns = np.flatnonzero(red.any(axis=1)), np.flatnonzero(red.any(axis=0))
    height = len(rows) / 3
    assert len(columns) / height == pytest.approx(shape[1] / shape[0], rel=0.15, abs=0.08)


def test_strips_show_kept_frames_and_pixels() -> None:
    """Colour covers as much as is kept: the more frames and pixels, the larger."""
    covered = {}
    for frames, pixels, mode in ((16, 1.0, "entropy"), (16, 0.5, "entropy"), (8, 1.0, "entropy"), (1, 0.4, "entropy")):
        env = make(render_mode="rgb_array", users=1, traffic="full-buffer")
        env.reset(seed=0)
        point = np.full((1, 1), point_index(frames, pixels, mode))
        env.allocate(Allocation(point, *equal_shares(env.problem)))
        covered[frames, pixels] = (env.render() == (0x56, 0xB4, 0xE9)).all(axis=2).sum()
    assert covered[16, 0.5] == pytest.approx(covered[16, 1.0] / 2, rel=0.05)
    assert covered[8, 1.0] == pytest.approx(covered[16, 1.0] / 2, rel=0.05)
    assert covered[1, 0.4] == pytest.approx(covered[16, 1.0] * 0.4 / 16, rel=0.3)


def test_actions_reach_every_operating_point() -> None:
    env = make(users=1, traffic="full-buffer", episode_slots=200)
    env.reset(seed=0)
    seen = []
    for cells in np.ndindex(GRID):
        action = np.zeros((1, 5))
        action[0, :3] = (2 * np.array(cells) + 1) / np.array(GRID) - 1
        seen.append(int(env.step(action)[4]["operating_point"][0]))
    assert seen == list(range(len(MODES) * 35))
