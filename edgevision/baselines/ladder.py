"""Operating points of a grid as a ladder, so that ``joint`` and ``upper_bound`` can solve grids. Source: ours.

A grid (frames x pixels x mode) has points that are never worth using. ``frontier`` sorts the points of every user by
the rate that they need and replaces dominated ones. This loses nothing: the success probability of a point depends on
its payload S and time left t only through the rate S / t (Co-CRRA, eq. 2). A point that needs no higher rate and is at
least as accurate is therefore at least as good at any bandwidth and power.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from edgevision.arrays import FloatArray, IntArray
from edgevision.envs.problem import SlotProblem


def required_rate(problem: SlotProblem) -> FloatArray:
    """S / t of every operating point, (N, U, K) [bit/s]; infinite if computing leaves no time."""
    payload, airtime = problem.payload, problem.airtime
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        needed = np.where(airtime > 0, payload / airtime, np.inf)
    return np.where((payload == 0) & (airtime >= 0), 0.0, needed)


def frontier(problem: SlotProblem) -> IntArray:
    """Indices of every user's points from the largest to the smallest required rate, (N, U, K).

    A point that is dominated by points of smaller rate is replaced by the most accurate of these, so that accuracy
    never rises along the ladder. K stays the same for every user.
    """
    rate = required_rate(problem)
    order = np.argsort(rate, axis=2, kind="stable")
    accuracy = np.take_along_axis(np.where(np.isinf(rate), -1.0, problem.accuracy), order, axis=2)
    best_before = np.maximum.accumulate(accuracy, axis=2)[..., :-1]
    gains = np.concatenate([np.ones_like(accuracy[..., :1], bool), accuracy[..., 1:] > best_before], axis=2)
    kept = np.maximum.accumulate(np.where(gains, np.arange(problem.points), 0), axis=2)
    return np.take_along_axis(order, kept, axis=2)[..., ::-1]


def with_points(problem: SlotProblem, points: IntArray) -> SlotProblem:
    """The problem reduced to the given operating points of each user, (N, U, L), in this order."""
    tables: dict[str, Any] = {
        name: np.take_along_axis(getattr(problem, name), points, axis=2)
        for name in ("size_fraction", "accuracy", "compute_time")
    }
    return dataclasses.replace(problem, **tables, grid=(points.shape[2],))
