"""`ScenarioConfig`: every setting of an environment, frozen and validated; each field is a `gymnasium.make` keyword.

Fields have units that are easy to type (MHz, mW, ms, dB), named in the field. The properties convert to SI (Hz, W, s),
which the rest of the package uses.
"""

from __future__ import annotations

import numbers
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self

import numpy as np

from edgevision.checks import real_number, whole_number
from edgevision.envs.computing.device_models import DeviceName
from edgevision.envs.randomisation import Alternative, Range, checked_mix, checked_ranges, mixture
from edgevision.envs.settings import (
    COMMON_RANGES,
    MAX_SLOTS,
    MAX_USERS,
    ContentSplit,
    ScenarioSettings,
    TransmissionMode,
)
from edgevision.errors import ScenarioError

Fading = Literal["half-normal", "rayleigh"]
SuccessModel = Literal["exact", "chernoff"]
Propagation = Literal["fixed", "umi"]
Traffic = Literal["full-buffer", "poisson"]
PowerLimit = Literal["shared", "each"]
AccuracyMode = Literal["mean", "replay", "live"]

#: Ranges, both ends included: wide, but narrow enough that no rate or probability overflows or underflows.
_RANGES = {
    **COMMON_RANGES,
    "gain_scale": (1e-30, 1e30),
    "cell_radius_m": (10.001, 1e5),
    "shadowing_walk_db": (0.0, 100.0),
    "shadowing_correlation": (0.0, 1 - 1e-9),
    "arrivals_per_slot": (1e-9, 1 - 1e-9),
    "burst_share": (0.0, 0.5),
    "burst_slots": (1.0, 1e6),
    "slot_ms": (1e-6, 1e9),
}
_RANGES_OF_PAIRS = {"deadline_ms": (1e-6, 1e9), "size_mbit": (1e-9, 1e9)}
_MINIMUM = (0.0, 1e9)
_CHOICES = {
    "propagation": Propagation,
    "fading": Fading,
    "success_model": SuccessModel,
    "traffic": Traffic,
    "power_limit": PowerLimit,
    "accuracy": AccuracyMode,
    "transmission": TransmissionMode,
    "content_split": ContentSplit,
    "device": DeviceName,
}

PAPER_MIN_BANDWIDTH_MHZ = 5.0
PAPER_MIN_POWER_MW = 10.0


#: Settings by preset name that differ from the defaults.
PRESETS: dict[str, dict[str, Any]] = {
    # Section VI-A of the Co-CRRA paper, with sizes taken as Mbit and a gain scale that reproduces the published success
    # probabilities (figures 4 and 5).
    "paper": {},
    # Section VI-A with the numbers exactly as printed (D = 10..20 MB, B_min = 5 MHz, P_min = 10 mW).
    "paper-printed": {
        "size_mbit": (80.0, 160.0),
        "min_bandwidth_mhz": 5.0,
        "min_power_mw": 10.0,
    },
    # Eight cameras in a 3GPP UMi street-canyon cell that share an LTE-M carrier and send single images.
    "umi-image": {
        "users": 8,
        "bandwidth_mhz": 1.08,
        "power_mw": 200.0,
        "noise_figure_db": 5.0,
        "propagation": "umi",
        "cell_radius_m": 250.0,
        "profile": "image-lite0-spat-imco",
        "accuracy": "replay",
    },
    # Six cameras in a 3GPP cell that send or classify clips; shadowing varies from clip to clip.
    "stae-video": {
        "users": 6,
        "bandwidth_mhz": 10.0,
        "power_mw": 200.0,
        "noise_figure_db": 5.0,
        "propagation": "umi",
        "cell_radius_m": 250.0,
        "fading": "rayleigh",
        "shadowing_walk_db": 4.0,
        # From half to twice the deadline of the STAE paper's experiments, 100 ms.
        "deadline_ms": (50.0, 200.0),
        "profile": "video-actions-stae",
        "accuracy": "replay",
        "device": "raspberry-pi-like",
        # 64 cores of a server for a request, see docs/reference-machine.md.
        "edge_time_scale": 0.25,
    },
    # Fig. 5(b) of the STAE paper with four cameras: rates of about 50 to 500 Mbit/s each, deadlines around 100 ms.
    "stae-published": {
        "users": 4,
        "bandwidth_mhz": 100.0,
        "power_mw": 200.0,
        "noise_figure_db": 5.0,
        "gain_scale": 4e-10,
        "fading": "rayleigh",
        "shadowing_walk_db": 8.0,
        "deadline_ms": (80.0, 120.0),
        "profile": "stae-hmdb51-published",
    },
}


@dataclass(frozen=True)
class ScenarioConfig(ScenarioSettings):
    """The settings of one environment.

    Attributes:
        users: number of cameras U in the cell.
        bandwidth_mhz: uplink bandwidth B_max shared by all users [MHz].
        power_mw: transmit power P_max shared by all users [mW].
        power_limit: ``shared`` lets a controller divide P_max as it likes; with ``each``, every active user sends with
            P_max / U, whatever the others do.
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
        gain_trace: path of a CSV file with recorded gains, which then take the place of propagation and shadowing; see
            `edgevision.envs.channel.gain_trace`. ``None`` for none.
        slot_ms: time from one slot to the next, at which ``gain_trace`` is read [ms]; nothing else depends on it.
        fading: distribution of the gain: ``half-normal`` (the paper's ``|N(0, delta^2)|``) or ``rayleigh``
            (exponential power gain with mean delta).
        success_model: how success probability is scored: ``exact``, or the paper's approximation 2 Q(x) ~ exp(-x^2/2)
            (``chernoff``).
        traffic: ``full-buffer`` (every user has a request in every slot) or ``poisson``.
        arrivals_per_slot: Poisson mean of new requests per user and slot; below 1, so that the pool cannot grow
            without bound.
        burst_share: share of slots in which all users have a request at once; 0 is no bursts.
        burst_slots: mean length of such a burst [slots].
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
        randomise: settings that each episode draws anew, by name with a range (low, high); the ends of a pair of
            numbers are pairs. Only settings in ``variable`` can vary.
        mix: alternatives for some settings, of which each episode draws one. ``preset`` with several names makes them.
    """

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = PRESETS
    ranges: ClassVar[Mapping[str, tuple[float, float]]] = _RANGES
    choices: ClassVar[Mapping[str, Any]] = _CHOICES
    #: Numbers that may differ from episode to episode, because no shape depends on them.
    variable: ClassVar[tuple[str, ...]] = (*(name for name in _RANGES if name != "slot_ms"), *_RANGES_OF_PAIRS)

    users: int = 6
    bandwidth_mhz: float = 30.0
    power_mw: float = 150.0
    power_limit: PowerLimit = "shared"
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
    gain_trace: str | None = None
    slot_ms: float = 100.0
    fading: Fading = "half-normal"
    success_model: SuccessModel = "exact"
    traffic: Traffic = "poisson"
    arrivals_per_slot: float = 0.8
    burst_share: float = 0.0
    burst_slots: float = 4.0
    profile: str = "published-eta"
    content_split: ContentSplit = "all"
    accuracy: AccuracyMode = "mean"
    transmission: TransmissionMode = "expected"
    device: DeviceName = "server"
    device_time_scale: float = 1.0
    edge_time_scale: float = 1.0
    episode_slots: int | tuple[int, int] = 50
    randomise: tuple[Range, ...] = ()
    mix: tuple[Alternative, ...] = ()

    def __post_init__(self) -> None:
        self._check_shared()
        for name in ("min_bandwidth_mhz", "min_power_mw"):
            if getattr(self, name) is not None:
                self._set(name, real_number(name, getattr(self, name), *_MINIMUM, ScenarioError))
        if self.gain_trace is not None:
            self._check_path("gain_trace")
        for name, bounds in _RANGES_OF_PAIRS.items():
            self._check_pair(name, real_number, bounds)
        self._set("users", whole_number("users", self.users, 1, MAX_USERS, ScenarioError))
        slots: Any = self.episode_slots
        if isinstance(slots, numbers.Integral):
            self._set("episode_slots", whole_number("episode_slots", slots, 1, MAX_SLOTS, ScenarioError))
        else:
            self._check_pair("episode_slots", whole_number, (1, MAX_SLOTS))
        self._check_feasible()
        self._set("randomise", checked_ranges(self, self.randomise))
        self._set("mix", checked_mix(self, self.mix))

    @classmethod
    def _mixed(cls, configs: Sequence[Self]) -> Self:
        return mixture(configs)

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
    def latest(self) -> float:
        """The longest deadline [s]."""
        return self.deadline_ms[1] * 1e-3

    @property
    def min_bandwidth(self) -> float:
        """B_min [Hz]."""
        if self.min_bandwidth_mhz is None:
            return _smaller(PAPER_MIN_BANDWIDTH_MHZ * 1e6, self.bandwidth / (2 * self.users))
        return self.min_bandwidth_mhz * 1e6

    @property
    def min_power(self) -> float:
        """P_min [W]."""
        if self.min_power_mw is None:
            return _smaller(PAPER_MIN_POWER_MW * 1e-3, self.power / (2 * self.users))
        return self.min_power_mw * 1e-3

    @property
    def slots(self) -> tuple[int, int]:
        """Shortest and longest episode [slots]."""
        if isinstance(self.episode_slots, int):
            return self.episode_slots, self.episode_slots
        return self.episode_slots


def _smaller(first: float, second: Any) -> Any:
    """The smaller of two numbers, a ``float``, or of a number and each entry of an array."""
    return np.minimum(first, second) if isinstance(second, np.ndarray) else min(first, second)
