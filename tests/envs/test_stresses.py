"""Stresses: presets that change one thing of the default of an id."""

from __future__ import annotations

import dataclasses
from typing import Any

import gymnasium
import numpy as np
import pytest

import edgevision  # noqa: F401 - registers the ids
from edgevision import baselines
from edgevision.envs import IDS
from edgevision.envs.stresses import STRESSES
from edgevision.errors import UnknownNameError
from tests.pages import ROOT

ENVS = {env_id: gymnasium.make(env_id).unwrapped for env_id in IDS}
CASES = [
    (env_id, name)
    for env_id, env in ENVS.items()
    for name, stress in STRESSES.items()
    if env.default_preset in stress.changes
]


@pytest.mark.parametrize(("env_id", "name"), CASES)
def test_a_stress_is_the_default_with_its_changes_and_can_be_played(env_id: str, name: str) -> None:
    usual = ENVS[env_id]
    changes = STRESSES[name].changes[usual.default_preset]
    env = gymnasium.make(env_id, preset=name, episode_slots=2).unwrapped
    assert env.config == dataclasses.replace(usual.config, **changes, episode_slots=2)
    assert all(getattr(usual.config, field) != value for field, value in changes.items())
    env.reset(seed=1)
    over = False
    while not over:
        observation, reward, _, over, _ = env.step(env.action_space.sample())
        assert observation in env.observation_space
        assert np.isfinite(reward)


def test_a_stress_of_another_id_is_refused_by_name() -> None:
    with pytest.raises(UnknownNameError, match=r"unknown preset 'slow-device'.*crowded"):
        gymnasium.make("EdgeVision/Paper-v0", preset="slow-device")


def test_settings_given_beside_a_stress_count() -> None:
    config = gymnasium.make("EdgeVision/Image-v0", preset="crowded", users=9, power_mw=100.0).unwrapped.config
    assert (config.users, config.power_mw, config.profile) == (9, 100.0, "image-lite0-spat-imco")


def test_the_page_names_every_stress_with_what_it_is() -> None:
    page = (ROOT / "docs" / "scenarios.md").read_text(encoding="utf-8")
    for name, stress in STRESSES.items():
        assert f"| `{name}` | {stress.what} |" in page


def _trace(**settings: Any) -> Any:
    env = gymnasium.make_vec("EdgeVision/Image-v0", num_envs=200, **settings).unwrapped
    env.reset(seed=3)
    return env.simulator.trace


def test_in_a_burst_all_cameras_have_a_request_and_bursts_have_their_share_and_length() -> None:
    settings = {"arrivals_per_slot": 0.01, "burst_share": 0.3, "burst_slots": 5.0, "episode_slots": 200}
    active = _trace(**settings).active
    busy = active.all(axis=2)
    assert active[~busy].mean() == pytest.approx(0.01, abs=0.002)
    assert busy.mean() == pytest.approx(0.3, abs=0.02)
    assert (busy[:, :-1] & ~busy[:, 1:]).sum() / busy[:, :-1].sum() == pytest.approx(1 / 5, abs=0.01)


def test_bursts_leave_the_rest_of_an_episode_as_it_is() -> None:
    plain, bursts = _trace(episode_slots=5), _trace(episode_slots=5, burst_share=0.3)
    for name, value in vars(plain).items():
        if name != "pool":
            np.testing.assert_array_equal(getattr(bursts, name), value)


@pytest.mark.parametrize("policy", ["joint", "co-crra", "fracr-exact", "msvra:operating_point=3", "random"])
def test_with_power_of_its_own_every_camera_sends_with_it_under_every_policy(policy: str) -> None:
    env = gymnasium.make_vec("EdgeVision/Image-v0", num_envs=4, preset="power-caps").unwrapped
    env.reset(seed=3)
    name, _, point = policy.partition(":operating_point=")
    allocation = baselines.make(name, **({"operating_point": int(point)} if point else {})).act(env.problem)
    env.allocate(allocation)
    own = env.config.power / env.config.users
    active = allocation.power > 0
    np.testing.assert_allclose(allocation.power[active], own, rtol=1e-9)
    env.step(env.action_space.sample())
