"""How long a request's computing takes in a scenario, and a warning where that leaves no time to send anything."""

from __future__ import annotations

import warnings
from typing import Protocol

from edgevision.arrays import FloatArray
from edgevision.envs.computing.device_models import DEVICE_MODELS, DeviceName
from edgevision.errors import DeadlineWarning
from edgevision.profiles.profile import OperatingPointProfile


class Computing(Protocol):
    """The settings of a scenario that decide how long computing takes and may take; see ``ScenarioConfig``."""

    @property
    def device(self) -> DeviceName: ...  # noqa: D102

    @property
    def device_time_scale(self) -> float: ...  # noqa: D102

    @property
    def edge_time_scale(self) -> float: ...  # noqa: D102

    @property
    def latest(self) -> float: ...  # noqa: D102


def device_time(config: Computing, profile: OperatingPointProfile) -> FloatArray:
    """Computing time of the device at each operating point, (K,) [s]."""
    return DEVICE_MODELS[config.device] * config.device_time_scale * profile.device_time


def compute_time(config: Computing, profile: OperatingPointProfile) -> FloatArray:
    """Computing time of device and edge together at each operating point, (K,) [s]."""
    return device_time(config, profile) + config.edge_time_scale * profile.edge_time


def warn_if_always_late(config: Computing, profile: OperatingPointProfile) -> None:
    """Warn (``DeadlineWarning``) where computing alone misses every deadline at every operating point."""
    shortest = compute_time(config, profile).min()
    if shortest >= config.latest:
        warnings.warn(
            f"no answer can be in time: with profile {profile.name!r} computing alone takes {1e3 * shortest:.0f} ms or "
            f"more on a {config.device} device and at the edge, and the longest deadline is {1e3 * config.latest:g} ms",
            DeadlineWarning,
            stacklevel=3,
        )
