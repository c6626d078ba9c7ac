"""Run the parts of an evaluation; policies that decide slot by slot may run in worker processes."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from edgevision.envs import Policy
from edgevision.envs.policy import show_future
from edgevision.envs.registration import is_packaged
from edgevision.errors import EvaluationError
from edgevision.experiments.evaluation.policy_spec import PolicySpec
from edgevision.experiments.evaluation.rollout import Rollout, run_episodes
from edgevision.experiments.evaluation.scenario import Scenario
from edgevision.protocol import SEEDS
from edgevision.provenance import digest
from edgevision.worker_pool import run_in_processes


@dataclass(frozen=True, eq=False)
class Job:
    """One part of an evaluation: a policy on some episodes."""

    spec: PolicySpec
    scenario: Scenario
    seeds: tuple[int, ...]
    one_by_one: bool

    @property
    def label(self) -> str:
        """Short name for files: policy, first seed, and ``-timed`` if the job only measures times."""
        timed = "-timed" if self.one_by_one and self.spec.batched else ""
        return f"{self.spec.label}-{self.seeds[0]}{timed}"

    @property
    def portable(self) -> bool:
        """Whether all its code is that of this package, so that a new process can run it."""
        return self.spec.storable and is_packaged(self.scenario.env_id)

    def describe(self) -> dict[str, Any]:
        """Everything that the result depends on besides the environment, as JSON values."""
        return {**self.spec.describe(), "seeds": list(self.seeds), "one_by_one": self.one_by_one}


def run_jobs(jobs: Sequence[Job], processes: int) -> Iterator[tuple[Job, Rollout]]:
    """Run jobs and yield each with its result as it finishes.

    Policies that decide in batches run in this process, before the workers start: they are fast, and busy workers
    would disturb their times.
    """
    elsewhere = [job for job in jobs if processes > 1 and not job.spec.batched and job.portable]
    for job in jobs:
        if job not in elsewhere:
            yield job, run_job(job)
    if elsewhere:
        yield from run_in_processes(run_job, elsewhere, processes, EvaluationError)


def run_job(job: Job) -> Rollout:
    """Run one job on one core; single-slot decisions are timed after a warm-up."""
    policy = _warm_policy(job) if job.one_by_one else job.spec.build()
    with _one_torch_thread():
        return run_episodes(policy, job.scenario, job.seeds, one_by_one=job.one_by_one)


_warm_policies: dict[str, Policy] = {}


def _warm_policy(job: Job) -> Policy:
    """The policy after a call for each number of active users, because convex programs are compiled per number."""
    spec, scenario = job.spec, job.scenario
    who = spec.describe() if spec.storable else f"object {id(spec.source)}"
    key = digest([who, scenario.env_id, dict(scenario.settings)])
    if key not in _warm_policies:
        policy = spec.build()
        env = scenario.make(1)
        env.reset(seed=SEEDS["validation"][0])
        show_future(policy, env.simulator)
        for count in range(1, env.config.users + 1):
            active = np.arange(env.config.users)[None] < count
            # Where each user has its own power, the budget is that of the users with a request.
            power = np.maximum(env.problem.power_budget, count * env.problem.min_power)
            policy.act(replace(env.problem, active=active, power_budget=power))
        _warm_policies[key] = policy
    return _warm_policies[key]


@contextmanager
def _one_torch_thread() -> Iterator[None]:
    torch = sys.modules.get("torch")  # a learned policy has imported it; nothing else needs it
    if torch is None:
        yield
        return
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
