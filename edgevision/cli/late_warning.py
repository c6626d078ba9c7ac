"""The warning of commands that measure or time a profile: computing alone takes longer than every deadline."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edgevision.profiles.profile import OperatingPointProfile


def warn_if_late_in_its_environment(profile: OperatingPointProfile) -> None:
    """Warn where no answer can be in time in the environment that the profile is for, with its default settings."""
    from edgevision.envs.computing.compute_time import warn_if_always_late
    from edgevision.envs.config import ScenarioConfig
    from edgevision.envs.image import ImageEnv
    from edgevision.envs.video import VideoEnv
    from edgevision.profiles.video_grid import AXES

    environment = VideoEnv if profile.axis_names == AXES else ImageEnv
    warn_if_always_late(ScenarioConfig.from_preset(environment.default_preset), profile)
