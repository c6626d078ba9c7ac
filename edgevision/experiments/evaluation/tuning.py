"""Tune the policies that use one fixed operating point for all users, on slots of the validation seeds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from edgevision import baselines
from edgevision.arrays import IntArray
from edgevision.envs import SlotProblem
from edgevision.errors import EvaluationError
from edgevision.experiments.evaluation.policy_spec import PolicySpec
from edgevision.experiments.evaluation.rollout import record_slots
from edgevision.experiments.evaluation.scenario import Scenario
from edgevision.protocol import SEEDS

#: Number of validation episodes whose slots are used for tuning.
TUNING_EPISODES = 40
#: A policy that decides slot by slot is slow. It is tuned on this many slots, by a search that starts from the best
#: point for equal shares and looks this many steps to each side along every axis.
SINGLE_TUNING_SLOTS = 24
SINGLE_TUNING_REACH = 3


def needs_tuning(spec: PolicySpec) -> bool:
    """Whether the policy uses one fixed operating point, and its options do not give it."""
    fixed = isinstance(spec.source, str) and isinstance(spec.build(), baselines.FixedCompression)
    return fixed and "operating_point" not in dict(spec.options)


def tuning_slots(scenario: Scenario) -> SlotProblem:
    """Slots of the validation seeds, on validation contents where the profile is measured.

    Raises:
        EvaluationError: the validation episodes have no requests.
    """
    # Never tune on contents of the test split, even if ``content_split`` is set for the evaluation.
    settings = {name: value for name, value in scenario.settings.items() if name != "content_split"}
    validation = Scenario(scenario.env_id, settings, "validation")
    slots = record_slots(validation, SEEDS["validation"][:TUNING_EPISODES])
    if not slots.slots:
        raise EvaluationError("no requests in the validation episodes to tune on; raise arrivals_per_slot")
    return slots


def tune(spec: PolicySpec, slots: SlotProblem) -> Mapping[str, Any]:
    """Choose the fixed operating point on recorded validation slots, scored by the success model of the scenario.

    Returns:
        ``operating_point``, and the number of slots that it was chosen on, in words (``tuned_on``).
    """
    point = baselines.tune_fixed_point(_maker(str(spec.source) if spec.batched else "fixed"), slots)
    if not spec.batched:
        slots = slots[np.linspace(0, slots.slots - 1, min(SINGLE_TUNING_SLOTS, slots.slots)).round().astype(int)]
        point = _climb(_maker(str(spec.source)), slots, point)
    return {"operating_point": point, "tuned_on": f"{slots.slots} validation slots"}


def checked(found: Mapping[str, Any], options: Mapping[str, Sequence[float]]) -> dict[str, Any]:
    """What was stored of tuned options and of how they were tuned (``tuned_on``).

    Args:
        found: the stored values.
        options: the values that each option can have, by its name.

    Raises:
        ValueError: it is something else.
    """
    if found.keys() != {*options, "tuned_on"} or not isinstance(found["tuned_on"], str):
        raise ValueError("other values than tuned options")
    tuned = {name: values[values.index(found[name])] for name, values in options.items()}
    return {**tuned, "tuned_on": found["tuned_on"]}


def _climb(make_policy: Callable[[int], Any], slots: SlotProblem, start: int) -> int:
    """Coordinate ascent: move to the best point along each axis in turn, until no axis improves."""
    point = start
    while True:
        before = point
        for axis in range(len(slots.grid)):
            point = _walk(make_policy, slots, point, axis)
        if point == before or len(slots.grid) == 1:
            return point


def _walk(make_policy: Callable[[int], Any], slots: SlotProblem, start: int, axis: int) -> int:
    """The best point along an axis in a window that moves until its best point is inside it."""
    points = slots.grid[axis]
    # A short axis is looked at as a whole, since scores along it may dip.
    reach = points - 1 if points <= 2 * SINGLE_TUNING_REACH + 1 else SINGLE_TUNING_REACH
    steps = max(1, points // 20) * np.arange(-reach, reach + 1)
    while True:
        window = _along(start, axis, steps, slots.grid)
        best = baselines.tune_fixed_point(make_policy, slots, window.tolist())
        if best == start or window[0] < best < window[-1]:
            return best
        start = best


def _along(point: int, axis: int, steps: IntArray, grid: Sequence[int]) -> IntArray:
    """The points at these steps from ``point`` along an axis, clipped to the grid, without repetition."""
    cells = np.tile(np.unravel_index(point, grid), (len(steps), 1))
    cells[:, axis] = np.clip(cells[:, axis] + steps, 0, grid[axis] - 1)
    return np.unique(np.ravel_multi_index(tuple(cells.T), tuple(grid)))


def _maker(name: str) -> Callable[[int], Any]:
    return lambda point: baselines.make(name, operating_point=point)
