"""The action space: a documented, invertible map between ``Box(-1, 1, (U, A + 2))`` and `Allocation`.

Coordinates of a user's row, for A operating-point axes:

- ``0 .. A-1``: the operating point; [-1, 1] is cut into as many equal cells as the axis has points;
- ``A``: bandwidth, ``A + 1``: power. Every active user gets the minimum; a softmax over the active users of
  ``SHARE_LOGIT_RANGE`` times the coordinate splits the rest. Budgets are therefore always spent in full, which loses
  nothing, because success probability increases in bandwidth and in power.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium.spaces import Space
from numpy.typing import NDArray

from edgevision.arrays import Array, BoolArray, FloatArray, IntArray, bounded, library, sum_of_users
from edgevision.envs.allocation import Allocation
from edgevision.envs.problem import SlotProblem
from edgevision.errors import InvalidActionError, shown

#: An action can give one user up to exp(2 x 4) times (35 dB) the divisible budget of another.
SHARE_LOGIT_RANGE = 4.0


def check_action(action: object, space: Space[Any]) -> NDArray[Any]:
    """The action as an array, if it is valid.

    Raises:
        InvalidActionError: wrong shape, not a number, not finite, or outside [-1, 1].
    """
    try:
        given = np.asarray(action)
    except (TypeError, ValueError):
        given = np.array(None)
    if given.dtype.kind not in "biuf" or np.ma.is_masked(action):
        raise InvalidActionError(f"action must be an array of numbers, got {type(action).__name__}")
    if given.shape != space.shape:
        raise InvalidActionError(f"action must have shape {space.shape}, got {given.shape}")
    if given.dtype.kind == "b":
        given = given.astype(np.float64)
    if given.size and not (given.min() >= -1.0 and given.max() <= 1.0):  # also true for NaN
        raise InvalidActionError(_out_of_range(given))
    return given


def _out_of_range(values: NDArray[Any]) -> str:
    """What is wrong with an action that is not within [-1, 1]."""
    for wrong, what in ((~np.isfinite(values), "holds NaN or infinity"), (abs(values) > 1.0, "must lie in [-1, 1]")):
        if wrong.any():
            index = tuple(np.argwhere(wrong)[0].tolist())
            got = "" if what.startswith("holds") else f", got {values[index]:.6g}"
            return f"action {what}{got} at {index}" + ("; clip it first" if got else "")
    raise AssertionError("the action is valid")


def check_choice(action: object, numbers: IntArray) -> IntArray:
    """The action as whole numbers from 0, if each is below that of ``numbers``, which has the same shape.

    Raises:
        InvalidActionError: wrong shape, no whole numbers, or out of range.
    """
    try:
        given = np.asarray(action)
    except (TypeError, ValueError):
        given = np.array(None)
    if given.dtype.kind not in "biu":
        raise InvalidActionError(f"action must be an array of whole numbers, got {shown(action)}")
    if given.shape != numbers.shape:
        raise InvalidActionError(f"action must have shape {numbers.shape}, got {given.shape}")
    wrong = (given < 0) | (given >= numbers)
    if wrong.any():
        index = tuple(np.argwhere(wrong)[0].tolist())
        raise InvalidActionError(f"action must lie in 0..{numbers[index] - 1} at {index}, got {given[index]}")
    return given.astype(np.int64)


def decode(action: Array, problem: SlotProblem) -> Allocation:
    """Convert actions (N, U, A + 2) to an allocation; arrays may be of any library."""
    xp, axes = library(action), len(problem.grid)
    point = xp.where(problem.active, _operating_point(action, problem.grid), 0.0)
    return Allocation(
        operating_point=xp.astype(point, xp.int64),
        bandwidth=_split(action[..., axes], problem, problem.bandwidth_budget, problem.min_bandwidth),
        power=_split(action[..., axes + 1], problem, problem.power_budget, problem.min_power),
    )


def _operating_point(action: Array, grid: tuple[int, ...]) -> Array:
    """The operating point that the first coordinates of actions (.., A + 2) choose, (..) float64."""
    xp, point = library(action), 0.0
    for axis, size in enumerate(grid):
        # In float64 also if the action is not, so that it names the same point in every library.
        cell = xp.floor((xp.astype(action[..., axis], xp.float64) + 1.0) * (0.5 * size))
        point = point * size + bounded(cell, 0.0, size - 1.0)
    return point


def choices(grid: tuple[int, ...]) -> tuple[int, ...]:
    """Values of each coordinate for discrete learners: all operating points, with equal shares."""
    return (*grid, 1, 1)


def encode(allocation: Allocation, problem: SlotProblem) -> FloatArray:
    """Convert an allocation to an action (N, U, A + 2); the inverse of `decode`.

    Exact for every allocation that spends its budgets with shares within ``SHARE_LOGIT_RANGE``; others become the
    nearest shares that an action can express. Inactive users get zeros.
    """
    cells = np.stack(np.unravel_index(allocation.operating_point, problem.grid), axis=-1)
    point = (2.0 * cells + 1.0) / np.array(problem.grid) - 1.0
    shares = np.stack(
        [
            _logits(allocation.bandwidth, problem.active, problem.min_bandwidth),
            _logits(allocation.power, problem.active, problem.min_power),
        ],
        axis=-1,
    )
    return np.where(problem.active[..., None], np.concatenate([point, shares], axis=-1), 0.0)


def _split(logit: Array, problem: SlotProblem, budget: Array, least: Array) -> Array:
    """Minimum for every active user plus a softmax share of the rest, (N, U)."""
    xp, active, count = library(logit), problem.active, problem.count
    weight = xp.where(active, xp.exp(SHARE_LOGIT_RANGE * logit), 0.0)
    rest = budget - least * count
    total = xp.where(count > 0, sum_of_users(weight), 1.0)
    return xp.where(active, least[:, None] + weight * (rest / total)[:, None], 0.0)


def _logits(amount: FloatArray, active: BoolArray, least: FloatArray) -> FloatArray:
    """The inverse of `_split`, (N, U); the softmax's free constant is set so that logits are centred around 0."""
    rest = np.where(active, np.maximum(amount - least[:, None], 0.0), 0.0)
    largest = rest.max(axis=1, keepdims=True)
    divisible = largest > 0
    relative = np.maximum(rest / np.where(divisible, largest, 1.0), np.exp(-2.0 * SHARE_LOGIT_RANGE))
    logit = np.where(active & divisible, np.log(relative), 0.0)
    return (logit - 0.5 * logit.min(axis=1, keepdims=True)) / SHARE_LOGIT_RANGE
