"""Builders of slot problems that need no simulator: ordinary ones, and ones meant to break a solver."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgevision.envs import SlotProblem


def ordinary_problem(seed: int, slots: int = 3, users: int = 4, points: int = 20, **changes: Any) -> SlotProblem:
    """The published setting with gain scales spread over 40 dB, every user active."""
    random = np.random.default_rng(seed)
    shape = slots, users
    ratio = np.linspace(0.02, 0.98, points)
    eta = (0.6 * np.exp(-0.3 * ratio) + 0.8 * np.exp(-0.4 * ratio)) / 1.4
    arrays: dict[str, Any] = {
        "active": np.ones(shape, bool),
        "raw_size": random.uniform(1e7, 2e7, shape) * users / 6,
        "deadline": random.uniform(0.05, 0.1, shape),
        "gain_scale": 1e-3 * 10.0 ** random.uniform(-2, 2, shape),
        "size_fraction": np.broadcast_to(1 - ratio, (*shape, points)),
        "accuracy": np.broadcast_to(eta, (*shape, points)),
        "compute_time": np.zeros((*shape, points)),
        "features": np.zeros((*shape, 0)),
        "bandwidth_budget": np.full(slots, 30e6),
        "power_budget": np.full(slots, 0.15),
        "noise_density": np.full(slots, 4e-21),
        "grid": (points,),
    }
    arrays |= changes
    arrays.setdefault("min_bandwidth", arrays["bandwidth_budget"] / (2 * users))
    arrays.setdefault("min_power", arrays["power_budget"] / (2 * users))
    return SlotProblem(**arrays)


def nasty_problem(seed: int, slots: int = 4, users: int = 5, **changes: Any) -> SlotProblem:
    """Gains over twelve decades, budgets over five, idle users and slots, deadlines that have passed or cannot be met.

    The first slot has nobody active, the second one user.
    """
    random = np.random.default_rng(seed)
    shape, points = (slots, users), 6
    active = random.random(shape) < 0.7
    active[0] = False
    active[1] = np.arange(users) == random.integers(users)
    bandwidth = 30e6 * 10.0 ** random.uniform(-3, 2, slots)
    power = 0.15 * 10.0 ** random.uniform(-4, 1, slots)
    # Minima from none at all to the whole equal share.
    least = random.choice([0.0, 1e-6, 0.5, 1.0], (2, slots)) / users
    arrays: dict[str, Any] = {
        "active": active,
        "raw_size": 10.0 ** random.uniform(3, 9, shape),
        "deadline": np.where(random.random(shape) < 0.1, -0.01, random.uniform(1e-3, 0.2, shape)),
        "gain_scale": 10.0 ** random.uniform(-14, -2, shape),
        "size_fraction": np.sort(random.random((*shape, points)))[..., ::-1] * (random.random((*shape, points)) < 0.95),
        "accuracy": random.random((*shape, points)) * (random.random((*shape, points)) < 0.9),
        "compute_time": random.uniform(0, 0.02, (*shape, points)) * (random.random((*shape, 1)) < 0.3),
        "bandwidth_budget": bandwidth,
        "power_budget": power,
        "min_bandwidth": least[0] * bandwidth,
        "min_power": least[1] * power,
        "features": np.zeros((*shape, 0)),
        "fading": random.choice(["half-normal", "rayleigh"]),
        "grid": (points,),
    }
    return ordinary_problem(seed, slots, users, points, **{**arrays, **changes})
