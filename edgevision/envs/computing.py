"""How long a request's computing takes in a scenario, and a warning where that leaves no time to send anything."""

from __future__ import annotations

import warnings

from edgevision.arrays import FloatArray
from edgevision.envs.config import ScenarioConfig
from edgevision.envs.device_models import DEVICE_MODELS
from edgevision.errors import DeadlineWarning
from edgevision.profiles.profile import OperatingPointProfile


def compute_time(config: ScenarioConfig, profile: OperatingPointProfile) -> FloatArray:
    """Computing time of device and edge together at each operating point, (K,) [s]."""
    device = DEVICE_MODELS[config.device] * config.device_time_scale
    return device * profile.device_time + config.edge_time_scale * profile.edge_time


def warn_if_always_late(config: ScenarioConfig, profile: OperatingPointProfile) -> None:
    """Warn (``DeadlineWarning``) where computing alone misses every deadline at every operating point."""
    shortest, latest = 1e3 * compute_time(config, profile).min(), config.deadline_ms[1]
    if shortest >= latest:
        warnings.warn(
            f"no answer can be in time: with profile {profile.name!r} computing alone takes {shortest:.0f} ms or more "
            f"on a {config.device} device and at the edge, and the longest deadline is {latest:g} ms",
            DeadlineWarning,
            stacklevel=3,
        )
