"""`ScenarioConfig`: every setting of an environment, frozen and validated; each field is a `gymnasium.make` keyword.

Fields have units that are easy to type (MHz, mW, ms, dB), named in the field. The properties convert to SI (Hz, W, s),
which the rest of the package uses.
"""

from __future__ import annotations

import dataclasses
import numbers
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args

from edgevision.checks import real_number, whole_number
from edgevision.envs.computing.device_models import DeviceName
from edgevision.envs.presets import PRESETS
from edgevision.errors import ScenarioError, UnknownSettingError, shown, unknown_name

Fading = Literal["half-normal", "rayleigh"]
SuccessModel = Literal["exact", "chernoff"]
Propagation = Literal["fixed", "umi"]
Traffic = Literal["full-buffer", "poisson"]
AccuracyMode = Literal["mean", "replay", "live"]
TransmissionMode = Literal["expected", "sampled"]
ContentSplit = Literal["all", "train", "validation", "test"]

MAX_USERS = 100_000
MAX_SLOTS = 1_000_000
MAX_SEED = 2**63 - 1

#: Ranges, both ends included: wide, but narrow enough that no rate or probability overflows or underflows.
_RANGES = {
    "bandwidth_mhz": (1e-6, 1e6),
    "power_mw": (1e-9, 1e9),
    "noise_dbm_per_hz": (-300.0, 100.0),
    "noise_figure_db": (-100.0, 100.0),
    "gain_scale": (1e-30, 1e30),
    "carrier_ghz": (1e-3, 1e3),
    "cell_radius_m": (10.001, 1e5),
    "base_station_height_m": (1e-3, 1e4),
    "user_height_m": (1e-3, 1e4),
    "shadowing_walk_db": (0.0, 100.0),
    "shadowing_correlation": (0.0, 1 - 1e-9),
    "arrivals_per_slot": (1e-9, 1 - 1e-9),
    "device_time_scale": (0.0, 1e9),
    "edge_time_scale": (0.0, 1e9),
}
_RANGES_OF_PAIRS = {"deadline_ms": (1e-6, 1e9), "size_mbit": (1e-9, 1e9)}
_MINIMUM = (0.0, 1e9)
_CHOICES = {
    "propagation": Propagation,
    "fading": Fading,
    "success_model": SuccessModel,
    "traffic": Traffic,
    "accuracy": AccuracyMode,
    "transmission": TransmissionMode,
    "content_split": ContentSplit,
    "device": DeviceName,
}

PAPER_MIN_BANDWIDTH_MHZ = 5.0
PAPER_MIN_POWER_MW = 10.0


@dataclass(frozen=True)
class ScenarioConfig:
    """The settings of one environment.

    Attributes:
        users: number of cameras U in the cell.
        bandwidth_mhz: uplink bandwidth B_max shared by all users [MHz].
        power_mw: transmit power P_max shared by all users [mW].
        min_bandwidth_mhz: B_min per active user [MHz]; ``None`` is the published 5 MHz, or half an equal share if
            that is less, so that the minima always fit B_max.
        min_power_mw: P_min per active user [mW]; ``None`` is the published 10 mW, or half an equal share if that
            is less.
        noise_dbm_per_hz: thermal noise density [dBm/Hz].
        noise_figure_db: receiver noise figure added to it [dB].
        deadline_ms: range from which each request's deadline t0 is drawn uniformly [ms].
        size_mbit: range from which raw sizes D are drawn uniformly [Mbit], for profiles whose sizes are relative
            (``published-eta``); other profiles hold the size of each content.
        propagation: ``fixed`` gives every user ``gain_scale``; ``umi`` draws positions in a cell and uses
            3GPP TR 38.901 UMi street canyon path loss, line-of-sight probability and shadowing.
        gain_scale: the scale delta of the channel gain for ``fixed`` [linear power gain].
        carrier_ghz: carrier frequency for ``umi`` [GHz].
        cell_radius_m: users are placed uniformly between 10 m and this distance from the base station [m].
        base_station_height_m: antenna height of the base station [m].
        user_height_m: antenna height of the cameras [m].
        shadowing_walk_db: standard deviation of the shadowing that varies from slot to slot, a stationary Gaussian
            process around each user's mean [dB]; 0 keeps the gain scale constant during an episode.
        shadowing_correlation: correlation of that process between consecutive slots, in [0, 1).
        fading: distribution of the gain: ``half-normal`` (the paper's ``|N(0, delta^2)|``) or ``rayleigh``
            (exponential power gain with mean delta).
        success_model: how success probability is scored: ``exact``, or the paper's approximation 2 Q(x) ~ exp(-x^2/2)
            (``chernoff``).
        traffic: ``full-buffer`` (every user has a request in every slot) or ``poisson``.
        arrivals_per_slot: Poisson mean of new requests per user and slot; below 1, so that the pool cannot grow
            without bound.
        profile: name of a shipped operating-point profile, or path of a profile file.
        content_split: split of a measured profile from which contents are drawn.
        accuracy: ``mean`` scores the population accuracy, ``replay`` whether the recorded answer for the drawn content
            was right, ``live`` runs codec and classifier (needs ``outcomes=`` at construction).
        transmission: ``expected`` scores the success probability, ``sampled`` draws whether the payload is in time.
        device: the kind of device that the cameras have, one of ``DEVICE_MODELS``. The profile's device
            times, which are those of the reference machine, are multiplied by its factor.
        device_time_scale: further factor on the device times; 0 ignores them.
        edge_time_scale: factor on the profile's edge times; 0 ignores them.
        episode_slots: length of an episode [slots], or a range (low, high) from which it is drawn, both included.
    """

    users: int = 6
    bandwidth_mhz: float = 30.0
    power_mw: float = 150.0
    min_bandwidth_mhz: float | None = None
    min_power_mw: float | None = None
    noise_dbm_per_hz: float = -174.0
    noise_figure_db: float = 0.0
    deadline_ms: tuple[float, float] = (50.0, 100.0)
    size_mbit: tuple[float, float] = (10.0, 20.0)
    propagation: Propagation = "fixed"
    gain_scale: float = 1e-3
    carrier_ghz: float = 3.5
    cell_radius_m: float = 150.0
    base_station_height_m: float = 10.0
    user_height_m: float = 1.5
    shadowing_walk_db: float = 0.0
    shadowing_correlation: float = 0.9
    fading: Fading = "half-normal"
    success_model: SuccessModel = "exact"
    traffic: Traffic = "poisson"
    arrivals_per_slot: float = 0.8
    profile: str = "published-eta"
    content_split: ContentSplit = "all"
    accuracy: AccuracyMode = "mean"
    transmission: TransmissionMode = "expected"
    device: DeviceName = "server"
    device_time_scale: float = 1.0
    edge_time_scale: float = 1.0
    episode_slots: int | tuple[int, int] = 50

    def __post_init__(self) -> None:
        for name, bounds in _RANGES.items():
            self._set(name, real_number(name, getattr(self, name), *bounds, ScenarioError))
        for name in ("min_bandwidth_mhz", "min_power_mw"):
            if getattr(self, name) is not None:
                self._set(name, real_number(name, getattr(self, name), *_MINIMUM, ScenarioError))
        for name, bounds in _RANGES_OF_PAIRS.items():
            self._set(name, _pair(name, getattr(self, name), real_number, bounds))
        self._set("users", whole_number("users", self.users, 1, MAX_USERS, ScenarioError))
        self._set("episode_slots", self._whole_slots())
        profile: Any = self.profile
        if not isinstance(profile, str | os.PathLike):
            raise ScenarioError(f"profile must be a name or a path, got {shown(profile)}")
        self._set("profile", os.fspath(profile))
        for name, choices in _CHOICES.items():
            value, allowed = getattr(self, name), get_args(choices)
            if not isinstance(value, str) or value not in allowed:
                raise ScenarioError(f"{name} must be one of {', '.join(allowed)}, got {shown(value)}")
        self._check_feasible()

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    def _whole_slots(self) -> int | tuple[int, int]:
        given: Any = self.episode_slots
        if isinstance(given, numbers.Integral):
            return whole_number("episode_slots", given, 1, MAX_SLOTS, ScenarioError)
        return _pair("episode_slots", given, whole_number, (1, MAX_SLOTS))

    def _check_feasible(self) -> None:
        for name, minimum, budget in (
            ("bandwidth_mhz", self.min_bandwidth, self.bandwidth),
            ("power_mw", self.min_power, self.power),
        ):
            # The tolerance allows for rounding: 6 x 5 MHz = 30 MHz must pass after conversion to Hz.
            if minimum * self.users > budget * (1 + 1e-12):
                raise ScenarioError(
                    f"infeasible: min_{name} x users = {getattr(self, f'min_{name}')} x {self.users} exceeds "
                    f"{name} = {getattr(self, name)}; lower min_{name} or users, or leave it None"
                )

    @property
    def bandwidth(self) -> float:
        """B_max [Hz]."""
        return self.bandwidth_mhz * 1e6

    @property
    def power(self) -> float:
        """P_max [W]."""
        return self.power_mw * 1e-3

    @property
    def latest(self) -> float:
        """The longest deadline [s]."""
        return self.deadline_ms[1] * 1e-3

    @property
    def min_bandwidth(self) -> float:
        """B_min [Hz]."""
        if self.min_bandwidth_mhz is None:
            return min(PAPER_MIN_BANDWIDTH_MHZ * 1e6, self.bandwidth / (2 * self.users))
        return self.min_bandwidth_mhz * 1e6

    @property
    def min_power(self) -> float:
        """P_min [W]."""
        if self.min_power_mw is None:
            return min(PAPER_MIN_POWER_MW * 1e-3, self.power / (2 * self.users))
        return self.min_power_mw * 1e-3

    @property
    def noise_density(self) -> float:
        """N0 including the noise figure [W/Hz]."""
        return float(10 ** ((self.noise_dbm_per_hz + self.noise_figure_db - 30) / 10))

    @property
    def slots(self) -> tuple[int, int]:
        """Shortest and longest episode [slots]."""
        if isinstance(self.episode_slots, int):
            return self.episode_slots, self.episode_slots
        return self.episode_slots

    @classmethod
    def from_preset(cls, preset: str, **overrides: Any) -> ScenarioConfig:
        """The named preset with some fields replaced.

        Raises:
            UnknownNameError: no such preset.
            UnknownSettingError: no such field.
            ScenarioError: the resulting settings are invalid.
        """
        if not isinstance(preset, str) or preset not in PRESETS:
            raise unknown_name("preset", preset, PRESETS)
        known = {field.name for field in dataclasses.fields(cls)}
        for name in overrides:
            if name not in known:
                raise UnknownSettingError(str(unknown_name("scenario setting", name, known)))
        return cls(**{**PRESETS[preset], **overrides})


def _pair(name: str, value: Any, number: Callable[..., Any], bounds: tuple[float, float]) -> tuple[Any, Any]:
    """``value`` as a pair low <= high of numbers within ``bounds``, both checked by ``number``."""
    try:
        if isinstance(value, str | bytes | dict):
            raise TypeError
        low, high = value
    except (TypeError, ValueError):
        raise ScenarioError(f"{name} must be a pair (low, high), got {shown(value)}") from None
    low, high = (number(name, end, *bounds, ScenarioError) for end in (low, high))
    if low > high:
        raise ScenarioError(f"{name} must satisfy low <= high, got {(low, high)!r}")
    return low, high
