"""`DynamicConfig`: every setting of ``EdgeVision/Dynamic-v0``, frozen and validated.

Each field is a `gymnasium.make` keyword and has a unit that is easy to type in its name. Properties convert to SI.
"""

from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass
from typing import Any, Literal, get_args

from edgevision.checks import real_number, whole_number
from edgevision.envs.computing.device_models import DeviceName
from edgevision.envs.config import MAX_SLOTS, MAX_USERS, ContentSplit, TransmissionMode
from edgevision.errors import ScenarioError, UnknownSettingError, shown, unknown_name

DynamicAccuracy = Literal["mean", "replay"]

#: Settings by preset name that differ from the defaults.
DYNAMIC_PRESETS: dict[str, dict[str, Any]] = {
    # Six patrolling cameras with small, unequal batteries on a narrow carrier; requests may wait 2 to 12 seconds.
    "patrol": {},
    # The same with a quarter of the energy.
    "patrol-scarce": {"battery_mj": (3.0, 30.0)},
}

#: Ranges, both ends included: wide, but narrow enough that nothing overflows.
_RANGES = {
    "slot_ms": (1e-3, 1e6),
    "bandwidth_mhz": (1e-6, 1e6),
    "power_mw": (1e-9, 1e9),
    "noise_dbm_per_hz": (-300.0, 100.0),
    "noise_figure_db": (-100.0, 100.0),
    "carrier_ghz": (1e-3, 1e3),
    "cell_radius_m": (20.0, 1e5),
    "base_station_height_m": (1e-3, 1e4),
    "user_height_m": (1e-3, 1e4),
    "shadowing_scale": (0.0, 10.0),
    "decorrelation_m": (1e-3, 1e6),
    "device_time_scale": (0.0, 1e9),
    "edge_time_scale": (0.0, 1e9),
}
_RANGES_OF_PAIRS = {
    "speed_m_per_s": (0.0, 1e3),
    "arrivals_per_slot": (0.0, 1.0),
    "battery_mj": (1e-6, 1e9),
}
_MOST_WAITING = 1000
_CHOICES = {
    "accuracy": DynamicAccuracy,
    "transmission": TransmissionMode,
    "content_split": ContentSplit,
    "device": DeviceName,
}


@dataclass(frozen=True)
class DynamicConfig:
    """The settings of one environment.

    Attributes:
        users: number of cameras U.
        slot_ms: length of a slot; a request that is sent must arrive within it [ms].
        bandwidth_mhz: uplink bandwidth shared by all cameras [MHz].
        power_mw: largest transmit power of each camera [mW].
        noise_dbm_per_hz: thermal noise density [dBm/Hz].
        noise_figure_db: receiver noise figure added to it [dB].
        carrier_ghz: carrier frequency [GHz].
        cell_radius_m: routes are chords of a disc of this radius around the base station [m].
        base_station_height_m: antenna height of the base station [m].
        user_height_m: antenna height of the cameras [m].
        speed_m_per_s: range from which the speed of each camera is drawn uniformly [m/s].
        shadowing_scale: factor on the standard deviations of the shadowing in 3GPP TR 38.901; 0 switches it off.
        decorrelation_m: distance over which the correlation of the shadowing falls to 1/e [m].
        arrivals_per_slot: probability of a new request per camera and slot, in a calm and in a busy scene.
        mean_stay_slots: mean number of slots for which a scene stays calm, and busy.
        deadline_slots: range from which the number of slots is drawn in which a request may be sent, the slot of its
            arrival included.
        queue_length: most requests that wait in a camera; one more drops the oldest.
        battery_mj: range from which the energy of each camera is drawn, log-uniform [mJ].
        profile: name of a shipped profile with one axis, or path of a profile file.
        levels: number of the profile's operating points that can be chosen, evenly spaced.
        content_split: split of a measured profile from which contents are drawn.
        accuracy: ``mean`` scores the population accuracy; ``replay`` whether the recorded answer for the drawn content
            was right, and lets controllers see features of the content.
        transmission: ``expected`` scores the success probability, ``sampled`` draws whether the payload is in time.
        device: the kind of device that the cameras have, one of ``DEVICE_MODELS``; its factor multiplies
            the profile's device times.
        device_time_scale: further factor on the device times.
        edge_time_scale: factor on the profile's edge times.
        episode_slots: length of an episode [slots].
    """

    users: int = 6
    slot_ms: float = 500.0
    bandwidth_mhz: float = 0.36
    power_mw: float = 200.0
    noise_dbm_per_hz: float = -174.0
    noise_figure_db: float = 5.0
    carrier_ghz: float = 3.5
    cell_radius_m: float = 400.0
    base_station_height_m: float = 10.0
    user_height_m: float = 1.5
    speed_m_per_s: tuple[float, float] = (5.0, 20.0)
    shadowing_scale: float = 1.0
    decorrelation_m: float = 13.0
    arrivals_per_slot: tuple[float, float] = (0.1, 0.7)
    mean_stay_slots: tuple[float, float] = (24.0, 8.0)
    deadline_slots: tuple[int, int] = (4, 24)
    queue_length: int = 6
    battery_mj: tuple[float, float] = (12.5, 125.0)
    profile: str = "image-lite0-spat-imco"
    levels: int = 10
    content_split: ContentSplit = "all"
    accuracy: DynamicAccuracy = "mean"
    transmission: TransmissionMode = "expected"
    device: DeviceName = "server"
    device_time_scale: float = 1.0
    edge_time_scale: float = 1.0
    episode_slots: int = 100

    def __post_init__(self) -> None:
        for name, bounds in _RANGES.items():
            self._set(name, real_number(name, getattr(self, name), *bounds, ScenarioError))
        for name, bounds in _RANGES_OF_PAIRS.items():
            self._set_pair(name, real_number, bounds, ordered=True)
        self._set_pair("mean_stay_slots", real_number, (1.0, 1e9), ordered=False)
        self._set_pair("deadline_slots", whole_number, (1, _MOST_WAITING), ordered=True)
        for name, most in (
            ("users", MAX_USERS),
            ("queue_length", _MOST_WAITING),
            ("levels", 10_000),
            ("episode_slots", MAX_SLOTS),
        ):
            self._set(name, whole_number(name, getattr(self, name), 1, most, ScenarioError))
        profile: Any = self.profile
        if not isinstance(profile, str | os.PathLike):
            raise ScenarioError(f"profile must be a name or a path, got {shown(profile)}")
        self._set("profile", os.fspath(profile))
        for name, choices in _CHOICES.items():
            value, allowed = getattr(self, name), get_args(choices)
            if not isinstance(value, str) or value not in allowed:
                raise ScenarioError(f"{name} must be one of {', '.join(allowed)}, got {shown(value)}")
        if not self.arrival_rate > 0:
            raise ScenarioError("arrivals_per_slot must be above 0 in a calm or in a busy scene")

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    def _set_pair(self, name: str, number: Any, bounds: tuple[float, float], *, ordered: bool) -> None:
        value: Any = getattr(self, name)
        try:
            if isinstance(value, str | bytes | dict):
                raise TypeError
            first, second = value
        except (TypeError, ValueError):
            raise ScenarioError(f"{name} must be a pair of numbers, got {shown(value)}") from None
        pair = tuple(number(name, end, *bounds, ScenarioError) for end in (first, second))
        if ordered and pair[0] > pair[1]:
            raise ScenarioError(f"{name} must satisfy low <= high, got {pair!r}")
        self._set(name, pair)

    @property
    def slot_time(self) -> float:
        """Length of a slot [s]."""
        return self.slot_ms * 1e-3

    @property
    def latest(self) -> float:
        """The longest time from the decision to the answer [s]; what is sent must arrive within its slot."""
        return self.slot_time

    @property
    def bandwidth(self) -> float:
        """Shared bandwidth [Hz]."""
        return self.bandwidth_mhz * 1e6

    @property
    def power(self) -> float:
        """Largest transmit power of a camera [W]."""
        return self.power_mw * 1e-3

    @property
    def noise_density(self) -> float:
        """N0 including the noise figure [W/Hz]."""
        return float(10 ** ((self.noise_dbm_per_hz + self.noise_figure_db - 30) / 10))

    @property
    def busy_share(self) -> float:
        """Share of slots in which a scene is busy."""
        calm, busy = self.mean_stay_slots
        return busy / (calm + busy)

    @property
    def arrival_rate(self) -> float:
        """Mean number of new requests per camera and slot."""
        calm, busy = self.arrivals_per_slot
        return calm + (busy - calm) * self.busy_share

    @property
    def slots(self) -> tuple[int, int]:
        """Shortest and longest episode [slots]."""
        return self.episode_slots, self.episode_slots

    @classmethod
    def from_preset(cls, preset: str, **overrides: Any) -> DynamicConfig:
        """The named preset with some fields replaced.

        Raises:
            UnknownNameError: no such preset.
            UnknownSettingError: no such field.
            ScenarioError: the resulting settings are invalid.
        """
        if not isinstance(preset, str) or preset not in DYNAMIC_PRESETS:
            raise unknown_name("preset", preset, DYNAMIC_PRESETS)
        known = {field.name for field in dataclasses.fields(cls)}
        for name in overrides:
            if name not in known:
                raise UnknownSettingError(str(unknown_name("scenario setting", name, known)))
        return cls(**{**DYNAMIC_PRESETS[preset], **overrides})
