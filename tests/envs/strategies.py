"""Hypothesis strategies and builders of slot problems."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgevision.envs import IDS, SlotProblem

#: The ids in which no decision changes a later slot; they share `ScenarioConfig`.
BANDIT_IDS = [env_id for env_id in IDS if "Dynamic" not in env_id and "Stream" not in env_id]


def random_problem(seed: int, n: int = 3, users: int = 4, grid: tuple[int, ...] = (5,), **changes: Any) -> SlotProblem:
    """A batch of ordinary problems with gains over six decades; some users are idle."""
    rng = np.random.default_rng(seed)
    points = int(np.prod(grid))
    bandwidth, power = np.full(n, 20e6), np.full(n, 0.1)
    fraction = np.broadcast_to(np.geomspace(0.9, 0.01, points), (n, users, points))
    arrays: dict[str, Any] = {
        "active": rng.random((n, users)) < 0.8,
        "raw_size": rng.uniform(5e6, 2e7, (n, users)),
        "deadline": rng.uniform(0.05, 0.1, (n, users)),
        "gain_scale": 10.0 ** rng.uniform(-12, -6, (n, users)),
        "size_fraction": fraction,
        "accuracy": np.broadcast_to(np.linspace(0.95, 0.4, points), (n, users, points)),
        "compute_time": np.broadcast_to(np.linspace(0.01, 0.001, points), (n, users, points)),
        "features": rng.normal(size=(n, users, 2)),
        "bandwidth_budget": bandwidth,
        "power_budget": power,
        "min_bandwidth": bandwidth / (2 * users),
        "min_power": power / (2 * users),
        "noise_density": np.full(n, 4e-21),
        "grid": grid,
    }
    return SlotProblem(**{**arrays, **changes})
