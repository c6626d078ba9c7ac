"""Made-up video profiles with known answers, for tests."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np

from edgevision.profiles import OperatingPointProfile, save_profile
from edgevision.profiles.video_grid import AXES, FRAMES, GRID, PIXELS

CLIPS = 60
GROUPS = 12
RAW = 16 * 3 * 112 * 112.0
#: How many clips each method recognises less than STAE, where pixels are dropped.
LOST = {"stae": 0, "fa-sa": 3, "deepisc": 9}

_KEPT = np.array(FRAMES)[:, None] / FRAMES[0] * np.array(PIXELS)
_ALL_CELLS = np.zeros_like(_KEPT)


def recognised(method: str) -> np.ndarray:
    """How many clips are recognised per cell, (5, 7): fewer with fewer frames, and with fewer pixels."""
    frames, pixels = np.arange(5)[:, None], np.arange(7)[None, :]
    return 54 - 3 * frames - pixels - LOST[method] * (pixels > 0)


def fake_profile(name: str, method: str, **changes: Any) -> OperatingPointProfile:
    """Clip j is recognised in a cell if j is among the easiest; sizes and times are the same for every clip."""
    values, mask, header = RAW * _KEPT, RAW * _KEPT / 24, _ALL_CELLS + 20
    sizes = {"header": header, "mask": mask / 2, "values": values / 2}
    size = np.stack([header + mask + values, header + (mask + values) / 2, _ALL_CELLS], axis=-1).ravel()
    times = {"t_fa": 1, "t_sa": 2, "t_ee": 3, "t_ed": 4, "t_fr": 5, "t_deepisc": 6, "t_vit": 7, "t_local": 80}
    if method == "deepisc":
        del times["t_fr"]
    else:
        del times["t_deepisc"]
    hard = (np.arange(CLIPS) * 7 % CLIPS)[:, None, None]
    correct = np.repeat(hard[..., None] < recognised(method)[None, ..., None], GRID[2], axis=3)
    device = np.stack([_ALL_CELLS + 3e-3, _ALL_CELLS + 6e-3, _ALL_CELLS + 80e-3], axis=-1).ravel()
    edge = np.stack([_ALL_CELLS + 12e-3, _ALL_CELLS + 16e-3, _ALL_CELLS], axis=-1).ravel()
    profile = OperatingPointProfile(
        name=name,
        size=np.tile(size, (CLIPS, 1)),
        raw_size=np.full(CLIPS, RAW),
        accuracy=correct.mean(axis=0).ravel(),
        parameter=np.repeat(_KEPT.ravel(), GRID[2]),
        device_time=device,
        edge_time=edge,
        correct=correct.reshape(CLIPS, -1),
        features=np.zeros((CLIPS, 0)),
        split=(np.arange(CLIPS) % 3).astype(np.int8),
        content_ids=tuple(f"made-up-clip-{j}" for j in range(CLIPS)),
        grid=GRID,
        axis_names=AXES,
        metadata={
            "networks": {"vit": {"name": "made up for tests", "size": 112}},
            "parts": {part: (_ALL_CELLS + milliseconds * 1e-3).tolist() for part, milliseconds in times.items()},
            "mean_bytes": {part: table.tolist() for part, table in sizes.items()},
            "entropy_bits_per_value": (_ALL_CELLS + 4.0).tolist(),
            "uniform_accuracy": 0.65,
            "folds": GROUPS,
            "groups": (np.arange(CLIPS) % GROUPS).tolist(),
        },
    )
    return dataclasses.replace(profile, **changes)


def save_fakes(folder: Path, *names: str) -> None:
    """Save fakes under the names of measured profiles, such as ``ut-stae``."""
    for name in names:
        save_profile(fake_profile(f"video-{name}", name.partition("-")[2]), folder)
