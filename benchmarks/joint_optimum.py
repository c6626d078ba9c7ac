"""Count the slots of two users in which `joint` falls short of the optimum, which exhaustive search finds.

    OMP_NUM_THREADS=1 python benchmarks/joint_optimum.py

Slots come from the presets paper, umi-image and stae-video with little bandwidth, and from `stress`:
loads over two decades, gains over five, random ladders, and minima of 0 to half of an equal share. Fading and success
model change from group to group. The search tries every operating point at 91 x 91 splits of what the minima leave,
closer together towards the ends, and then finer ones around the best. `short` counts the slots in which `joint` is
below the search by more than --tolerance.
"""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Iterator

import numpy as np
from rich.progress import track
from scipy.special import erfc

from edgevision.baselines import Joint
from edgevision.envs.allocation import Allocation
from edgevision.envs.config import ScenarioConfig
from edgevision.envs.problem import SlotProblem
from edgevision.envs.simulation.simulator import Simulator

#: Splits of a budget between two users; 1 - split is a split too.
SPLITS = np.union1d(np.linspace(0, 1, 33), 1 / (1 + np.exp(-np.linspace(-11.6, 11.6, 59))))
KINDS = (("half-normal", "exact"), ("rayleigh", "exact"), ("half-normal", "chernoff"))


def preset_slots(preset: str, slots: int, seed: int, **changes: object) -> SlotProblem:
    """The first slots of independent episodes, with two users who both have requests."""
    config = ScenarioConfig.from_preset(preset, users=2, traffic="full-buffer", episode_slots=1, **changes)
    simulator = Simulator(config, slots)
    simulator.reset(np.arange(slots), [np.random.default_rng([seed, slot]) for slot in range(slots)])
    return simulator.problem


def stress_slots(slots: int, seed: int, points: int = 8) -> SlotProblem:
    """Slots meant to be hard: users compete, and need very different shares."""
    random = np.random.default_rng(seed)
    shape = slots, 2, points
    bandwidth, power, deadline = np.full(slots, 1e7), np.full(slots, 0.15), random.uniform(0.02, 0.2, shape[:2])
    least = random.choice([0.0, 1e-3, 0.25, 0.5], (2, slots)) / 2
    needed = 10.0 ** random.uniform(-0.5, 1.5, shape[:2])  # bit/s/Hz with the whole band, uncompressed
    noise = 10.0 ** random.uniform(-5.0, 0.5, shape[:2])  # over the mean signal, with both budgets
    return SlotProblem(
        active=np.ones(shape[:2], bool),
        raw_size=needed * deadline * 1e7,
        deadline=deadline,
        gain_scale=4e-21 * 1e7 / (0.15 * noise),
        size_fraction=np.sort(random.random(shape))[..., ::-1],
        accuracy=np.sort(random.random(shape))[..., ::-1],
        compute_time=np.zeros(shape),
        features=np.zeros((*shape[:2], 0)),
        bandwidth_budget=bandwidth,
        power_budget=power,
        min_bandwidth=least[0] * bandwidth,
        min_power=least[1] * power,
        noise_density=np.full(slots, 4e-21),
        grid=(points,),
    )


def groups(slots: int, seed: int) -> Iterator[tuple[str, SlotProblem]]:
    """Named groups of about ``slots`` slots in all."""
    each = -(-slots // 36)
    for number, (fading, model) in enumerate(KINDS):
        as_scored = {"fading": fading, "success_model": model}
        for preset, bandwidth in (("paper", 10.0), ("umi-image", 0.27), ("stae-video", 3.3)):
            for factor in (0.5, 1.0):
                problem = preset_slots(preset, each, seed + number, bandwidth_mhz=factor * bandwidth, **as_scored)
                yield f"{preset} {fading} {model}", problem
        for part in range(6):
            problem = stress_slots(each, seed + 10 * number + part)
            yield f"stress {fading} {model}", dataclasses.replace(problem, **as_scored)


def success(problem: SlotProblem, bandwidth: np.ndarray, power: np.ndarray) -> np.ndarray:
    """P(t <= t0) of each user of one slot at every operating point and split, (U, K, ..)."""
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        needed = np.log(2.0) * problem.payload[0] / np.maximum(problem.airtime[0], 0.0)
        needed = np.where(problem.payload[0] == 0, np.where(problem.airtime[0] < 0, np.inf, 0.0), needed)[
            ..., None, None
        ]
        noise = (problem.noise_density[0] / problem.gain_scale[0])[:, None, None, None]
        x = np.where(needed == 0, 0.0, np.expm1(np.minimum(needed / bandwidth[:, None], 700.0)) * bandwidth[:, None])
        x = np.where(x == 0, 0.0, x * (noise / power[:, None]))
        if problem.fading == "rayleigh":
            return np.exp(-x)
        return np.exp(-x * x / 2) if problem.success_model == "chernoff" else erfc(x / np.sqrt(2))


def search(problem: SlotProblem) -> Allocation:
    """The best allocation of one slot of two users that the search finds."""
    splits = SPLITS, SPLITS
    for _ in range(4):
        shares = []
        for split, budget, least in (
            (splits[0][:, None], problem.bandwidth_budget[0], problem.min_bandwidth[0]),
            (splits[1][None, :], problem.power_budget[0], problem.min_power[0]),
        ):
            both = least + np.stack([split, 1 - split]) * (budget - 2 * least)
            shares.append(np.broadcast_to(both, (2, len(splits[0]), len(splits[1]))))
        worth = problem.accuracy[0][..., None, None] * success(problem, *shares)
        i, j = np.unravel_index(worth.max(axis=1).sum(axis=0).argmax(), shares[0].shape[1:])
        found = Allocation(worth[:, :, i, j].argmax(axis=1)[None], *(share[None, :, i, j] for share in shares))
        splits = tuple(
            np.unique(np.linspace(split[max(at - 1, 0)], split[min(at + 1, len(split) - 1)], 33))
            for split, at in zip(splits, (i, j), strict=True)
        )
    return found


def main() -> None:
    """Print one line per group."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--slots", type=int, default=300, help="slots in all (default 300)")
    parser.add_argument("--tolerance", type=float, default=0.002, help="in units of the value (default 0.002)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    options = parser.parse_args()
    shortfalls: dict[str, list[float]] = {}
    for name, problem in track(list(groups(options.slots, options.seed)), "search", disable=options.quiet):
        value = problem.value(Joint().act(problem))
        for slot in range(problem.slots):
            one = problem[slot : slot + 1]
            shortfalls.setdefault(name, []).append(float(one.value(search(one))[0] - value[slot]))
    print("| slots of two users | slots | short | largest shortfall | mean shortfall | joint above the search |")
    print("|---|---|---|---|---|---|")
    everything = [shortfall for parts in shortfalls.values() for shortfall in parts]
    for name, parts in {**shortfalls, "all": everything}.items():
        short = np.array(parts)
        print(
            f"| {name} | {len(short)} | {(short > options.tolerance).sum()} | {max(short.max(), 0):.4f} "
            f"| {np.maximum(short, 0).mean():.5f} | {(short < -1e-9).sum()} |"
        )


if __name__ == "__main__":
    main()
