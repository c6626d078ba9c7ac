"""`freeze`: measures what a suite holds besides its choice of tasks: fingerprints, floors, best policies and bounds."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from edgevision import baselines
from edgevision.arrays import FloatArray
from edgevision.baselines.ladder import frontier, with_points
from edgevision.envs import Allocation, SlotProblem, equal_shares
from edgevision.envs.simulation.episode_simulator import EpisodeSimulator
from edgevision.envs.simulation.episodes import PlayedSlot, play, start
from edgevision.experiments.benchmark.suite import Reference, Suite, Task
from edgevision.experiments.evaluation.evaluate import EvaluationConfig, PolicyResult, evaluate


def freeze(suite: Suite, out: Path | None = None) -> Suite:
    """The suite with all that is measured, on the environments of this version of the package.

    Args:
        suite: the choice of tasks, floors and best policies; whatever else it holds is measured anew.
        out: folder that stores finished parts, so that a second run can go on.
    """
    return dataclasses.replace(suite, tasks=tuple(_frozen(suite, task, out) for task in suite.tasks))


def _frozen(suite: Suite, task: Task, out: Path | None) -> Task:
    references = dict.fromkeys((task.floor.policy, task.best.policy))
    config = EvaluationConfig(task.env_id, list(references), suite.episodes, settings=task.settings)
    evaluation = evaluate(config, out / task.name if out else None)
    measured = dict(zip(references, map(_reference, references, evaluation.results), strict=True))
    return dataclasses.replace(
        task,
        floor=measured[task.floor.policy],
        best=measured[task.best.policy],
        bound=float(episode_bounds(task, suite.seeds).mean()),
        fingerprint=task.measured_fingerprint(),
    )


def _reference(policy: str, result: PolicyResult) -> Reference:
    given = result.spec.label.partition(":")[2]
    asked = {option.partition("=")[0] for option in given.split(",")}
    tuned = {name: value for name, value in result.spec.options if name not in asked}
    return Reference(policy, tuned, float(result.scores.mean()))


def episode_bounds(task: Task, seeds: tuple[int, ...]) -> FloatArray:
    """Certified bounds on the score of each episode, (E,): no policy has a larger one, whatever it knows.

    Where answers are replayed, the bound knows which of them will be right, as no policy can.
    """
    simulator = task.scenario.make(len(seeds)).simulator
    if simulator.family != "bandit":
        start(simulator, seeds)
        return baselines.episode_bound(simulator).score
    total, slots = np.zeros((2, len(seeds)))
    for slot in play(simulator, lambda problem, _: _anything(problem), seeds):
        bound = baselines.upper_bound(_with_answers(slot, simulator)).value
        total += np.where(slot.running, bound, 0.0)
        slots += slot.running
    return np.asarray(total / slots)


def _anything(problem: SlotProblem) -> Allocation:
    return Allocation(np.zeros(problem.active.shape, np.int64), *equal_shares(problem))


def _with_answers(slot: PlayedSlot, simulator: EpisodeSimulator) -> SlotProblem:
    """The problem of a slot with recorded answers in place of mean accuracies; a point that nobody needs is dropped."""
    problem, correct = slot.problem, simulator.profile.correct
    if simulator.config.accuracy == "replay" and correct is not None:
        problem = dataclasses.replace(problem, accuracy=correct[slot.content].astype(np.float64))
    return with_points(problem, frontier(problem))
