"""`Suite`: the tasks of a benchmark version, with the numbers that make scores comparable; stored as JSON, and frozen.

A normalised score is 0 for the floor of a task and 1 for its certified bound. The fingerprint of a task says which
environment its numbers belong to: a suite refuses to score anything else.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgevision.errors import BenchmarkError, unknown_name
from edgevision.experiments.evaluation.fingerprints import profile_fingerprint
from edgevision.experiments.evaluation.scenario import Scenario
from edgevision.protocol import episode_seeds
from edgevision.provenance import digest
from edgevision.storage.disk_files import read_json, without_nan, write_json

FOLDER = Path(__file__).parent / "suites"
#: Name of the suite that today's entries are scored on.
CURRENT = "EdgeVision-1"


@dataclass(frozen=True)
class Reference:
    """A classical policy that the entries of a task are compared with.

    Attributes:
        policy: its name, with the options that define it.
        tuned: further options, tuned on validation episodes.
        score: its mean score on the episodes of the suite.
    """

    policy: str
    tuned: Mapping[str, float] = dataclasses.field(default_factory=dict)
    score: float = math.nan

    @property
    def text(self) -> str:
        """The policy with all options, as ``edgevision evaluate`` takes it."""
        options = ",".join(f"{name}={value}" for name, value in self.tuned.items())
        return f"{self.policy}{',' if ':' in self.policy else ':'}{options}" if options else self.policy


@dataclass(frozen=True)
class Task:
    """An environment with settings, and how a score on it is read.

    Attributes:
        name: name in tables.
        env_id: environment id.
        settings: keywords of the environment that differ from its defaults.
        floor: the policy whose normalised score is 0.
        best: the strongest classical policy that is known, which every entry is compared with.
        bound: certified: the mean score of no policy is larger, whatever it knows; its normalised score is 1.
        fingerprint: SHA-256 of the settings and of the profile's numbers.
    """

    name: str
    env_id: str
    settings: Mapping[str, Any]
    floor: Reference
    best: Reference
    bound: float = math.nan
    fingerprint: str = ""

    @property
    def scenario(self) -> Scenario:
        """The environment, on test contents."""
        return Scenario(self.env_id, dict(self.settings))

    def measured_fingerprint(self) -> str:
        """The fingerprint of the environment that this version of the package has."""
        _, profile = self.scenario.resolve()
        return digest([self.env_id, dict(self.settings), profile_fingerprint(profile)])

    def check(self) -> None:
        """Check that the environment is still the one that the suite was frozen with.

        Raises:
            BenchmarkError: it is another one.
        """
        if self.measured_fingerprint() != self.fingerprint:
            raise BenchmarkError(
                f"{self.name}: {self.env_id} has other settings or another profile than when the suite was frozen; "
                "install the version of edgevision that the suite belongs to"
            )

    def normalised(self, score: float) -> float:
        """A score on the scale from the floor to the bound."""
        return (score - self.floor.score) / (self.bound - self.floor.score)


@dataclass(frozen=True)
class Suite:
    """A version of the benchmark.

    Attributes:
        name: name with the version.
        episodes: number of test episodes of each task.
        tasks: the tasks.
    """

    name: str
    episodes: int
    tasks: tuple[Task, ...]

    @property
    def seeds(self) -> tuple[int, ...]:
        """Seeds of the test episodes, 20 000 and on."""
        return episode_seeds("test", self.episodes)

    def chosen(self, names: Iterable[str]) -> tuple[Task, ...]:
        """The tasks with these names, or of environments with these ids.

        Raises:
            UnknownNameError: there is no such task.
        """
        found: dict[str, Task] = {}
        for name in names:
            matching = {task.name: task for task in self.tasks if name in (task.name, task.env_id)}
            if not matching:
                raise unknown_name(f"task of {self.name}", name, [task.name for task in self.tasks])
            found |= matching
        return tuple(task for task in self.tasks if task.name in found)

    def save(self, folder: Path | None = None) -> None:
        """Write the suite to ``folder/NAME.json``, by default into the package."""
        write_json((folder or FOLDER) / f"{self.name}.json", without_nan(dataclasses.asdict(self)))


def load_suite(name: str = CURRENT, folder: Path | None = None) -> Suite:
    """The suite of this name; ``folder`` is that of the package by default.

    Raises:
        BenchmarkError: there is no such suite.
    """
    folder = folder or FOLDER
    known = sorted(path.stem for path in folder.glob("*.json"))
    if name not in known:
        raise BenchmarkError(f"there is no suite {name!r} in this version of edgevision, but {', '.join(known)}")
    document = read_json(folder / f"{name}.json", BenchmarkError)
    return Suite(document["name"], document["episodes"], tuple(_task(task) for task in document["tasks"]))


def _task(document: Mapping[str, Any]) -> Task:
    references = {role: Reference(**document[role]) for role in ("floor", "best")}
    settings = {
        name: tuple(value) if isinstance(value, list) else value for name, value in document["settings"].items()
    }
    return Task(**{**document, **references, "settings": settings})
