"""The observation: a pure function of `SlotProblem`, scaled to about [-1, 1].

``users`` holds one row per user (zeros where inactive), ``cell`` what all users share, ``active`` who has a request.
Features assume equal shares of the resources, so that they mean the same at any budget and number of users.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from edgevision.arrays import FloatArray, IntArray
from edgevision.envs.problem import SlotProblem

#: Features are clipped here; ordinary values stay within about [-1, 1].
FEATURE_LIMIT = 4.0
#: Number of operating points whose load is observed; see `anchor_points`.
ANCHORS = 4

USER_FEATURES = (
    "signal-to-noise ratio with the whole budget [50 dB], minus 1",
    "log10 of the raw size over an equal share's capacity within the deadline",
    "log10 of the deadline over 100 ms",
    *(
        f"log10 of the load at anchor {i}: payload over an equal share's capacity in the time left"
        for i in range(ANCHORS)
    ),
)
CELL_FEATURES = (
    "share of users that are active",
    "log10 of the bandwidth budget [MHz]",
    "log10 of the power budget [100 mW]",
    "share of the bandwidth budget that the minimum of all users takes",
    "share of the power budget that the minimum of all users takes",
)


@functools.cache
def anchor_points(grid: tuple[int, ...]) -> IntArray:
    """The operating points whose load is observed, (ANCHORS,).

    On a ladder they are evenly spaced from least to most compressed. On a grid they are the corners of the first two
    axes, in row-major order, at the middle of the other axes. For frames x pixels x mode these are all frames or one
    frame, with all or the fewest pixels, entropy-coded; loads in between follow nearly as a product.
    """
    if len(grid) == 1:
        return np.linspace(0, grid[0] - 1, ANCHORS).round().astype(np.int64)
    corners = np.meshgrid((0, grid[0] - 1), (0, grid[1] - 1), indexing="ij")
    middle = [np.full(ANCHORS, size // 2) for size in grid[2:]]
    return np.asarray(np.ravel_multi_index([*(corner.ravel() for corner in corners), *middle], grid))


def observe(problem: SlotProblem) -> dict[str, NDArray[np.generic]]:
    """Observe N slots: ``users`` (N, U, F) and ``cell`` (N, G) float32, ``active`` (N, U) float32."""
    count = problem.active.sum(axis=1)
    bandwidth = (problem.bandwidth_budget / np.maximum(count, 1))[:, None]
    density = (problem.power_budget / (problem.bandwidth_budget * problem.noise_density))[:, None]
    snr = problem.gain_scale * density
    capacity = np.maximum(bandwidth * np.log2(1.0 + snr), 1e-30)  # [bit/s]; the worst channels would give 0
    anchors = anchor_points(problem.grid)
    airtime = problem.deadline[..., None] - problem.compute_time[..., anchors]
    payload = problem.raw_size[..., None] * problem.size_fraction_columns(anchors)
    # Nothing to send is no load, unless computing alone misses the deadline.
    payload = np.where((payload == 0) & (airtime < 0), np.inf, payload)
    airtime = np.maximum(airtime, 1e-9)
    # Filled in place as float32, because observing takes a large part of a step.
    users = np.empty((*problem.active.shape, len(USER_FEATURES) + problem.features.shape[2]), np.float32)
    users[..., 0] = _log10(snr) / 5.0 - 1.0
    users[..., 1] = _log10(problem.raw_size / (capacity * problem.deadline))
    users[..., 2] = _log10(problem.deadline * 10.0)
    users[..., 3 : 3 + ANCHORS] = _log10(payload / (capacity[..., None] * airtime))
    users[..., 3 + ANCHORS :] = problem.features
    users[~problem.active] = 0.0
    cell = np.stack(
        [
            count / problem.users,
            _log10(problem.bandwidth_budget * 1e-6),
            _log10(problem.power_budget * 10.0),
            problem.min_bandwidth * problem.users / problem.bandwidth_budget,
            problem.min_power * problem.users / problem.power_budget,
        ],
        axis=-1,
    )
    return {
        "users": np.clip(users, -FEATURE_LIMIT, FEATURE_LIMIT, out=users),
        "cell": np.clip(cell, -FEATURE_LIMIT, FEATURE_LIMIT).astype(np.float32),
        "active": problem.active.astype(np.float32),
    }


def _log10(value: FloatArray) -> FloatArray:
    """log10 of values clipped at 1e-30, so that zero gives -30 instead of -inf."""
    return np.log10(np.maximum(value, 1e-30))
