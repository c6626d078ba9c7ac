"""The policies of a comparison: what they are called, what kind they are, how to build and tune them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from edgevision import agents, baselines
from edgevision.envs import Policy, SlotProblem
from edgevision.envs.problem import IntArray
from edgevision.errors import EvaluationError, UnknownNameError, unknown_name
from edgevision.experiments.evaluation.rollout import record_slots
from edgevision.experiments.evaluation.scenario import SEEDS, Scenario, parse_settings

Kind = Literal["learned", "solver", "rule"]

#: Validation episodes whose slots fixed compressions are tuned on.
TUNING_EPISODES = 40
#: A solver is tuned on fewer slots, and on points in steps around the best one for equal shares, axis by axis.
SOLVER_TUNING_SLOTS = 24
SOLVER_TUNING_REACH = 3

_POLICY_FILE = "policy.json"


@dataclass(frozen=True)
class Contender:
    """One policy of a comparison.

    Attributes:
        label: how it is called in tables; unique within a comparison.
        kind: ``learned`` (a trained network), ``solver`` (a convex program per slot) or ``rule`` (array operations).
        source: registry name, run folder, or the policy itself.
        options: keywords of the registry's policy.
        origin: how options were tuned, or how the agent was trained, for the record.
        members: one per training seed, where ``source`` is a folder of runs that count as one policy.
    """

    label: str
    kind: Kind
    source: str | Path | Policy
    options: tuple[tuple[str, Any], ...] = ()
    origin: tuple[tuple[str, Any], ...] = ()
    members: tuple[Contender, ...] = ()

    @property
    def storable(self) -> bool:
        """Whether its results can be found again: an object in memory says too little of itself."""
        return isinstance(self.source, str | Path)

    def build(self) -> Policy:
        """Make the policy.

        Raises:
            UnknownNameError: no such policy.
            MissingExtraError: it needs an extra that is not installed.
            EvaluationError: it has no such option.
        """
        if self.members:
            return self.members[0].build()
        if isinstance(self.source, Path):
            return agents.LearnedPolicy.load(self.source)
        if not isinstance(self.source, str):
            return self.source
        try:
            return baselines.make(self.source, **dict(self.options))
        except TypeError as error:
            raise EvaluationError(f"policy {self.label!r}: {error}") from None

    def describe(self) -> dict[str, Any]:
        """What its decisions depend on, as JSON values."""
        if isinstance(self.source, Path):
            return {"learned": (self.source / _POLICY_FILE).read_text(encoding="utf-8")}  # holds its weights' SHA-256
        return {"policy": str(self.source), "options": dict(self.options)}


def resolve(policies: Sequence[str | Policy]) -> list[Contender]:
    """Read policies as people give them.

    ``co-crra``, ``fixed:operating_point=7``, a run folder, a folder of such folders (the training seeds of one
    agent), or a policy object.

    Raises:
        EvaluationError: none, or two of the same name.
        UnknownNameError: neither a policy nor a folder.
        LearnedPolicyError: a folder without a policy that can be loaded.
        MissingExtraError: a policy needs an extra that is not installed.
    """
    if not policies:
        raise EvaluationError(f"name at least one policy (known: {', '.join(baselines.known())})")
    contenders = [_from_spec(policy) if isinstance(policy, str) else _from_object(policy) for policy in policies]
    labels = [contender.label for contender in contenders]
    # Runs of one algorithm are called the same; their folders tell them apart.
    named = [
        replace(contender, label=str(contender.source))
        if isinstance(contender.source, Path) and count > 1
        else contender
        for contender, count in zip(contenders, map(labels.count, labels), strict=True)
    ]
    for label, count in Counter(contender.label for contender in named).items():
        if count > 1:
            raise EvaluationError(f"policy {label!r} is given twice")
    return named


def _from_object(policy: Policy) -> Contender:
    return Contender(policy.name, "rule" if getattr(policy, "batched", False) else "solver", policy)


def _from_spec(spec: str) -> Contender:
    name, _, options = spec.partition(":")
    if name in baselines.known():
        chosen = parse_settings(filter(None, options.split(",")))
        if not isinstance(chosen.get("operating_point", 0), int):
            raise EvaluationError(f"policy {spec!r}: operating_point must be a whole number")
        contender = Contender(spec, "rule", name, tuple(chosen.items()))
        return contender if getattr(contender.build(), "batched", False) else replace(contender, kind="solver")
    folder = Path(spec)
    if folder.is_dir():
        return _from_folder(folder)
    if folder.parent != Path():
        raise UnknownNameError(f"no policy and no run folder at {spec!r}")
    raise unknown_name("policy", spec, baselines.known())


def _from_folder(folder: Path) -> Contender:
    """One run, or all runs that are direct sub-folders."""
    runs = [] if (folder / _POLICY_FILE).is_file() else sorted(path.parent for path in folder.glob(f"*/{_POLICY_FILE}"))
    members = tuple(Contender(run.name, "learned", run) for run in runs)
    policy = agents.LearnedPolicy.load(runs[0] if runs else folder)
    origin = {"run": str(folder), **policy.description.provenance}
    if runs:
        origin["seed"] = f"{len(runs)} runs"
    label = f"{policy.name} x{len(runs)}" if runs else policy.name
    return Contender(label, "learned", folder, origin=tuple(origin.items()), members=members)


def check(contender: Contender, scenario: Scenario) -> None:
    """Let a policy decide one slot, so that one that cannot is found before the others are evaluated.

    Raises:
        EvaluationError: an option's value makes it fail.
        LearnedPolicyError: it was trained for other operating points or features.
        AllocationError: its operating point does not exist here, or it breaks a constraint.
    """
    for member in contender.members:
        check(member, scenario)
    env = scenario.make(1)
    env.reset(seed=SEEDS["validation"][0])
    try:
        contender.build().act(env.problem).check(env.problem)
    except TypeError as error:
        if not contender.options:
            raise
        raise EvaluationError(f"policy {contender.label!r}: {error}") from None


def needs_tuning(contender: Contender) -> bool:
    """Whether it fixes one compression for everybody and nobody said which."""
    fixed = isinstance(contender.source, str) and isinstance(contender.build(), baselines.FixedCompression)
    return fixed and "operating_point" not in dict(contender.options)


def tuning_slots(scenario: Scenario) -> SlotProblem:
    """Slots of the validation seeds, on validation contents where the profile is measured.

    Raises:
        EvaluationError: no user ever has a request in them.
    """
    # Whatever contents are to be evaluated on, those of the test split are never tuned on.
    settings = {name: value for name, value in scenario.settings.items() if name != "content_split"}
    validation = Scenario(scenario.env_id, settings, "validation")
    slots = record_slots(validation, SEEDS["validation"][:TUNING_EPISODES])
    if not slots.slots:
        raise EvaluationError("no requests in the validation episodes to tune on; raise arrivals_per_slot")
    return slots


def tune(contender: Contender, slots: SlotProblem) -> Mapping[str, Any]:
    """Choose the fixed operating point on recorded validation slots, scored by the scenario's own success model.

    Returns:
        ``operating_point``, and on how many validation slots it was chosen (``tuned_on``).
    """
    point = baselines.tune_fixed_point(_maker("fixed" if contender.kind == "solver" else str(contender.source)), slots)
    if contender.kind == "solver":
        slots = slots[np.linspace(0, slots.slots - 1, min(SOLVER_TUNING_SLOTS, slots.slots)).round().astype(int)]
        point = _climb(_maker(str(contender.source)), slots, point)
    return {"operating_point": point, "tuned_on": f"{slots.slots} validation slots"}


def _climb(make_policy: Callable[[int], Any], slots: SlotProblem, start: int) -> int:
    """The best point along one axis of the operating points after the other, until none leads on."""
    point = start
    while True:
        before = point
        for axis in range(len(slots.grid)):
            point = _walk(make_policy, slots, point, axis)
        if point == before or len(slots.grid) == 1:
            return point


def _walk(make_policy: Callable[[int], Any], slots: SlotProblem, start: int, axis: int) -> int:
    """The best point of a window along an axis, moved as long as the best lies on its edge."""
    steps = max(1, slots.grid[axis] // 20) * np.arange(-SOLVER_TUNING_REACH, SOLVER_TUNING_REACH + 1)
    while True:
        window = _along(start, axis, steps, slots.grid)
        best = baselines.tune_fixed_point(make_policy, slots, window.tolist())
        if best == start or window[0] < best < window[-1]:
            return best
        start = best


def _along(point: int, axis: int, steps: IntArray, grid: Sequence[int]) -> IntArray:
    """The points that so many steps along an axis lead to, without repetition; steps end at the border."""
    cells = np.tile(np.unravel_index(point, grid), (len(steps), 1))
    cells[:, axis] = np.clip(cells[:, axis] + steps, 0, grid[axis] - 1)
    return np.unique(np.ravel_multi_index(tuple(cells.T), tuple(grid)))


def _maker(name: str) -> Callable[[int], Any]:
    return lambda point: baselines.make(name, operating_point=point)
