from __future__ import annotations

import dataclasses
import math
from typing import Any

import pytest

from edgevision.envs import PRESETS, ScenarioConfig
from edgevision.errors import ScenarioError, UnknownNameError


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_is_valid(preset: str) -> None:
    config = ScenarioConfig.from_preset(preset)
    assert config.min_bandwidth * config.users <= config.bandwidth * (1 + 1e-12)


def test_units_are_converted_to_si() -> None:
    config = ScenarioConfig(bandwidth_mhz=30, power_mw=150, noise_dbm_per_hz=-174, noise_figure_db=5)
    assert (config.bandwidth, config.power) == (30e6, 0.15)
    assert config.noise_density == pytest.approx(10 ** (-19.9))


def test_published_minimum_shares_shrink_until_they_fit() -> None:
    config = ScenarioConfig(users=6, bandwidth_mhz=15, power_mw=2)
    assert config.min_bandwidth == pytest.approx(15e6 / 12)
    assert config.min_power == pytest.approx(2e-3 / 12)
    assert ScenarioConfig(users=2, bandwidth_mhz=30, power_mw=150).min_bandwidth == 5e6


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"users": 0}, "users"),
        ({"users": 2.5}, "users"),
        ({"bandwidth_mhz": math.nan}, "bandwidth_mhz"),
        ({"bandwidth_mhz": "wide"}, "bandwidth_mhz"),
        ({"power_mw": -1}, "power_mw"),
        ({"gain_scale": math.inf}, "gain_scale"),
        ({"deadline_ms": (100, 50)}, "deadline_ms"),
        ({"deadline_ms": 50}, "deadline_ms"),
        ({"size_mbit": (0, 1)}, "size_mbit"),
        ({"arrivals_per_slot": 1.0}, "arrivals_per_slot"),
        ({"shadowing_walk_db": -1.0}, "shadowing_walk_db"),
        ({"shadowing_correlation": 1.0}, "shadowing_correlation"),
        ({"cell_radius_m": 5}, "cell_radius_m"),
        ({"episode_slots": 0}, "episode_slots"),
        ({"episode_slots": (5, 2)}, "episode_slots"),
        ({"fading": "nakagami"}, "fading"),
        ({"accuracy": "guess"}, "accuracy"),
        ({"min_bandwidth_mhz": 6, "users": 6, "bandwidth_mhz": 30}, "min_bandwidth_mhz"),
        ({"min_power_mw": 30, "users": 6, "power_mw": 150}, "min_power_mw"),
    ],
)
def test_bad_settings_are_named(settings: dict[str, Any], field: str) -> None:
    with pytest.raises(ScenarioError, match=field):
        ScenarioConfig(**settings)


def test_unknown_names_suggest_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="bandwidth_mhz"):
        ScenarioConfig.from_preset("paper", bandwith_mhz=3)
    with pytest.raises(UnknownNameError, match="did you mean 'paper'"):
        ScenarioConfig.from_preset("papre")
    with pytest.raises(UnknownNameError, match="unknown scenario setting 'cls'"):
        ScenarioConfig.from_preset("paper", cls=3)


def test_configuration_is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        ScenarioConfig().users = 3  # type: ignore[misc]
