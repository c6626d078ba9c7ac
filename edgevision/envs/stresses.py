"""``STRESSES``: presets that each make one thing harder, by the same name on every id that has it.

``gymnasium.make("EdgeVision/Image-v0", preset="cell-edge")`` is the default of the id with the changes below, and
nothing else. A trained policy that is good at the default may fail here: the page on scenarios says how the usual
policies score.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Stress:
    """One thing that is harder than usual.

    Attributes:
        what: what is harder, in a few words.
        changes: how settings differ from the default of an id, by the name of its default preset: ``paper`` is that of
            Paper-v0, ``umi-image`` of Image-v0, ``stae-video`` of Video-v0, ``patrol`` of Dynamic-v0, and ``street`` of
            Stream-v0. An id that is left out does not have the thing.
    """

    what: str
    changes: Mapping[str, Mapping[str, Any]]


STRESSES: dict[str, Stress] = {
    "crowded": Stress(
        "three times as many cameras on the same band",
        {
            "paper": {"users": 18},
            "umi-image": {"users": 24},
            "stae-video": {"users": 18},
            "patrol": {"users": 18},
            "street": {"users": 36},
        },
    ),
    "cell-edge": Stress(
        "cameras are far from the base station",
        {
            "paper": {"gain_scale": 1e-5},
            "umi-image": {"cell_radius_m": 500.0},
            "stae-video": {"cell_radius_m": 500.0},
            "patrol": {"cell_radius_m": 800.0},
            "street": {"setback_m": 300.0},
        },
    ),
    "tight-deadlines": Stress(
        "little time is left for sending",
        {
            "paper": {"deadline_ms": (20.0, 50.0)},
            "umi-image": {"deadline_ms": (48.0, 65.0)},
            "stae-video": {"deadline_ms": (40.0, 100.0)},
            "patrol": {"deadline_slots": (1, 6)},
        },
    ),
    "bursts": Stress(
        "the requests of all cameras come at the same time",
        {
            "paper": {"arrivals_per_slot": 0.3, "burst_share": 0.5},
            "umi-image": {"arrivals_per_slot": 0.3, "burst_share": 0.5},
            "stae-video": {"arrivals_per_slot": 0.3, "burst_share": 0.5},
            "patrol": {"arrivals_per_slot": (0.02, 0.95), "mean_stay_slots": (36.0, 12.0)},
            "street": {"convoys_per_slot": 0.05, "calm_traffic": 0.0, "mean_stay_slots": (60.0, 20.0)},
        },
    ),
    "slow-device": Stress(
        "computing in the camera takes longer",
        {
            "umi-image": {"device_time_scale": 1.6},
            "stae-video": {"device_time_scale": 2.0},
            "patrol": {"device_time_scale": 15.0},
            "street": {"device_time_scale": 15.0},
        },
    ),
    "shadowing": Stress(
        "gains differ more between cameras and between slots",
        {
            "paper": {"shadowing_walk_db": 10.0},
            "umi-image": {"shadowing_walk_db": 10.0},
            "stae-video": {"shadowing_walk_db": 10.0},
            "patrol": {"shadowing_scale": 2.0},
            "street": {"shadowing_db": 10.0},
        },
    ),
    "power-caps": Stress(
        "each camera has its own power, and none can get that of another",
        {
            "paper": {"power_limit": "each"},
            "umi-image": {"power_limit": "each"},
            "stae-video": {"power_limit": "each"},
        },
    ),
    "other-content": Stress(
        "another classifier answers, or other clips are seen",
        {
            "umi-image": {"profile": "image-lite2-spat-imco"},
            "stae-video": {"profile": "video-ut-stae"},
            "patrol": {"profile": "image-lite2-spat-imco"},
            "street": {"profile": "image-lite2-spat-imco"},
        },
    ),
}
