"""`submit` packs an entry; `rescore` scores a stranger's entry from scratch, and refuses a claim that differs.

An entry is a folder with ``submission.json`` and, for a learned policy, its files. Everything in it may come from
somebody who is not trusted: nothing in it can run code, and nothing that it claims counts before it is scored again.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from edgevision import baselines
from edgevision.errors import BenchmarkError, EdgeVisionError, shown
from edgevision.experiments.benchmark.policy_bundle import copy_bundle, opened_bundle
from edgevision.experiments.benchmark.results import Results, TaskScore, load_results
from edgevision.experiments.benchmark.run import TOLERANCE, run_benchmark
from edgevision.experiments.benchmark.suite import Suite
from edgevision.experiments.evaluation.policy_spec import resolve
from edgevision.statistics import Interval

FILE = "submission.json"
_TIMES = ("latency_p50_ms", "latency_p99_ms")


def submit(
    results: Path, suite: Suite, out: Path, *, who: str, name: str | None = None, seconds: float | None = None
) -> Results:
    """Pack the results of a run, with the files of its policy, into the folder ``out``.

    Args:
        results: ``results.json`` of a run.
        suite: the suite that it was scored on.
        out: a new folder.
        who: who enters it, and how to reach them.
        name: name in tables; by default that of the policy.
        seconds: training time of one seed [s], where the run folder does not hold it.

    Raises:
        BenchmarkError: the results are a rehearsal or incomplete, the policy cannot be submitted or has changed, or
            ``out`` is not empty.
    """
    found = load_results(results)
    if found.suite != suite.name or found.episodes != suite.episodes:
        raise BenchmarkError(
            f"{results} holds {found.episodes} episodes of {found.suite}, an entry needs {suite.episodes} of "
            f"{suite.name}; run the benchmark without --episodes"
        )
    if not found.entry:
        raise BenchmarkError(
            f"{found.name} is code of your own, which a submission cannot hold; add it to edgevision/baselines in a "
            "pull request, and enter it by its name"
        )
    if not who.strip():
        raise BenchmarkError("say who enters the result, and how to reach them: --who 'Name <address>'")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise BenchmarkError(f"{out} is not empty; choose another folder")
    entry = {key: value for key, value in found.entry.items() if key != "folder"}
    training = tuple(_with_seconds(record, seconds) for record in found.training)
    packed = dataclasses.replace(found, name=name or found.name, who=who.strip(), entry=entry, training=training)
    packed.check()
    if "files" in entry:
        folder = str(found.entry.get("folder"))
        if not Path(folder).is_dir():  # a record names no module to import
            raise BenchmarkError(f"{folder}, whose policy was scored, is no folder; run the benchmark again")
        (spec,) = resolve([folder])
        copy_bundle(spec, entry["files"], out)
    packed.save(out / FILE)
    return packed


def _with_seconds(record: Mapping[str, Any], seconds: float | None) -> Mapping[str, Any]:
    if "seconds" in record:
        return record
    if seconds is None:
        raise BenchmarkError("say how long the training of one seed took: --seconds 3600")
    return {**record, "seconds": seconds}


def rescore(
    path: Path, suite: Suite, out: Path | None = None, *, processes: int = 1, report: Callable[[str], None] = print
) -> Results:
    """Score an entry from scratch.

    Args:
        path: ``submission.json`` of the entry.
        suite: the suite of this version of the package.
        out: folder that stores finished parts.
        processes: worker processes for policies that decide slot by slot.
        report: is told what is being scored.

    Returns:
        The record with the numbers that were measured now, decision times included.

    Raises:
        BenchmarkError: the entry is damaged, is for another suite or environment, or claims other numbers.
        EdgeVisionError: its policy cannot be loaded.
    """
    claimed = load_results(path)
    _check_suite(claimed, suite)
    if claimed.entry.keys() == {"files"}:
        with opened_bundle(path.parent, claimed.entry["files"]) as folder:
            try:
                measured = run_benchmark(
                    str(folder), suite, out, names=list(claimed.tasks), processes=processes, report=report
                )
            except EdgeVisionError as error:  # the private copy means nothing to the reader
                raise type(error)(str(error).replace(str(folder), str(path.parent))) from None
    else:
        measured = run_benchmark(
            _registered(claimed.entry), suite, out, names=list(claimed.tasks), processes=processes, report=report
        )
    _compare(claimed, measured)
    return dataclasses.replace(
        measured, name=claimed.name, who=claimed.who, training=claimed.training, entry=claimed.entry
    )


def _check_suite(claimed: Results, suite: Suite) -> None:
    if claimed.suite != suite.name:
        raise BenchmarkError(f"the entry is for the suite {shown(claimed.suite)}, this version scores {suite.name}")
    if claimed.episodes != suite.episodes:
        raise BenchmarkError(f"the entry claims {claimed.episodes} episodes, {suite.name} has {suite.episodes}")
    tasks = {task.name: task for task in suite.tasks}
    for name, score in claimed.tasks.items():
        if name not in tasks:
            raise BenchmarkError(f"the entry has a task {shown(name)}, {suite.name} has {', '.join(tasks)}")
        if (score.env_id, score.fingerprint) != (tasks[name].env_id, tasks[name].fingerprint):
            raise BenchmarkError(
                f"{name}: the entry was scored on {score.env_id} with fingerprint {score.fingerprint[:12]}, "
                f"{suite.name} has {tasks[name].env_id} with {tasks[name].fingerprint[:12]}; run it with this version "
                "of edgevision"
            )


def _registered(entry: Mapping[str, Any]) -> str:
    """The name of a policy of the package, and nothing that would import a module or read a folder."""
    text = entry.get("policy")
    if entry.keys() != {"policy"} or not isinstance(text, str) or text.partition(":")[0] not in baselines.known():
        raise BenchmarkError(
            f"entry must be the name of a policy of the package, or its files, got {shown(dict(entry))}"
        )
    return text


def _compare(claimed: Results, measured: Results) -> None:
    """Check that the claims are what was measured.

    Raises:
        BenchmarkError: they are not; the message names the largest difference.
    """
    if claimed.kind != measured.kind:
        raise BenchmarkError(f"the entry claims to be {claimed.kind}, it is {measured.kind}")
    for number, (said, found) in enumerate(zip(claimed.training, measured.training, strict=False)):
        for key, value in found.items():
            if said.get(key) != value:
                raise BenchmarkError(
                    f"training seed {number}: {key} {shown(said.get(key))} is claimed, "
                    f"its policy file says {shown(value)}"
                )
    if len(claimed.training) != len(measured.training):
        raise BenchmarkError(
            f"{len(claimed.training)} training seeds are claimed, the files hold {len(measured.training)}"
        )
    differences = [
        (distance, f"{name}: {place} {said:.6f} is claimed, {found:.6f} is measured ({said - found:+.6f})")
        for name, score in measured.tasks.items()
        for distance, place, said, found in _differences(claimed.tasks[name], score)
    ]
    wrong = [entry for entry in differences if not entry[0] <= TOLERANCE]
    if wrong:
        more = f"; {len(wrong) - 1} more numbers differ" if len(wrong) > 1 else ""
        raise BenchmarkError(f"refused: {max(wrong)[1]}{more}")


def _differences(said: TaskScore, found: TaskScore) -> Iterator[tuple[float, str, float, float]]:
    """Distance, name, claimed and measured value of each number that does not depend on the machine."""
    for field in dataclasses.fields(TaskScore):
        one, other = getattr(said, field.name), getattr(found, field.name)
        if isinstance(other, Interval):
            for end in ("estimate", "low", "high"):
                pair = (getattr(one, end), getattr(other, end))
                yield _distance(*pair), field.name if end == "estimate" else f"{field.name} ({end})", *pair
        elif isinstance(other, float) and field.name not in _TIMES:
            scale = max(abs(other), 1.0)
            yield _distance(one / scale, other / scale), field.name, one, other


def _distance(one: float, other: float) -> float:
    if math.isnan(one) and math.isnan(other):
        return 0.0
    return math.inf if math.isnan(one) or math.isnan(other) else abs(one - other)
