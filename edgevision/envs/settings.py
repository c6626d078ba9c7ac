"""`ScenarioSettings`: the checks and conversions that the settings of all environments share.

Fields have units that are easy to type (MHz, mW, ms, dB), named in the field. The properties convert to SI (Hz, W, s),
which the rest of the package uses.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Literal, Self, get_args

from edgevision.checks import real_number
from edgevision.envs.stresses import STRESSES
from edgevision.errors import ScenarioError, UnknownSettingError, shown, unknown_name

TransmissionMode = Literal["expected", "sampled"]
ContentSplit = Literal["all", "train", "validation", "test"]

MAX_USERS = 100_000
MAX_SLOTS = 1_000_000
MAX_SEED = 2**63 - 1

#: Ranges of numbers that several environments have, both ends included: wide, but narrow enough that no rate or
#: probability overflows or underflows.
COMMON_RANGES = {
    "bandwidth_mhz": (1e-6, 1e6),
    "power_mw": (1e-9, 1e9),
    "noise_dbm_per_hz": (-300.0, 100.0),
    "noise_figure_db": (-100.0, 100.0),
    "carrier_ghz": (1e-3, 1e3),
    "base_station_height_m": (1e-3, 1e4),
    "user_height_m": (1e-3, 1e4),
    "device_time_scale": (0.0, 1e9),
    "edge_time_scale": (0.0, 1e9),
}


class ScenarioSettings:
    """Base of the frozen dataclasses that hold the settings of an environment.

    Attributes:
        presets: settings by preset name that differ from the defaults.
        ranges: ranges of the fields that are real numbers, both ends included.
        choices: the literals that fields may be.
    """

    presets: ClassVar[Mapping[str, Mapping[str, Any]]]
    ranges: ClassVar[Mapping[str, tuple[float, float]]]
    choices: ClassVar[Mapping[str, Any]]

    bandwidth_mhz: float
    power_mw: float
    noise_dbm_per_hz: float
    noise_figure_db: float
    profile: str

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    def _check_shared(self) -> None:
        """Check the real numbers, the profile and the choices.

        Raises:
            ScenarioError: one of them is wrong.
        """
        for name, bounds in self.ranges.items():
            self._set(name, real_number(name, getattr(self, name), *bounds, ScenarioError))
        self._check_path("profile")
        for name, choices in self.choices.items():
            value, allowed = getattr(self, name), get_args(choices)
            if not isinstance(value, str) or value not in allowed:
                raise ScenarioError(f"{name} must be one of {', '.join(allowed)}, got {shown(value)}")

    def _check_path(self, name: str) -> None:
        """Check a field that is a path, or the name of something that is shipped.

        Raises:
            ScenarioError: it is not.
        """
        value: Any = getattr(self, name)
        if not isinstance(value, str | os.PathLike) or not isinstance(os.fspath(value), str):
            raise ScenarioError(f"{name} must be a name or a path, got {shown(value)}")
        self._set(name, os.fspath(value))

    def _check_pair(
        self, name: str, number: Callable[..., Any], bounds: tuple[float, float], *, ordered: bool = True
    ) -> None:
        """Check a field that is a pair of numbers within ``bounds``, low <= high if ``ordered``.

        Raises:
            ScenarioError: it is not.
        """
        value: Any = getattr(self, name)
        try:
            if isinstance(value, str | bytes | dict):
                raise TypeError
            low, high = value
        except (TypeError, ValueError):
            wanted = "a pair (low, high)" if ordered else "a pair of numbers"
            raise ScenarioError(f"{name} must be {wanted}, got {shown(value)}") from None
        pair = tuple(number(name, end, *bounds, ScenarioError) for end in (low, high))
        if ordered and pair[0] > pair[1]:
            raise ScenarioError(f"{name} must satisfy low <= high, got {pair!r}")
        self._set(name, pair)

    @property
    def bandwidth(self) -> float:
        """Bandwidth that all users share, B_max [Hz]."""
        return self.bandwidth_mhz * 1e6

    @property
    def power(self) -> float:
        """Transmit power [W], of all users together (P_max) or of each one, as the field says."""
        return self.power_mw * 1e-3

    @property
    def noise_density(self) -> float:
        """N0 including the noise figure [W/Hz]."""
        density: float = 10 ** ((self.noise_dbm_per_hz + self.noise_figure_db - 30) / 10)
        return density

    @classmethod
    def _mixed(cls, configs: Sequence[Self]) -> Self:
        """Settings whose episodes each have those of one of ``configs``.

        Raises:
            ScenarioError: the settings cannot vary from episode to episode.
        """
        raise ScenarioError("several presets are mixed only on Paper-v0, Image-v0 and Video-v0; give one")

    @classmethod
    def from_preset(cls, preset: str | Sequence[str], base: str = "", /, **overrides: Any) -> Self:
        """The named preset with some fields replaced.

        Args:
            preset: a name in ``presets``, or a stress of ``base``, see `edgevision.envs.stresses`. With several names,
                each episode draws one of these presets.
            base: the default preset of the environment's id.
            **overrides: fields that differ from the preset.

        Raises:
            UnknownNameError: no such preset.
            UnknownSettingError: no such field.
            ScenarioError: the resulting settings are invalid.
        """
        if isinstance(preset, list | tuple) and preset:
            return cls._mixed([cls.from_preset(name, base, **overrides) for name in preset])
        known_presets = {**cls.presets, **_stressed(cls.presets.get(base, {}), base)}
        if not isinstance(preset, str) or preset not in known_presets:
            raise unknown_name("preset", preset, known_presets)
        known = {field.name for field in dataclasses.fields(cls)}  # type: ignore[arg-type]
        for name in overrides:
            if name not in known:
                raise UnknownSettingError(str(unknown_name("scenario setting", name, known)))
        return cls(**{**known_presets[preset], **overrides})


def _stressed(settings: Mapping[str, Any], base: str) -> dict[str, dict[str, Any]]:
    """The settings of the preset ``base`` under each stress that it has."""
    return {name: {**settings, **stress.changes[base]} for name, stress in STRESSES.items() if base in stress.changes}


class SlottedSettings(ScenarioSettings):
    """Settings of an environment with slots of fixed length, in which a decision changes later slots."""

    slot_ms: float
    mean_stay_slots: tuple[float, float]
    episode_slots: int

    @property
    def slot_time(self) -> float:
        """Length of a slot [s]."""
        return self.slot_ms * 1e-3

    @property
    def latest(self) -> float:
        """The longest time from the decision to the answer [s]; what is sent must be answered within its slot."""
        return self.slot_time

    @property
    def busy_share(self) -> float:
        """Share of slots that are busy."""
        calm, busy = self.mean_stay_slots
        return busy / (calm + busy)

    @property
    def slots(self) -> tuple[int, int]:
        """Shortest and longest episode [slots]."""
        return self.episode_slots, self.episode_slots
