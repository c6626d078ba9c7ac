"""Check in every slot that no policy exceeds the certified bound, and measure how far below it each policy is.

    OMP_NUM_THREADS=1 python benchmarks/bound_holds.py --slots 10000 [--agent RUN_FOLDER] [EdgeVision/Paper-v0 ..]

Plays EdgeVision/Paper-v0 and EdgeVision/Image-v0 (or other ids) with every policy of the registry and with the agents
given by --agent. The value of a policy is its mean Phi over the active users (``SlotProblem.value``). ``above`` counts
the slots in which the value is larger than the bound: it must be 0. ``distance`` is the mean over episodes of
(bound - value) / bound in per cent, with its 95 % bootstrap interval; it includes the looseness of the bound. A value
uses mean accuracies, so of a content only its sizes matter here. Every allocation is checked against C1..C5. Policies
that solve an optimisation per slot take minutes for 10 000 slots.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import gymnasium
import numpy as np
from rich.console import Console
from rich.progress import Progress

import edgevision  # noqa: F401 - registers the environments
from edgevision import agents, baselines
from edgevision.envs import Allocation, Policy, equal_shares
from edgevision.statistics import bootstrap_interval

IDS = ("EdgeVision/Paper-v0", "EdgeVision/Image-v0")
_TOGETHER = 500  # environments in one batch


def measure(env_id: str, slots: int, policies: dict[str, Policy], progress: Progress) -> None:
    """Play one environment and print a line per policy."""
    env = gymnasium.make_vec(env_id, num_envs=_TOGETHER).unwrapped
    env.reset(seed=0)
    values: dict[str, list[np.ndarray]] = {name: [] for name in policies}
    bounds = []
    rounds = -(-slots // _TOGETHER)
    task = progress.add_task(env_id, total=rounds * len(policies))
    for _ in range(rounds):
        problem = env.problem  # type: ignore[attr-defined]
        bounds.append(baselines.upper_bound(problem).value)
        for name, policy in policies.items():
            allocation = policy.act(problem)
            allocation.check(problem)
            values[name].append(problem.value(allocation))
            progress.advance(task)
        bandwidth, power = equal_shares(problem)
        point = np.zeros(problem.active.shape, np.int64)
        env.allocate(Allocation(point, bandwidth, power))  # type: ignore[attr-defined]
    bound = np.concatenate(bounds)
    busy = bound > 0
    print(f"{env_id}: {len(bound)} slots, mean bound {bound.mean():.4f}")
    for name, parts in values.items():
        value = np.concatenate(parts)
        distance = 100 * np.where(busy, bound - value, 0.0) / np.where(busy, bound, 1.0)
        slots = busy.reshape(rounds, _TOGETHER).sum(axis=0)
        by_episode = distance.reshape(rounds, _TOGETHER).sum(axis=0)[slots > 0] / slots[slots > 0]
        interval = bootstrap_interval(by_episode)
        print(
            f"  {name:16} value {value.mean():.4f}  distance {interval.estimate:6.3f} "
            f"[{interval.low:.3f}, {interval.high:.3f}] %  above {(value > bound).sum()}",
            flush=True,
        )


def main() -> None:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ids", nargs="*", default=IDS, help="environment ids")
    parser.add_argument("--slots", type=int, default=10_000, help="slots per environment")
    parser.add_argument("--agent", type=Path, action="append", default=[], help="run folder of a trained agent")
    given = parser.parse_args()
    with Progress(console=Console(stderr=True)) as progress:
        for env_id in given.ids:
            policies: dict[str, Policy] = {name: baselines.make(name) for name in baselines.names()}
            policies |= {path.name: agents.LearnedPolicy.load(path) for path in given.agent}
            measure(env_id, given.slots, policies, progress)


if __name__ == "__main__":
    main()
