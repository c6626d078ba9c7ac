"""Settings that differ from episode to episode: ranges, and mixtures of presets."""

from __future__ import annotations

import json
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv

import edgevision  # noqa: F401 - registers the ids
from edgevision.envs import EpisodeTrace, ScenarioConfig
from edgevision.errors import EdgeVisionError, ScenarioError, UnknownSettingError
from edgevision.experiments.evaluation.scenario import parse_settings
from tests.envs.strategies import BANDIT_IDS
from tests.envs.test_environment import assert_equal
from tests.envs.test_vector_environment import assert_info_equal

IMAGE = "EdgeVision/Image-v0"
#: Every setting that can vary, from a range on either side of the default of Image-v0.
EVERYTHING: dict[str, Any] = {
    "bandwidth_mhz": (0.7, 2.0),
    "power_mw": (50.0, 400.0),
    "noise_dbm_per_hz": (-176.0, -170.0),
    "noise_figure_db": (3.0, 9.0),
    "carrier_ghz": (2.0, 6.0),
    "base_station_height_m": (8.0, 15.0),
    "user_height_m": (1.5, 3.0),
    "device_time_scale": (0.5, 1.5),
    "edge_time_scale": (0.5, 1.5),
    "gain_scale": (1e-4, 1e-3),
    "cell_radius_m": (150.0, 500.0),
    "shadowing_walk_db": (0.0, 8.0),
    "shadowing_correlation": (0.0, 0.9),
    "arrivals_per_slot": (0.2, 0.9),
    "burst_share": (0.0, 0.4),
    "burst_slots": (2.0, 8.0),
    "deadline_ms": ((48.0, 60.0), (80.0, 150.0)),
    "size_mbit": ((5.0, 10.0), (10.0, 20.0)),
}
MIX = ("umi-image", "cell-edge", "tight-deadlines", "bursts", "slow-device", "shadowing")


def test_everything_that_can_vary_is_tried_here() -> None:
    assert set(EVERYTHING) == set(ScenarioConfig.variable)


@pytest.mark.parametrize(
    "settings",
    [
        {"randomise": EVERYTHING},
        {"preset": MIX, "randomise": {"bandwidth_mhz": (0.7, 2.0)}, "power_limit": "each"},
    ],
    ids=["ranges", "mixture"],
)
@pytest.mark.parametrize("mode", list(AutoresetMode))
def test_native_equals_scalar_bit_for_bit(settings: dict[str, Any], mode: AutoresetMode) -> None:
    options = {**settings, "episode_slots": (2, 4)}
    native = gymnasium.make_vec(IMAGE, num_envs=6, autoreset_mode=mode, **options).unwrapped
    sync = SyncVectorEnv([lambda: gymnasium.make(IMAGE, **options)] * 6, autoreset_mode=mode)
    assert_equal(native.reset(seed=3)[0], sync.reset(seed=3)[0])
    native.action_space.seed(0)
    for _ in range(9):
        actions = native.action_space.sample()
        ours, theirs = native.step(actions), sync.step(actions)
        for left, right in zip(ours[:4], theirs[:4], strict=True):
            assert_equal(left, right)
        assert_info_equal(ours[4], theirs[4])
        if mode == AutoresetMode.DISABLED and ours[3].any():
            left, right = (env.reset(options={"reset_mask": ours[3].copy()}) for env in (native, sync))
            assert_equal(left[0], right[0])


def test_an_episode_is_that_of_the_same_settings_given_as_numbers() -> None:
    for seed in range(3):
        varied = gymnasium.make(IMAGE, randomise=EVERYTHING, episode_slots=4).unwrapped
        observation, _ = varied.reset(seed=seed)
        drawn: dict[str, Any] = {}
        for (name, low, _), value in zip(varied.config.randomise, _values(varied), strict=True):
            drawn[name] = tuple(value) if isinstance(low, tuple) else value[0]
        fixed = gymnasium.make(IMAGE, **drawn, episode_slots=4).unwrapped
        _assert_close(observation, fixed.reset(seed=seed)[0])
        for _ in range(4):
            action = varied.action_space.sample()
            left, right = varied.step(action), fixed.step(action)
            _assert_close(left[0], right[0])
            _assert_close(left[4], right[4])


def _values(env: Any) -> list[list[float]]:
    """The drawn values of each setting."""
    flat = iter(env.simulator.trace.settings[0].tolist())
    return [[next(flat) for _ in np.atleast_1d(low)] for _, low, _ in env.config.randomise]


def _assert_close(left: dict[str, Any], right: dict[str, Any]) -> None:
    for name, value in left.items():
        np.testing.assert_allclose(value, right[name], rtol=1e-5, atol=1e-6, err_msg=name)


def test_draws_fill_their_ranges_and_come_from_the_seed_alone() -> None:
    env = gymnasium.make_vec(IMAGE, num_envs=400, randomise=EVERYTHING, episode_slots=1).unwrapped
    env.reset(seed=1)
    drawn = env.simulator.trace.settings
    low, high = (
        np.array([number for ends in env.config.randomise for number in np.atleast_1d(ends[end])]) for end in (1, 2)
    )
    share = (drawn - low) / (high - low)
    assert ((share >= 0) & (share <= 1)).all()
    np.testing.assert_allclose(share.mean(axis=0), 0.5, atol=0.06)
    env.step(env.action_space.sample())
    env.reset(seed=1)
    np.testing.assert_array_equal(env.simulator.trace.settings, drawn)


def test_each_preset_of_a_mixture_is_drawn_about_equally_often_and_is_that_preset() -> None:
    env = gymnasium.make_vec(IMAGE, num_envs=600, preset=MIX, episode_slots=1).unwrapped
    env.reset(seed=1)
    drawn = env.simulator.trace.settings
    alternatives, counts = np.unique(drawn, axis=0, return_counts=True)
    assert len(alternatives) == len(MIX)
    assert counts.min() > 60
    np.testing.assert_allclose(env.problem.deadline.min(), 0.048, atol=0.002)
    slow = env.problem.compute_time[:, 0, 0]
    assert len(np.unique(slow.round(9))) == 2


def test_a_range_leaves_the_rest_of_an_episode_as_it_is() -> None:
    plain, ranged = (
        gymnasium.make(IMAGE, **options).unwrapped for options in ({}, {"randomise": {"power_mw": (50, 90)}})
    )
    for env in (plain, ranged):
        env.reset(seed=4)
    for name, value in vars(plain.simulator.trace).items():
        if name != "settings":
            np.testing.assert_array_equal(getattr(ranged.simulator.trace, name), value)


def test_agents_see_what_was_drawn() -> None:
    """Each setting that changes what is best in a slot changes the observation of the same draws."""
    plain = gymnasium.make(IMAGE, episode_slots=2).unwrapped
    usual, _ = plain.reset(seed=2)
    for name, (_, high) in EVERYTHING.items():
        if name in ("gain_scale", "size_mbit", "shadowing_correlation", "burst_slots"):
            continue  # without effect with a measured profile in a cell, or on the first slot
        fixed = {name: high}
        seen, _ = gymnasium.make(IMAGE, episode_slots=2, **fixed).reset(seed=2)
        if name not in ("arrivals_per_slot", "burst_share"):  # these change who is active at random
            assert any((seen[key] != usual[key]).any() for key in usual), name


def test_a_trace_replays_its_settings(tmp_path: Any) -> None:
    env = gymnasium.make_vec(IMAGE, num_envs=3, preset=MIX, episode_slots=2).unwrapped
    observation, _ = env.reset(seed=2)
    env.simulator.trace.save(tmp_path / "trace.npz")
    stored = EpisodeTrace.load(tmp_path / "trace.npz")
    env.reset(seed=9)
    assert_equal(env.reset(options={"trace": stored})[0], observation)
    with pytest.raises(ScenarioError, match="this scenario varies none"):
        gymnasium.make_vec(IMAGE, num_envs=3, episode_slots=2).unwrapped.reset(options={"trace": stored})


def test_the_spec_is_plain_json_and_makes_the_same_environment() -> None:
    env = gymnasium.make(IMAGE, preset=MIX, randomise={"bandwidth_mhz": (0.7, 2.0)})
    again = gymnasium.make(gymnasium.envs.registration.EnvSpec.from_json(env.spec.to_json()))
    assert again.unwrapped.config == env.unwrapped.config
    assert json.loads(json.dumps(env.unwrapped.config.randomise)) == [["bandwidth_mhz", 0.7, 2.0]]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"randomise": {"users": (2, 4)}}, r"^users must be the same in all episodes.*cell_radius_m"),
        ({"randomise": {"traffic": ("poisson", "full-buffer")}}, "^traffic must be the same"),
        ({"randomise": {"bandwith_mhz": (1, 2)}}, "did you mean 'bandwidth_mhz'"),
        ({"randomise": {"bandwidth_mhz": (2, 1)}}, "low <= high"),
        ({"randomise": {"bandwidth_mhz": 2}}, "must map settings to ranges"),
        ({"randomise": {"bandwidth_mhz": (1, float("nan"))}}, "^bandwidth_mhz must be a number"),
        ({"randomise": {"deadline_ms": (50, 100)}}, "^deadline_ms must be a pair"),
        ({"randomise": "bandwidth_mhz"}, "must map settings to ranges"),
        ({"randomise": 3}, "must map settings to ranges"),
        ({"randomise": {3: (1, 2)}}, "unknown scenario setting '3'"),
        ({"randomise": {"bandwidth_mhz": (0.01, 2)}, "min_bandwidth_mhz": 0.1}, "^infeasible"),
        ({"preset": ("umi-image", "crowded")}, "^users must be the same"),
        ({"preset": ("umi-image", "nowhere")}, "unknown preset 'nowhere'"),
        ({"preset": ()}, "unknown preset"),
        ({"preset": MIX, "randomise": {"cell_radius_m": (100, 200)}}, "cell_radius_m is drawn from a range, and"),
        ({"mix": 3}, "mix must be a list"),
        ({"mix": [3]}, "mix must be a list"),
    ],
)
def test_what_cannot_vary_is_refused_in_one_line(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(EdgeVisionError, match=said) as caught:
        gymnasium.make(IMAGE, **settings)
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value, ScenarioError | UnknownSettingError | ValueError)


def test_ids_whose_slots_are_coupled_say_that_they_do_not_mix() -> None:
    with pytest.raises(ScenarioError, match="only on Paper-v0, Image-v0 and Video-v0"):
        gymnasium.make("EdgeVision/Dynamic-v0", preset=("patrol", "bursts"))
    with pytest.raises(UnknownSettingError, match="randomise"):
        gymnasium.make("EdgeVision/Stream-v0", randomise={"bandwidth_mhz": (0.1, 0.2)})


@pytest.mark.parametrize("env_id", BANDIT_IDS)
def test_the_command_line_takes_ranges_and_several_presets(env_id: str) -> None:
    settings = parse_settings(['randomise={"bandwidth_mhz": [1.5, 2]}', "preset=bursts,shadowing"])
    config = gymnasium.make(env_id, **settings).unwrapped.config
    assert config.randomise == (("bandwidth_mhz", 1.5, 2.0),)
    assert len(config.mix) == 2
