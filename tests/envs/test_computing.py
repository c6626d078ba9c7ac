"""Computing time in a scenario: device models, and the warning where computing alone is late."""

from __future__ import annotations

import dataclasses
import warnings
from pathlib import Path
from typing import get_args

import gymnasium
import numpy as np
import pytest

from edgevision.envs.computing.compute_time import compute_time, warn_if_always_late
from edgevision.envs.computing.device_models import DEVICE_MODELS, DeviceName
from edgevision.envs.config import PRESETS, ScenarioConfig
from edgevision.errors import DeadlineWarning, ScenarioError
from edgevision.profiles import load_profile, save_profile


def test_a_device_model_multiplies_device_times_only() -> None:
    profile = load_profile("image-lite0-spat-imco")
    server, pi = (ScenarioConfig(device=name) for name in ("server", "raspberry-pi-like"))
    np.testing.assert_allclose(compute_time(server, profile), profile.device_time + profile.edge_time)
    more = (DEVICE_MODELS["raspberry-pi-like"] - 1) * profile.device_time
    np.testing.assert_allclose(compute_time(pi, profile), compute_time(server, profile) + more)
    scaled = ScenarioConfig(device="raspberry-pi-like", device_time_scale=0.5, edge_time_scale=0.0)
    np.testing.assert_allclose(compute_time(scaled, profile), 0.5 * (more + profile.device_time))


def test_every_device_has_a_factor_and_slower_devices_a_larger_one() -> None:
    assert tuple(DEVICE_MODELS) == get_args(DeviceName)
    assert DEVICE_MODELS["server"] == 1 < DEVICE_MODELS["jetson-like"] < DEVICE_MODELS["raspberry-pi-like"]


@pytest.mark.parametrize("wrong", ["pi", "", None, 3, ["server"]])
def test_an_unknown_device_is_one_line_that_names_the_known_ones(wrong: object) -> None:
    with pytest.raises(ScenarioError, match="device must be one of server, jetson-like, raspberry-pi-like, got"):
        ScenarioConfig(device=wrong)  # type: ignore[arg-type]


@pytest.fixture
def slow(tmp_path: Path) -> str:
    """A profile as a machine that was a thousand times too slow would measure it."""
    profile = load_profile("image-lite0-uniform")
    path = save_profile(
        dataclasses.replace(profile, name="slow", edge_time=profile.edge_time + 0.1, metadata={}), tmp_path
    )
    return str(path)


@pytest.mark.parametrize("vectorised", [False, True])
def test_an_environment_warns_where_every_answer_is_late(slow: str, vectorised: bool) -> None:
    make = gymnasium.make_vec if vectorised else gymnasium.make
    with pytest.warns(DeadlineWarning, match=r"'slow' computing alone takes 1\d\d ms or more on a server device"):
        make("EdgeVision/Image-v0", profile=slow)
    with warnings.catch_warnings():
        warnings.simplefilter("error", DeadlineWarning)
        make("EdgeVision/Image-v0", profile=slow, deadline_ms=(50.0, 200.0))  # some requests have time
        make("EdgeVision/Image-v0", profile=slow, edge_time_scale=0.0)


@pytest.mark.parametrize("preset", PRESETS)
def test_no_preset_is_always_late(preset: str) -> None:
    config = ScenarioConfig.from_preset(preset)
    with warnings.catch_warnings():
        warnings.simplefilter("error", DeadlineWarning)
        warn_if_always_late(config, load_profile(config.profile))


def test_computing_locally_has_a_price_but_can_be_in_time() -> None:
    config = ScenarioConfig.from_preset("stae-video")
    profile = load_profile(config.profile)
    local = compute_time(config, profile).reshape(profile.grid)[:, 0, -1]
    latest = config.deadline_ms[1] / 1e3
    assert local[0] > latest > local[-1]  # all frames never, one frame always
    sent = profile.device_time.reshape(profile.grid)[:, 0, 0]
    assert (DEVICE_MODELS[config.device] * sent < local).all()
