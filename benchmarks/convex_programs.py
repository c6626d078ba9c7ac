"""Compare the batched solver of P2.2 with Clarabel on the convex programs that Co-CRRA meets.

    OMP_NUM_THREADS=1 python benchmarks/convex_programs.py

The programs are those of `co-crra` and `co-crra-exact` on the first slots of independent episodes of every preset, with
every fading and success model. `uncertified` counts programs without a certificate of optimality; `infeasible` those
whose answer breaks a constraint by more than 1e-9; `mis-solved` those whose objective is worse than Clarabel's by more
than 1e-6 of it. `excess` is the largest difference, in these units. `ratio` is Clarabel's processor time over that of
the batched solver, which gets all programs of a line in one call. Clarabel has compiled its programs before.
"""

from __future__ import annotations

import argparse
import time
from typing import Any, get_args
from unittest import mock

import numpy as np
from rich.progress import track

from edgevision import baselines
from edgevision.baselines.co_crra import resources
from edgevision.baselines.co_crra.batched_program import solve_programs
from edgevision.envs.config import PRESETS, Fading, ScenarioConfig, SuccessModel
from edgevision.envs.simulation.simulator import Simulator

_SLOTS = 8
Programs = tuple[np.ndarray, np.ndarray]


def programs_of(preset: str, fading: Fading, model: SuccessModel, at_least: int, seed: int) -> Programs:
    """Parameters (8, M, U) and users (M, U) of at least so many programs."""
    met: list[Programs] = []

    def record(numbers: np.ndarray, users: np.ndarray, fading: Fading) -> Any:
        met.append((numbers, users))
        return solve_programs(numbers, users, fading)

    config = ScenarioConfig.from_preset(preset, fading=fading, success_model=model, episode_slots=1)
    policy = baselines.make("co-crra" if model == "chernoff" else "co-crra-exact")
    with mock.patch.object(resources, "solve_programs", record):
        while sum(len(users) for _, users in met) < at_least:
            simulator = Simulator(config, _SLOTS)
            random = [np.random.default_rng([seed, len(met), slot]) for slot in range(_SLOTS)]
            simulator.reset(np.arange(_SLOTS), random)
            policy.act(simulator.problem)
    return np.concatenate([numbers for numbers, _ in met], axis=1), np.concatenate([users for _, users in met])


def objective(numbers: np.ndarray, users: np.ndarray, shares: np.ndarray, fading: Fading) -> np.ndarray:
    """The objective of P2.2 at the best mu, upsilon and rho for given shares (2, M, U), (M,)."""
    weight, exponent, decay, growth = np.where(users, numbers[:4], 1.0)
    beta, pi = shares
    total = beta + (np.exp(exponent * (1 / beta - 1)) - decay) / growth
    upsilon = pi + 2 - np.sqrt(np.maximum(8 * pi - total**2, 0.0))
    each = weight * (upsilon if fading == "rayleigh" else np.maximum(upsilon, 0.0) ** 2)
    return np.asarray(np.where(users, each, 0.0).sum(axis=1))


def violation(numbers: np.ndarray, users: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """The largest violation of a budget or minimum in each program, (M,)."""
    cost, least = np.where(users, numbers[4:6], 0.0), np.where(users, numbers[6:8], 0.0)
    return np.asarray(np.maximum((cost * shares).sum(axis=2) - 1.0, (least - shares).max(axis=2)).max(axis=0))


def compare(numbers: np.ndarray, users: np.ndarray, fading: Fading) -> list[float]:
    """Programs, uncertified, infeasible, mis-solved, largest excess, and both times [s]."""
    start = time.process_time()
    mine, certified = solve_programs(numbers, users, fading)
    halfway = time.process_time()
    theirs, solved = resources.solve_one_by_one(numbers, users, fading)
    end = time.process_time()
    reference = objective(numbers, users, theirs, fading)
    excess = (objective(numbers, users, mine, fading) - reference) / np.abs(reference)
    excess = excess[solved]
    return [
        len(users),
        (~certified).sum(),
        (violation(numbers, users, mine) > 1e-9).sum(),
        (excess > 1e-6).sum(),
        excess.max(),
        halfway - start,
        end - halfway,
    ]


def main() -> None:
    """Print one line per preset and fading."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=int, default=10_000, help="programs in all, at least (default 10 000)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    options = parser.parse_args()
    cases = [(preset, fading) for preset in PRESETS for fading in get_args(Fading)]
    each = -(-options.programs // (len(cases) * len(get_args(SuccessModel))))
    print("| preset | fading | programs | uncertified | infeasible | mis-solved | excess | batched [us] | ratio |")
    print("|---|---|---|---|---|---|---|---|---|")
    lines = []
    for preset, fading in track(cases, "solve", disable=options.quiet):
        parts = [programs_of(preset, fading, model, each, options.seed) for model in get_args(SuccessModel)]
        numbers = np.concatenate([part for part, _ in parts], axis=1)
        users = np.concatenate([part for _, part in parts])
        for count in np.unique(users.sum(axis=1)).tolist():
            resources.resource_program(count, fading)
        lines.append(compare(numbers, users, fading))
        print(f"| {preset} | {fading} | {cells(lines[-1:])} |", flush=True)
    print(f"| all | all | {cells(lines)} |")


def cells(lines: list[list[float]]) -> str:
    """The sum of some lines as text."""
    programs, *counts, excess, mine, theirs = (np.array(column) for column in zip(*lines, strict=True))
    numbers = " | ".join(f"{part.sum():.0f}" for part in (programs, *counts))
    times = f"{1e6 * mine.sum() / programs.sum():.0f} | {theirs.sum() / mine.sum():.1f}"
    return f"{numbers} | {excess.max():.1e} | {times}"


if __name__ == "__main__":
    main()
