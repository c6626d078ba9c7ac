"""The evaluation protocol: run policies on common random numbers, in parts that are stored as they finish.

Every policy runs the same episodes (seeds 20 000 + index; 10 000 + index for validation). A policy that decides whole
batches runs all episodes at once in this process, and is then timed on single slots. Any other policy decides slot by
slot, is timed as it does so, and may run in worker processes. The next run with the same output folder uses finished
parts again.
"""

from __future__ import annotations

import dataclasses
import datetime
import functools
import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from edgevision.checks import whole_number
from edgevision.envs import Policy
from edgevision.envs.registration import is_packaged
from edgevision.errors import EvaluationError, shown
from edgevision.experiments.evaluation import fingerprints, tuning, workers
from edgevision.experiments.evaluation.parameter_search import open_parameters, search_parameters
from edgevision.experiments.evaluation.policy_spec import PolicySpec, check, resolve
from edgevision.experiments.evaluation.rollout import FloatArray, Rollout
from edgevision.experiments.evaluation.scenario import Scenario
from edgevision.experiments.evaluation.workers import Job
from edgevision.locking import only_writer
from edgevision.part_store import PartStore, readable
from edgevision.profiles import OperatingPointProfile
from edgevision.progress import progress_bar
from edgevision.protocol import Split, episode_seeds
from edgevision.provenance import cpu_name

#: Episodes in one part of a policy that decides slot by slot.
EPISODES_PER_PART = 5
#: Slots on which a batched policy is timed, one by one.
TIMED_SLOTS = 200
MAX_PROCESSES = 1024


@dataclass(frozen=True)
class EvaluationConfig:
    """Which policies to compare, on which environment and episodes.

    Attributes:
        env_id: environment id.
        policies: registry names, optionally with options (``fixed:operating_point=7``), run folders, or policies.
        episodes: number of episodes, from the first seed of the split on.
        split: ``test``, or ``validation`` to select models.
        settings: keywords of the environment that differ from its preset.
        reference: the one of ``policies`` that the others are compared with; by default one that is usual, see
            `edgevision.experiments.evaluation.summary.REFERENCES`.
    """

    env_id: str
    policies: Sequence[str | Policy]
    episodes: int = 100
    split: Split = "test"
    settings: Mapping[str, Any] = field(default_factory=dict)
    reference: str | None = None


@dataclass(frozen=True, eq=False)
class PolicyResult:
    """The episodes of one policy, and the times of its single-slot decisions after warm-up [s].

    An agent with S training seeds has S x E episodes, all E episodes of one seed after those of another. Every other
    policy has S = 1.
    """

    spec: PolicySpec
    rollout: Rollout
    decision_seconds: tuple[float, ...]

    @property
    def scores(self) -> FloatArray:
        """Scores by training seed and episode, (S, E)."""
        return self.rollout.score.reshape(max(1, len(self.spec.members)), -1)

    @property
    def content_scores(self) -> FloatArray:
        """Scores split by content, (S, E, C). Their sum over contents is ``scores``."""
        return self.rollout.content_score.reshape(*self.scores.shape, -1)

    @property
    def content_weight(self) -> FloatArray:
        """What the requests for each content would add to the score if every reward were 1, (E, C)."""
        return self.rollout.content_weight[: self.scores.shape[1]]


@dataclass(frozen=True, eq=False)
class Evaluation:
    """A finished comparison and everything needed to repeat it.

    Attributes:
        env_id: environment id.
        scenario: all settings of the environment.
        split: split of the seeds and contents.
        seeds: seed of each episode.
        results: a result per policy, in the order of the configuration.
        versions: versions of Python and libraries.
        cpu: name of the processor that the decision times were measured on.
        command: the command line of this process.
        created: date and time, ISO 8601.
        reference: label of the policy that the others are compared with, if the caller chose one.
    """

    env_id: str
    scenario: Mapping[str, Any]
    split: Split
    seeds: tuple[int, ...]
    results: tuple[PolicyResult, ...]
    versions: Mapping[str, str]
    cpu: str
    command: str
    created: str
    reference: str | None = None


def evaluate(
    config: EvaluationConfig, out: str | Path | None = None, *, processes: int = 1, show_progress: bool = True
) -> Evaluation:
    """Run every policy through the same episodes.

    Scores depend neither on ``processes`` nor on stored parts.

    Args:
        config: which policies to compare, and on what.
        out: folder that stores finished parts (in ``parts/``); ``None`` stores nothing.
        processes: worker processes for policies that decide slot by slot. If there is more than one, the calling
            script must be importable (``if __name__ == "__main__"``), because workers are spawned.
        show_progress: whether to show progress bars on stderr.

    Raises:
        EvaluationError: the request contradicts the protocol.
        UnknownNameError: an id, policy, setting or profile that does not exist.
        ScenarioError: settings that contradict each other.
        MissingExtraError: a policy needs an extra that is not installed.
        FolderInUseError: another process evaluates into ``out``.
    """
    processes = whole_number("processes", processes, 1, MAX_PROCESSES, EvaluationError)
    out = _folder(out)
    if not isinstance(config.settings, Mapping):
        raise EvaluationError(f"settings must map names to values, got {shown(config.settings)}")
    scenario = Scenario(config.env_id, dict(config.settings), config.split)
    seeds = episode_seeds(config.split, config.episodes)
    resolved, profile = scenario.resolve()
    environment: dict[str, Any] = {
        "env_id": config.env_id,
        "scenario": dataclasses.asdict(resolved),
        "profile": fingerprints.profile_fingerprint(profile),
        "gains": fingerprints.file_fingerprint(getattr(resolved, "gain_trace", None)),
        "versions": dict(fingerprints.versions()),
        "code": fingerprints.code_fingerprint(),
    }
    chosen = resolve(config.policies)
    reference = _reference(config, chosen)
    for spec in chosen:
        check(spec, scenario)
    # Nothing would tell when the code of an environment from outside the package changes.
    parts = out / "parts" if out and is_packaged(config.env_id) else None
    with only_writer(parts) if parts else nullcontext():
        store = PartStore(parts)
        chosen = _tuned(chosen, scenario, environment, store, range(profile.points), show_progress)
        jobs = {spec.label: _jobs(spec, scenario, seeds, resolved.slots[1]) for spec in chosen}
        done = _run_all(jobs, environment, store, profile, processes, show_progress)
    if not any(rollout.requests.any() for rollout in done.values()):
        raise EvaluationError("no requests in these episodes; evaluate more of them, or raise arrivals_per_slot")
    return Evaluation(
        env_id=config.env_id,
        scenario=environment["scenario"],
        split=config.split,
        seeds=seeds,
        results=tuple(_result(spec, [done[job] for job in jobs[spec.label]]) for spec in chosen),
        versions=environment["versions"],
        cpu=cpu_name(),
        command=_command(),
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        reference=reference,
    )


def _reference(config: EvaluationConfig, chosen: Sequence[PolicySpec]) -> str | None:
    """Label of the reference that the caller chose, by its label or as the policy was given.

    Raises:
        EvaluationError: no policy of the comparison is meant.
    """
    if config.reference is None:
        return None
    for given, spec in zip(config.policies, chosen, strict=True):
        if config.reference in (given, spec.label):
            return spec.label
    known = ", ".join(spec.label for spec in chosen)
    raise EvaluationError(
        f"reference {shown(config.reference)} is not one of the policies ({known}); name it there too"
    )


def _folder(out: Any) -> Path | None:
    """The folder to write to.

    Raises:
        EvaluationError: it is neither a path nor ``None``.
    """
    if out is not None and not isinstance(out, str | os.PathLike):
        raise EvaluationError(f"out must be the path of a folder, got {shown(out)}")
    return None if out is None else Path(out)


def _command() -> str:
    program = Path(sys.argv[0]).name
    start = ["python", "-m", "edgevision.cli"] if program == "__main__.py" else [program]
    return shlex.join([*start, *sys.argv[1:]])


def _tuned(
    chosen: list[PolicySpec],
    scenario: Scenario,
    environment: Mapping[str, Any],
    store: PartStore,
    points: range,
    show_progress: bool,
) -> list[PolicySpec]:
    """The policies, with the options that they leave open tuned on the validation seeds."""
    untuned = [spec for spec in chosen if tuning.needs_tuning(spec) or open_parameters(spec)]
    if not untuned:
        return chosen
    tuned = {spec.label: spec for spec in chosen}
    slots = functools.cache(lambda: tuning.tuning_slots(scenario))
    with progress_bar("tune on validation", len(untuned), visible=show_progress) as advance:
        for spec in untuned:
            description = {**environment, **spec.describe(), "tuned on": "validation"}
            searched = open_parameters(spec)
            check_stored = functools.partial(tuning.checked, options=searched or {"operating_point": points})
            found = readable(store.load(f"tune-{spec.label}", description), check_stored)
            if found is None:
                found = dict(search_parameters(spec, scenario) if searched else tuning.tune(spec, slots()))
                store.save(f"tune-{spec.label}", description, found)
            options = (*spec.options, *(option for option in found.items() if option[0] != "tuned_on"))
            tuned[spec.label] = replace(spec, options=options, origin=(("tuned_on", found["tuned_on"]),))
            advance(1)
    return list(tuned.values())


def _jobs(spec: PolicySpec, scenario: Scenario, seeds: tuple[int, ...], longest: int) -> list[Job]:
    """The parts of the evaluation of one policy. The last part of a batched policy only measures its times."""
    if spec.members:
        return [job for member in spec.members for job in _jobs(member, scenario, seeds, longest)]
    if not spec.batched:
        starts = range(0, len(seeds), EPISODES_PER_PART)
        return [Job(spec, scenario, seeds[i : i + EPISODES_PER_PART], one_by_one=True) for i in starts]
    timed = seeds[: max(1, TIMED_SLOTS // longest)]
    return [Job(spec, scenario, seeds, one_by_one=False), Job(spec, scenario, timed, one_by_one=True)]


def _run_all(
    jobs: Mapping[str, Sequence[Job]],
    environment: Mapping[str, Any],
    store: PartStore,
    profile: OperatingPointProfile,
    processes: int,
    show_progress: bool,
) -> dict[Job, Rollout]:
    """The rollout of every job, loaded from the store, or run now and then stored."""
    done: dict[Job, Rollout] = {}
    missing: list[Job] = []
    for job in (job for policy_jobs in jobs.values() for job in policy_jobs):
        read = functools.partial(Rollout.from_arrays, seeds=job.seeds, points=profile.points, contents=profile.contents)
        stored = store.load_arrays(job.label, {**environment, **job.describe()}) if job.spec.storable else None
        found = readable(stored, read)
        if found is None:
            missing.append(job)
        else:
            done[job] = found
    episodes = sum(len(job.seeds) for job in missing)
    label = f"evaluate on {missing[0].scenario.split} (episodes)" if missing else ""
    with progress_bar(label, episodes, visible=show_progress and bool(missing)) as advance:
        for job, rollout in workers.run_jobs(missing, processes):
            done[job] = rollout
            if job.spec.storable:
                store.save_arrays(job.label, {**environment, **job.describe()}, vars(rollout))
            advance(len(job.seeds))
    return done


def _result(spec: PolicySpec, parts: Sequence[Rollout]) -> PolicyResult:
    if not spec.batched:
        rollout = timed = Rollout.joined(parts)
    else:
        rollout, timed = Rollout.joined(parts[0::2]), Rollout.joined(parts[1::2])
    return PolicyResult(spec, rollout, tuple(timed.seconds.tolist()))
