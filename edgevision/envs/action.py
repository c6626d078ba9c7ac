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

from edgevision.arrays import BoolArray, FloatArray, IntArray
from edgevision.envs.problem import Allocation, SlotProblem
from edgevision.errors import InvalidActionError, shown

#: An action can give one user up to exp(2 x 4) times (35 dB) the divisible budget of another.
SHARE_LOGIT_RANGE = 4.0


def check_action(action: object, space: Space[Any]) -> FloatArray:
    """The action as float64, if it is valid.

    Raises:
        InvalidActionError: wrong shape, not a number, not finite, or outside [-1, 1].
    """
    try:
        given = np.asarray(action)
    except (TypeError, ValueError):
        given = np.array(None)
    if given.dtype.kind not in "biuf" or np.ma.is_masked(action):
        raise InvalidActionError(f"action must be an array of numbers, got {type(action).__name__}")
    values = given.astype(np.float64)
    if values.shape != space.shape:
        raise InvalidActionError(f"action must have shape {space.shape}, got {values.shape}")
    if not np.isfinite(values).all():
        raise InvalidActionError(
            f"action holds NaN or infinity at {tuple(np.argwhere(~np.isfinite(values))[0].tolist())}"
        )
    if (np.abs(values) > 1.0).any():
        index = tuple(np.argwhere(np.abs(values) > 1.0)[0].tolist())
        raise InvalidActionError(f"action must lie in [-1, 1], got {values[index]:.6g} at {index}; clip it first")
    return values


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


def decode(action: FloatArray, problem: SlotProblem) -> Allocation:
    """Convert actions (N, U, A + 2) to an allocation."""
    axes = len(problem.grid)
    sizes = np.array(problem.grid)
    cells = np.floor((action[..., :axes] + 1.0) * 0.5 * sizes).astype(np.int64)
    cells = np.clip(cells, 0, sizes - 1)
    point = np.ravel_multi_index(tuple(np.moveaxis(cells, -1, 0)), problem.grid)
    return Allocation(
        operating_point=np.where(problem.active, point, 0),
        bandwidth=_split(action[..., axes], problem.active, problem.bandwidth_budget, problem.min_bandwidth),
        power=_split(action[..., axes + 1], problem.active, problem.power_budget, problem.min_power),
    )


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


def _split(logit: FloatArray, active: BoolArray, budget: FloatArray, least: FloatArray) -> FloatArray:
    """Minimum for every active user plus a softmax share of the rest, (N, U)."""
    weight = np.where(active, np.exp(SHARE_LOGIT_RANGE * logit), 0.0)
    rest = budget - least * active.sum(axis=1)
    total = np.where(active.any(axis=1), weight.sum(axis=1), 1.0)
    return np.where(active, least[:, None] + weight * (rest / total)[:, None], 0.0)


def _logits(amount: FloatArray, active: BoolArray, least: FloatArray) -> FloatArray:
    """The inverse of `_split`, (N, U); the softmax's free constant is set so that logits are centred around 0."""
    rest = np.where(active, np.maximum(amount - least[:, None], 0.0), 0.0)
    largest = rest.max(axis=1, keepdims=True)
    divisible = largest > 0
    relative = np.maximum(rest / np.where(divisible, largest, 1.0), np.exp(-2.0 * SHARE_LOGIT_RANGE))
    logit = np.where(active & divisible, np.log(relative), 0.0)
    return (logit - 0.5 * logit.min(axis=1, keepdims=True)) / SHARE_LOGIT_RANGE
