"""`Results`: the record of an entry: its scores on the tasks of a suite, how it was made, and where its policy is."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from edgevision.envs.policy import Kind
from edgevision.errors import BenchmarkError, shown
from edgevision.statistics import Interval
from edgevision.storage.disk_files import read_json, without_nan, write_json

FORMAT_VERSION = 1
_TEXTS = ("suite", "name", "who", "kind", "cpu", "command", "created")
_LONGEST_TEXT, _LARGEST_NUMBER, _MOST_TASKS, _MOST_SEEDS = 4000, 1e12, 64, 100
_LONGEST_NAME = 80
_NAME = re.compile(rf"[A-Za-z0-9][A-Za-z0-9 ._+:=,-]{{0,{_LONGEST_NAME - 1}}}")
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9 ._+:=,-]+")


@dataclass(frozen=True)
class TaskScore:
    """An entry on one task.

    Attributes:
        env_id: environment id.
        fingerprint: that of the task, see `edgevision.experiments.benchmark.suite.Task`.
        options: options of a classical policy as ``key=value``, tuned ones included.
        score: mean over the episodes of the mean reward per slot.
        iqm: interquartile mean over the episodes.
        normalised: 0 for the floor and 1 for the bound; its interval is that of the paired difference to the floor.
        minus_best: paired difference of scores to the strongest classical policy.
        in_time: mean success probability (or share in time) of the requests.
        accuracy: mean accuracy term of the requests.
        energy_mj: energy that a camera spends per request [mJ].
        latency_p50_ms: median time of a single-slot decision on one core [ms].
        latency_p99_ms: 99th percentile of that time [ms].
    """

    env_id: str
    fingerprint: str
    options: str
    score: Interval
    iqm: Interval
    normalised: Interval
    minus_best: Interval
    in_time: float
    accuracy: float
    energy_mj: float
    latency_p50_ms: float
    latency_p99_ms: float


@dataclass(frozen=True)
class Results:
    """An entry.

    Attributes:
        suite: name of the suite.
        episodes: test episodes of each task; fewer than the suite's in a rehearsal.
        name: name of the policy in tables.
        who: who entered it; empty before it is submitted.
        kind: ``learned``, ``solver`` or ``rule``.
        entry: where the policy is: ``{"policy": NAME}`` in the registry, or ``{"files": {FILE: SHA-256}}`` beside the
            record; empty for a policy of the caller's own, which cannot be submitted.
        training: how each training seed was made, for a learned policy.
        tasks: the scores by the name of the task.
        versions: versions of Python and libraries.
        cpu: name of the processor that the decision times were measured on.
        command: the command line that scored it.
        created: date and time, ISO 8601.
    """

    suite: str
    episodes: int
    name: str
    who: str
    kind: Kind
    entry: Mapping[str, Any]
    training: tuple[Mapping[str, Any], ...]
    tasks: Mapping[str, TaskScore]
    versions: Mapping[str, str]
    cpu: str
    command: str
    created: str

    @staticmethod
    def tidy_name(name: str) -> str:
        """A name without what may not stand in one."""
        return _NOT_IN_NAMES.sub("-", name).lstrip(" ._+:=,-")[:_LONGEST_NAME] or "policy"

    def save(self, path: Path) -> None:
        """Write the record as JSON."""
        write_json(path, self._document())

    def check(self) -> None:
        """Check that the record can be read again.

        Raises:
            BenchmarkError: it cannot.
        """
        _checked(self._document())

    def _document(self) -> dict[str, Any]:
        return {"format_version": FORMAT_VERSION, **without_nan(dataclasses.asdict(self))}


def load_results(path: Path) -> Results:
    """Read and check a record.

    Raises:
        BenchmarkError: it is missing, damaged, or of another format.
    """
    document = read_json(Path(path), BenchmarkError)
    try:
        return _checked(document)
    except BenchmarkError as error:
        raise BenchmarkError(f"{path}: {error}") from None


def _checked(document: dict[str, Any]) -> Results:
    if document.pop("format_version", None) != FORMAT_VERSION:
        raise BenchmarkError(f"format_version must be {FORMAT_VERSION}")
    _check_keys("the record", document, Results)
    for name in _TEXTS:
        _check_text(name, document[name])
    if not _NAME.fullmatch(document["name"]):
        raise BenchmarkError(
            f"name must be 1 to 80 letters, digits, spaces and . _ + : = , -, got {shown(document['name'])}"
        )
    if document["kind"] not in get_args(Kind):
        raise BenchmarkError(f"kind must be one of {', '.join(get_args(Kind))}, got {shown(document['kind'])}")
    if type(document["episodes"]) is not int or not 1 <= document["episodes"] <= 1000:
        raise BenchmarkError(f"episodes must be a whole number from 1 to 1000, got {shown(document['episodes'])}")
    for name in ("entry", "tasks", "versions"):
        if not isinstance(document[name], dict):
            raise BenchmarkError(f"{name} must be an object, got {shown(document[name])}")
    for name, version in document["versions"].items():
        _check_text(f"the version of {name}", version)
    training = document["training"]
    if not isinstance(training, list) or len(training) > _MOST_SEEDS or not all(isinstance(t, dict) for t in training):
        raise BenchmarkError(f"training must be a list of at most {_MOST_SEEDS} objects")
    if not 1 <= len(document["tasks"]) <= _MOST_TASKS:
        raise BenchmarkError(f"tasks must hold 1 to {_MOST_TASKS} tasks")
    tasks = {name: _task_score(name, task) for name, task in document["tasks"].items()}
    return Results(**{**document, "training": tuple(training), "tasks": tasks})


def _task_score(name: str, document: Any) -> TaskScore:
    if not isinstance(document, dict):
        raise BenchmarkError(f"{shown(name)} must be an object, got {shown(document)}")
    _check_keys(name, document, TaskScore)
    values: dict[str, Any] = {}
    for field in dataclasses.fields(TaskScore):
        value, place = document[field.name], f"{name}: {field.name}"
        if field.type == "str":
            _check_text(place, value)
            values[field.name] = value
        elif field.type == "float":
            values[field.name] = _number(place, value)
        else:
            values[field.name] = _interval(place, value)
    return TaskScore(**values)


def _interval(place: str, value: Any) -> Interval:
    if not isinstance(value, dict):
        raise BenchmarkError(f"{place} must be an object, got {shown(value)}")
    _check_keys(place, value, Interval)
    low, high = (math.nan if value[end] is None else _number(place, value[end]) for end in ("low", "high"))
    return Interval(_number(place, value["estimate"]), low, high)


def _check_keys(place: str, document: Mapping[str, Any], record: type[Any]) -> None:
    expected = {field.name for field in dataclasses.fields(record)}
    if document.keys() != expected:
        wrong = sorted(map(str, document.keys() ^ expected))
        raise BenchmarkError(f"entries of {place} must be {', '.join(sorted(expected))}; look at {shown(wrong)}")


def _check_text(place: str, value: Any) -> None:
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT or not value.isprintable():
        raise BenchmarkError(f"{place} must be a line of at most {_LONGEST_TEXT} characters, got {shown(value)}")


def _number(place: str, value: Any) -> float:
    if type(value) not in (int, float) or not abs(value) <= _LARGEST_NUMBER:
        raise BenchmarkError(f"{place} must be a number, got {shown(value)}")
    return float(value)
