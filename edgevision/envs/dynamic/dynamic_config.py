"""`DynamicConfig`: every setting of ``EdgeVision/Dynamic-v0``, frozen and validated.

Each field is a `gymnasium.make` keyword and has a unit that is easy to type in its name. Properties convert to SI.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from edgevision.checks import real_number, whole_number
from edgevision.envs.channel.modulation import Modulation
from edgevision.envs.computing.device_models import DeviceName
from edgevision.envs.settings import (
    COMMON_RANGES,
    MAX_SLOTS,
    MAX_USERS,
    ContentSplit,
    SlottedSettings,
    TransmissionMode,
)
from edgevision.errors import ScenarioError

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
    **COMMON_RANGES,
    "slot_ms": (1e-3, 1e6),
    "cell_radius_m": (20.0, 1e5),
    "shadowing_scale": (0.0, 10.0),
    "decorrelation_m": (1e-3, 1e6),
    "encoding_mj": (0.0, 1e9),
    "csi_error_db": (0.0, 30.0),
}
_RANGES_OF_PAIRS = {
    "speed_m_per_s": (0.0, 1e3),
    "arrivals_per_slot": (0.0, 1.0),
    "battery_mj": (1e-6, 1e9),
    "harvest_mj_per_slot": (0.0, 1e9),
}
_MOST_WAITING = 1000
_CHOICES = {
    "accuracy": DynamicAccuracy,
    "transmission": TransmissionMode,
    "content_split": ContentSplit,
    "device": DeviceName,
    "modulation": Modulation,
}


@dataclass(frozen=True)
class DynamicConfig(SlottedSettings):
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
        queue_length: most requests that wait in a camera; one more drops the one with the fewest slots left.
        battery_mj: range from which the energy of each camera at the start is drawn, log-uniform [mJ]; it is also the
            most that its battery holds.
        harvest_mj_per_slot: range from which the energy is drawn uniformly that each camera gains after every slot, as
            from a solar cell [mJ].
        encoding_mj: energy that each request that is sent costs beside radiation, to read and to encode it [mJ].
        csi_delay_slots: age of the channel gains that the controller sees; those of the first slot are seen until newer
            ones are old enough [slots].
        csi_error_db: standard deviation of the error of these gains, normal in decibel and new in each slot [dB].
        modulation: ``shannon`` lets the rate rise with the signal-to-noise ratio without end, ``cqi`` in the 15 steps
            of 3GPP TS 38.214 table 5.2.2.1-3, up to 7.4063 bit/s/Hz.
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

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = DYNAMIC_PRESETS
    ranges: ClassVar[Mapping[str, tuple[float, float]]] = _RANGES
    choices: ClassVar[Mapping[str, Any]] = _CHOICES

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
    harvest_mj_per_slot: tuple[float, float] = (0.0, 0.0)
    encoding_mj: float = 0.0
    csi_delay_slots: int = 0
    csi_error_db: float = 0.0
    modulation: Modulation = "shannon"
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
        self._check_shared()
        for name, bounds in _RANGES_OF_PAIRS.items():
            self._check_pair(name, real_number, bounds)
        self._check_pair("mean_stay_slots", real_number, (1.0, 1e9), ordered=False)
        self._check_pair("deadline_slots", whole_number, (1, _MOST_WAITING))
        for name, least, most in (
            ("users", 1, MAX_USERS),
            ("queue_length", 1, _MOST_WAITING),
            ("levels", 1, 10_000),
            ("episode_slots", 1, MAX_SLOTS),
            ("csi_delay_slots", 0, MAX_SLOTS),
        ):
            self._set(name, whole_number(name, getattr(self, name), least, most, ScenarioError))
        if not self.arrival_rate > 0:
            raise ScenarioError("arrivals_per_slot must be above 0 in a calm or in a busy scene")

    @property
    def encoding_energy(self) -> float:
        """Energy that each request that is sent costs beside radiation [J]."""
        return self.encoding_mj * 1e-3

    @property
    def arrival_rate(self) -> float:
        """Mean number of new requests per camera and slot."""
        calm, busy = self.arrivals_per_slot
        return calm + (busy - calm) * self.busy_share
