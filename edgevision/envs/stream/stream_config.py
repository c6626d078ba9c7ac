"""`StreamConfig`: every setting of ``EdgeVision/Stream-v0``, frozen and validated.

Each field is a `gymnasium.make` keyword and has a unit that is easy to type in its name. Properties convert to SI.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from edgevision.checks import real_number, whole_number
from edgevision.envs.computing.device_models import DeviceName
from edgevision.envs.settings import COMMON_RANGES, MAX_SLOTS, MAX_USERS, ContentSplit, SlottedSettings
from edgevision.errors import ScenarioError, shown

Traffic = Literal["convoys", "independent"]

#: Settings by preset name that differ from the defaults.
STREAM_PRESETS: dict[str, dict[str, Any]] = {
    # Convoys pass twelve cameras; three tones of NB-IoT carry about one good frame per slot.
    "street": {},
    # Two thirds of the band, weaker signs of change, and shorter, faster convoys.
    "street-hard": {
        "bandwidth_mhz": 0.03,
        "score_mean": 0.8,
        "score_spread": 0.0,
        "noise_spread": 0.0,
        "pace_slots": (2.0, 5.0),
        "passage_slots": (2, 4.0),
    },
    # Batteries that last for a few frames: when to send is then a question of the whole episode.
    "street-battery": {"battery_frames": (3, 12)},
    # A control: events at one camera say nothing about another, and the filter of a camera alone knows all rates.
    "independent": {"traffic": "independent", "score_spread": 0.0, "noise_spread": 0.0},
}

#: Ranges, both ends included: wide, but narrow enough that nothing overflows.
_RANGES = {
    **COMMON_RANGES,
    "slot_ms": (1e-3, 1e6),
    "spacing_m": (0.0, 1e4),
    "setback_m": (10.0, 1e5),
    "shadowing_db": (0.0, 40.0),
    "shadowing_correlation": (0.0, 1.0),
    "changes_per_slot": (0.0, 1.0),
    "convoys_per_slot": (0.0, 1.0),
    "calm_traffic": (0.0, 1.0),
    "pace_spread": (0.0, 1.0),
    "seen": (0.0, 1.0),
    "score_mean": (0.0, 100.0),
    "score_spread": (0.0, 3.0),
    "noise_spread": (0.0, 3.0),
    "alike": (0.0, 1.0),
    "event_weight": (1.0, 1e6),
}
_CHOICES = {"traffic": Traffic, "content_split": ContentSplit, "device": DeviceName}
_MOST_SLOTS = 1000.0


@dataclass(frozen=True)
class StreamConfig(SlottedSettings):
    """The settings of one environment.

    Attributes:
        users: number of cameras U.
        slot_ms: length of a slot; a frame that is sent must be answered within it [ms].
        bandwidth_mhz: uplink bandwidth shared by all cameras [MHz].
        power_mw: largest transmit power of each camera [mW].
        noise_dbm_per_hz: thermal noise density [dBm/Hz].
        noise_figure_db: receiver noise figure added to it [dB].
        carrier_ghz: carrier frequency [GHz].
        spacing_m: distance between two neighbouring cameras [m].
        setback_m: distance of the base station from the street [m]; its place along the street is drawn uniformly.
        base_station_height_m: antenna height of the base station [m].
        user_height_m: antenna height of the cameras [m].
        shadowing_db: standard deviation of the shadowing [dB].
        shadowing_correlation: correlation of the shadowing between one slot and the next.
        traffic: ``convoys`` pass from camera to camera; with ``independent`` each camera has events of its own, at the
            same mean rate and of the same length.
        changes_per_slot: probability that the scene of a camera changes by itself.
        convoys_per_slot: probability that a convoy enters the street, per slot and direction, while traffic is busy.
        calm_traffic: factor on it while traffic is calm.
        mean_stay_slots: mean number of slots for which traffic stays calm, and busy.
        pace_slots: range from which the pace of each convoy is drawn uniformly [slots from one camera to the next].
        pace_spread: standard deviation of the logarithm of the time between two cameras, around that of the pace.
        passage_slots: how long an event is in view: at least, and what a geometric variable adds on average [slots].
        seen: probability that a convoy is seen by a camera that it passes.
        score_mean: mean change score of a scene that is not that of the last frame that was delivered [mean noise
            level].
        score_spread: standard deviation of the logarithm of that score among scenes.
        noise_spread: standard deviation of the logarithm of the noise level among cameras.
        alike: correlation of the difficulty of two scenes of one camera.
        event_weight: weight of slots in which an event is in view; others have weight 1.
        battery_frames: range from which the number of frames is drawn, log-uniform, that the battery of each camera
            lasts for; a frame costs the same whatever its power, as waking and encoding do. By default no battery runs
            empty.
        profile: name of a shipped profile with one axis and recorded answers, or path of a profile file.
        levels: operating points of the profile that can be chosen, ascending.
        content_split: split of the profile from which contents are drawn.
        device: the kind of device that the cameras have, one of ``DEVICE_MODELS``; its factor multiplies the
            profile's device times.
        device_time_scale: further factor on the device times.
        edge_time_scale: factor on the profile's edge times.
        episode_slots: length of an episode [slots].
    """

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = STREAM_PRESETS
    ranges: ClassVar[Mapping[str, tuple[float, float]]] = _RANGES
    choices: ClassVar[Mapping[str, Any]] = _CHOICES

    users: int = 12
    slot_ms: float = 500.0
    bandwidth_mhz: float = 0.045
    power_mw: float = 10.0
    noise_dbm_per_hz: float = -174.0
    noise_figure_db: float = 5.0
    carrier_ghz: float = 3.5
    spacing_m: float = 20.0
    setback_m: float = 150.0
    base_station_height_m: float = 10.0
    user_height_m: float = 1.5
    shadowing_db: float = 4.0
    shadowing_correlation: float = 0.95
    traffic: Traffic = "convoys"
    changes_per_slot: float = 0.01
    convoys_per_slot: float = 0.03
    calm_traffic: float = 0.125
    mean_stay_slots: tuple[float, float] = (40.0, 20.0)
    pace_slots: tuple[float, float] = (2.0, 6.0)
    pace_spread: float = 0.05
    passage_slots: tuple[int, float] = (1, 5.0)
    seen: float = 0.95
    score_mean: float = 1.0
    score_spread: float = 0.5
    noise_spread: float = 0.4
    alike: float = 0.5
    event_weight: float = 10.0
    battery_frames: tuple[int, int] = (MAX_SLOTS, MAX_SLOTS)
    profile: str = "image-lite0-spat-imco"
    levels: tuple[int, ...] = (1, 4, 6, 9, 12, 15)
    content_split: ContentSplit = "all"
    device: DeviceName = "server"
    device_time_scale: float = 1.0
    edge_time_scale: float = 1.0
    episode_slots: int = 150

    def __post_init__(self) -> None:
        self._check_shared()
        for name, most in (("users", MAX_USERS), ("episode_slots", MAX_SLOTS)):
            self._set(name, whole_number(name, getattr(self, name), 1, most, ScenarioError))
        self._check_pair("mean_stay_slots", real_number, (1.0, 1e9), ordered=False)
        self._check_pair("pace_slots", real_number, (0.0, _MOST_SLOTS))
        self._check_pair("battery_frames", whole_number, (1, MAX_SLOTS))
        least, more = self._numbers("passage_slots", 2)
        least = whole_number("passage_slots[0]", least, 1, int(_MOST_SLOTS), ScenarioError)
        more = real_number("passage_slots[1]", more, 0.0, _MOST_SLOTS, ScenarioError)
        if 0.0 < more < 1.0:
            raise ScenarioError(f"passage_slots[1] must be 0 or at least 1, got {more:g}")
        self._set("passage_slots", (least, more))
        levels = tuple(whole_number("levels", level, 0, 10_000, ScenarioError) for level in self._numbers("levels"))
        if not levels or list(levels) != sorted(set(levels)):
            raise ScenarioError(f"levels must be ascending whole numbers, got {shown(self.levels)}")
        self._set("levels", levels)

    def _numbers(self, name: str, count: int | None = None) -> tuple[Any, ...]:
        """The values of a field that holds several numbers; a single number stands for one of them."""
        value: Any = getattr(self, name)
        if count is None and isinstance(value, int):
            return (value,)
        try:
            if isinstance(value, str | bytes | dict):
                raise TypeError
            found = tuple(value)
        except TypeError:
            found = ()
        if not found or len(found) != (count or len(found)):
            wanted = "a pair of numbers" if count == 2 else "a list of numbers"
            raise ScenarioError(f"{name} must be {wanted}, got {shown(value)}")
        return found

    @property
    def accuracy(self) -> str:
        """How answers are scored; always the recorded ones."""
        return "replay"

    @property
    def passages_per_slot(self) -> float:
        """Mean number of events that come into view of a camera in a slot."""
        entering = self.convoys_per_slot * (self.busy_share + (1.0 - self.busy_share) * self.calm_traffic)
        return 2.0 * entering * self.seen

    @property
    def event_share(self) -> float:
        """Mean share of slots in which an event is in view; several may overlap."""
        return -math.expm1(-self.passages_per_slot * sum(self.passage_slots))

    @property
    def event_start(self) -> float:
        """Probability that an event comes into view in a slot."""
        return min(self.passages_per_slot, 1.0)

    @property
    def event_end(self) -> float:
        """Probability that the view of an event ends in a slot, so that ``event_share`` is stationary."""
        share = self.event_share
        return min(self.event_start * (1.0 - share) / share, 1.0) if share > 0 else 1.0

    @property
    def mean_weight(self) -> float:
        """Mean weight of a slot."""
        return 1.0 + (self.event_weight - 1.0) * self.event_share
