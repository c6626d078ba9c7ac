"""The observation: a pure function of `SlotProblem`, scaled to about [-1, 1].

``users`` holds one row per user (zeros where inactive), ``cell`` what all users share, ``active`` who has a request.
Features assume equal shares of the resources, so that they mean the same at any budget and number of users.
"""

from __future__ import annotations

import itertools
from typing import Any

from edgevision.arrays import Array, bounded, library
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


def anchor_points(grid: tuple[int, ...]) -> list[int]:
    """The operating points whose load is observed, ANCHORS of them.

    On a ladder they are evenly spaced from least to most compressed. On a grid they are the corners of the first two
    axes, in row-major order, at the middle of the other axes. For frames x pixels x mode these are all frames or one
    frame, with all or the fewest pixels, entropy-coded; loads in between follow nearly as a product.
    """
    # In plain Python, which torch.compile takes.
    if len(grid) == 1:
        return [round(i * (grid[0] - 1) / (ANCHORS - 1)) for i in range(ANCHORS)]
    found = []
    for first, second in itertools.product((0, grid[0] - 1), (0, grid[1] - 1)):
        point = first * grid[1] + second
        for size in grid[2:]:
            point = point * size + size // 2
        found.append(point)
    return found


def observe(problem: SlotProblem) -> dict[str, Array]:
    """Observe N slots: ``users`` (N, U, F) and ``cell`` (N, G) float32, ``active`` (N, U) float32.

    Arrays may be of any library.
    """
    xp = library(problem.gain_scale)
    density = problem.power_budget / (problem.bandwidth_budget * problem.noise_density)
    snr = problem.gain_scale * density[:, None]
    # Users along the last axis but one while they are computed: short last axes are slow.
    capacity = _capacity(xp, problem, snr)
    own = xp.concat([*_link_features(xp, problem, snr, capacity), _loads(xp, problem, capacity)])
    own = bounded(own, -FEATURE_LIMIT, FEATURE_LIMIT) * xp.astype(problem.active, own.dtype)
    users = problem.known_features(own.shape[0], FEATURE_LIMIT)
    users[..., : own.shape[0]] = xp.permute_dims(own, (1, 2, 0))
    return {
        "users": users,
        "cell": _observe_cell(xp, problem),
        "active": xp.astype(problem.active, xp.float32),
    }


def _link_features(xp: Any, problem: SlotProblem, snr: Array, capacity: Array) -> list[Array]:
    """The features of a user before the loads, (1, N, U) each."""
    load = problem.raw_size / (capacity * problem.deadline)
    columns = (_log10(xp, snr) / 5.0 - 1.0, _log10(xp, load), _log10(xp, problem.deadline * 10.0))
    return [column[None] for column in columns]


def _loads(xp: Any, problem: SlotProblem, capacity: Array) -> Array:
    """log10 of the load at the anchors, (ANCHORS, N, U)."""
    anchors = anchor_points(problem.grid)
    airtime = problem.deadline - problem.columns("compute_time", anchors)
    payload = problem.raw_size * problem.columns("size_fraction", anchors)
    # Nothing to send is no load, unless computing alone misses the deadline: then any load is too much.
    return _log10(xp, (payload + 1e-30) / (capacity * bounded(airtime, 1e-60)))


def _capacity(xp: Any, problem: SlotProblem, snr: Array) -> Array:
    """What an equal share of the cell carries, (N, U) [bit/s]; not 0 where a channel is worst."""
    share = (problem.bandwidth_budget / bounded(problem.count, 1.0))[:, None]
    return bounded(share * xp.log2(1.0 + snr), 1e-30)


def _observe_cell(xp: Any, problem: SlotProblem) -> Array:
    """The observation of what all users share, (N, G) float32."""
    columns = (
        problem.count / problem.users,
        _log10(xp, problem.bandwidth_budget * 1e-6),
        _log10(xp, problem.power_budget * 10.0),
        problem.min_bandwidth * problem.users / problem.bandwidth_budget,
        problem.min_power * problem.users / problem.power_budget,
    )
    cell = xp.stack([xp.astype(column, xp.float32) for column in columns], axis=-1)
    return bounded(cell, -FEATURE_LIMIT, FEATURE_LIMIT)


def _log10(xp: Any, value: Array) -> Array:
    """log10 of values clipped at 1e-30 and 1e30, float32."""
    return xp.log10(xp.astype(bounded(value, 1e-30, 1e30), xp.float32))
