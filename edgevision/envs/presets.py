"""`PRESETS`: named scenarios, as settings of `ScenarioConfig` that differ from its defaults."""

from __future__ import annotations

from typing import Any

#: Settings by preset name; used by ``ScenarioConfig.from_preset`` and the keyword ``preset=`` of the environments.
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
