"""`run_benchmark`: scores a policy on the tasks of a suite, in parts that are stored as they finish."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from edgevision.envs import Policy
from edgevision.errors import BenchmarkError, EdgeVisionError
from edgevision.experiments.benchmark.policy_bundle import bundle_of, training_of
from edgevision.experiments.benchmark.results import Results, TaskScore
from edgevision.experiments.benchmark.suite import Suite, Task
from edgevision.experiments.evaluation.evaluate import Evaluation, EvaluationConfig, evaluate
from edgevision.experiments.evaluation.policy_spec import PolicySpec, check, resolve
from edgevision.experiments.evaluation.summary import SummaryRow, difference, summarise
from edgevision.statistics import Interval

#: Largest difference of a number from another machine's, since processors round differently.
TOLERANCE = 1e-4
_PRICES = "-Price"  # an id with other actions, but the rewards of the id without it


def run_benchmark(
    policy: str | Policy,
    suite: Suite,
    out: Path | None = None,
    *,
    names: Sequence[str] = (),
    episodes: int | None = None,
    processes: int = 1,
    report: Callable[[str], None] = print,
) -> Results:
    """Score a policy on each task in which it can decide.

    Args:
        policy: as ``edgevision evaluate`` takes it: a name, ``MODULE:CLASS``, or the folder of a trained policy or of
            several training seeds.
        suite: the benchmark.
        out: folder that stores finished parts, so that a run that was stopped can go on; ``None`` stores nothing.
        names: tasks or environment ids, instead of all tasks in which the policy can decide.
        episodes: a smaller number of episodes, for a rehearsal.
        processes: worker processes for policies that decide slot by slot.
        report: is told which tasks are left out, and why.

    Raises:
        BenchmarkError: the policy knows the future, or can decide in none of the tasks; or the environments are not
            those of the suite.
        EdgeVisionError: those of `edgevision.experiments.evaluation.evaluate.evaluate`.
    """
    (spec,) = resolve([policy])
    if not spec.causal:
        raise BenchmarkError(f"{spec.label} knows the future, so it is a reference and no entry")
    tasks = suite.chosen(names) if names else _fitting(spec, suite, report)
    for task in tasks:
        task.check()
    count = suite.episodes if episodes is None else episodes
    if count > suite.episodes:
        raise BenchmarkError(f"{suite.name} has {suite.episodes} episodes of each task; ask for no more")
    scores: dict[str, TaskScore] = {}
    for task in tasks:
        report(f"{task.name}: {task.env_id}, {count} episodes")
        evaluation = _evaluated(spec, task, count, out, processes)
        if count == suite.episodes:
            _check_references(task, evaluation)
        scores[task.name] = _task_score(task, evaluation)
    return Results(
        suite=suite.name,
        episodes=count,
        name=Results.tidy_name(spec.label),
        who="",
        kind=spec.kind,
        entry=_entry(spec),
        training=training_of(spec),
        tasks=scores,
        versions=dict(evaluation.versions),
        cpu=evaluation.cpu,
        command=evaluation.command,
        created=evaluation.created,
    )


def _fitting(spec: PolicySpec, suite: Suite, report: Callable[[str], None]) -> tuple[Task, ...]:
    """The tasks in which the policy can decide.

    Raises:
        BenchmarkError: there is none.
    """
    reasons = {task.name: _unfit(spec, task) for task in suite.tasks}
    fitting = tuple(task for task in suite.tasks if reasons[task.name] is None)
    if not fitting:
        name, reason = next(iter(reasons.items()))
        raise BenchmarkError(f"{spec.label} can decide in no task of {suite.name}; in {name!r}, for example: {reason}")
    for name, reason in reasons.items():
        if reason is not None:
            report(f"{name}: left out, {reason}")
    return fitting


def _unfit(spec: PolicySpec, task: Task) -> str | None:
    """Why a policy cannot decide in a task; ``None`` if it can."""
    if isinstance(spec.source, str):
        fits = spec.source in task.scenario.classical_policies()
        return None if fits else "the policy is for other environments"
    trained = {str(member.get("env_id", task.env_id)).replace(_PRICES, "") for member in training_of(spec)}
    if trained - {task.env_id}:
        return f"the policy was trained on {', '.join(sorted(trained))}"
    families = getattr(spec.build(), "families", (family := task.scenario.make(1).simulator.family,))
    if family not in families:
        return "the policy is for other environments"
    try:
        check(spec, task.scenario)
    except EdgeVisionError as error:
        return str(error)
    return None


def _evaluated(spec: PolicySpec, task: Task, episodes: int, out: Path | None, processes: int) -> Evaluation:
    """The policy, then the floor and the best classical policy, on the same episodes."""
    source = spec.label if isinstance(spec.source, str) else spec.source
    policies: list[str | Policy] = [str(source) if isinstance(source, Path) else source]
    policies += [text for text in dict.fromkeys((task.floor.text, task.best.text)) if text != source]
    config = EvaluationConfig(task.env_id, policies, episodes, settings=task.settings)
    return evaluate(config, out / task.name if out else None, processes=processes)


def _check_references(task: Task, evaluation: Evaluation) -> None:
    """Check that the floor and the best classical policy score what they did when the suite was frozen.

    Raises:
        BenchmarkError: they do not, so that rewards or policies have changed.
    """
    results = {result.spec.label: result for result in evaluation.results}
    for reference in (task.floor, task.best):
        score = float(results[reference.text].scores.mean())
        if not abs(score - reference.score) <= TOLERANCE:
            raise BenchmarkError(
                f"{task.name}: {reference.text} scores {score:.6f}, but {reference.score:.6f} when the suite was "
                "frozen; install the edgevision that the suite belongs to"
            )


def _task_score(task: Task, evaluation: Evaluation) -> TaskScore:
    results = {result.spec.label: result for result in evaluation.results}
    entry = evaluation.results[0]
    row = next(row for row in summarise(evaluation) if row.policy == entry.spec.label)
    above_floor = difference(entry, results[task.floor.text])
    width = task.bound - task.floor.score
    normalised = Interval(
        task.normalised(task.floor.score + above_floor.estimate), above_floor.low / width, above_floor.high / width
    )
    return TaskScore(
        env_id=task.env_id,
        fingerprint=task.fingerprint,
        options=row.options,
        normalised=normalised,
        minus_best=difference(entry, results[task.best.text]),
        **_shared(row),
    )


def _shared(row: SummaryRow) -> dict[str, Any]:
    names = ("score", "iqm", "in_time", "accuracy", "energy_mj", "latency_p50_ms", "latency_p99_ms")
    return {name: getattr(row, name) for name in names}


def _entry(spec: PolicySpec) -> Mapping[str, Any]:
    """Where the policy is, as `Results` says it."""
    if isinstance(spec.source, Path):
        return {"files": {name: digest for name, (_, digest) in bundle_of(spec).items()}, "folder": str(spec.source)}
    return {"policy": spec.label} if isinstance(spec.source, str) and spec.storable else {}
