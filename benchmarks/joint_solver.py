"""Measure the joint solver and its certificate: validity of the bound, gap, time per slot and scaling.

    OMP_NUM_THREADS=1 taskset -c 0 python benchmarks/joint_solver.py --plot joint_solver.png

Runs four parts, or those named by --only:

bound    compares exhaustive search over splits of both budgets with the upper bound: 2 and 3 users, gain scales over
         six decades, both success models, closed-form and measured operating points. `violations` must be 0.
gap      certified gap (bound - value) / bound of `joint`, and values of Co-CRRA on the same slots. `below` is the share
         of slots in which joint is worse than co-crra-exact. `points` is the lead of joint over published co-crra in
         percentage points, both scored exactly. Brackets hold 95 % bootstrap intervals over the slots, which are the
         first of independent episodes. Values use mean accuracies, so of a content only its sizes matter.
speed    time per slot on one core, best of a few passes: joint in a batch of 1 000 slots, co-crra in one of 300.
         `by Clarabel` is co-crra with solver="clarabel", slot by slot. `cvxpy` is the time that this takes with
         Problem.solve of cvxpy instead of compiled programs: the number of programs times the time of one.
scaling  time per slot of `joint` against the number of users, with the slope of a line through the logarithms;
         --plot draws it.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from rich.progress import track

from edgevision import baselines
from edgevision.baselines.co_crra.convex_program import ResourceProgram
from edgevision.baselines.joint import Joint
from edgevision.envs.config import ScenarioConfig
from edgevision.envs.problem import SlotProblem
from edgevision.envs.simulation.simulator import Simulator
from edgevision.profiles.profile import load_profile
from edgevision.statistics import bootstrap_interval

PRESETS = ("paper", "umi-image")
PARTS = ("bound", "gap", "speed", "scaling")


def simulated(preset: str, slots: int, users: int, seed: int) -> SlotProblem:
    """The first slots of independent episodes in which every user is active."""
    config = ScenarioConfig.from_preset(preset, users=users, traffic="full-buffer", episode_slots=1)
    simulator = Simulator(config, slots)
    simulator.reset(np.arange(slots), [np.random.default_rng([seed, users, slot]) for slot in range(slots)])
    return simulator.problem


def spread_slots(profile_name: str, model: str, slots: int, users: int, seed: int) -> SlotProblem:
    """Slots whose gain scales are spread over six decades."""
    profile, random = load_profile(profile_name), np.random.default_rng(seed)
    shape, closed = (slots, users), profile.contents == 1
    content = random.integers(profile.contents, size=shape)
    bits = random.uniform(1e7, 2e7, shape) if closed else 8.0 * profile.raw_size[content]
    bandwidth, power = (5e6 if closed else 135e3) * users, 0.025 * users
    return SlotProblem(
        active=np.ones(shape, bool),
        raw_size=bits,
        deadline=random.uniform(0.05, 0.1, shape),
        gain_scale=(1e-3 if closed else 1e-11) * 10.0 ** random.uniform(-3, 3, shape),
        size_fraction=profile.size_fraction[content],
        accuracy=np.broadcast_to(profile.accuracy, (*shape, profile.points)),
        compute_time=np.broadcast_to(profile.device_time + profile.edge_time, (*shape, profile.points)),
        features=np.zeros((*shape, 0)),
        bandwidth_budget=np.full(slots, bandwidth),
        power_budget=np.full(slots, power),
        min_bandwidth=np.full(slots, bandwidth / users) * random.choice([0.0, 0.1, 0.5], slots),
        min_power=np.full(slots, power / users) * random.choice([0.0, 0.1, 0.5], slots),
        noise_density=np.full(slots, 4e-21),
        grid=profile.grid,
        success_model="exact" if model == "exact" else "chernoff",
    )


def exhaustive(problem: SlotProblem, steps: int) -> np.ndarray:
    """Best value over all splits of both budgets, beyond the minimum shares, in ``steps`` equal parts, (N,)."""
    n, users = problem.active.shape
    share = np.arange(steps + 1) / steps
    bandwidth = (
        problem.min_bandwidth[:, None] + share * (problem.bandwidth_budget - users * problem.min_bandwidth)[:, None]
    )
    power = problem.min_power[:, None] + share * (problem.power_budget - users * problem.min_power)[:, None]
    value = np.empty((steps + 1, steps + 1, n, users))
    for i, j in np.ndindex(steps + 1, steps + 1):
        shares = (np.repeat(of[:, None], users, axis=1) for of in (bandwidth[:, i], power[:, j]))
        value[i, j] = (problem.accuracy * problem.success_probabilities(*shares)).max(axis=2)
    total = value[..., 0]
    for user in range(1, users):
        combined = np.zeros_like(total)
        for i, j in np.ndindex(steps + 1, steps + 1):
            reached = total[: steps + 1 - i, : steps + 1 - j] + value[i, j, :, user]
            np.maximum(combined[i:, j:], reached, out=combined[i:, j:])
        total = combined
    return np.asarray(total[-1, -1] / users)


def report_bound(options: argparse.Namespace) -> None:
    """Compare exhaustive search with the bound."""
    print("| users | profile | success model | instances | violations | mean bound - search | mean search - joint |")
    print("|---|---|---|---|---|---|---|")
    cases = [
        (users, steps, profile, model)
        for users, steps in ((2, 40), (3, 20))
        for profile in ("published-eta", "image-lite0-spat-imco")
        for model in ("exact", "chernoff")
    ]
    each = -(-options.instances // len(cases))
    for users, steps, profile, model in track(cases, "bound", disable=options.quiet):
        problem = spread_slots(profile, model, each, users, options.seed)
        best, solution = exhaustive(problem, steps), Joint().solve(problem)
        broken = int((best > solution.bound).sum() + (solution.value > solution.bound).sum())
        lead = (best - solution.value).mean()
        print(
            f"| {users} | {profile} | {model} | {each} | {broken} "
            f"| {(solution.bound - best).mean():.4f} | {lead:.4f} |",
            flush=True,
        )


def report_gap(options: argparse.Namespace) -> None:
    """Print certified gaps, and values of Co-CRRA on the same slots."""
    print("| preset | users | slots | mean gap % | 95th pct % | joint | bound | Co-CRRA exact | below % | points |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    cases = [(preset, users) for preset in PRESETS for users in (6, 10, 20, 50)]
    for preset, users in track(cases, "gap", disable=options.quiet):
        problem = simulated(preset, options.slots, users, options.seed)
        solution = Joint().solve(problem)
        solution.allocation.check(problem)
        gap = 100 * solution.gap
        few = problem[: max(min(options.slots, options.co_crra_slots * 6 // users), 4)]
        exact = few.value(baselines.make("co-crra-exact").act(few))
        published = few.value(baselines.make("co-crra").act(few))
        value = solution.value[: few.slots]
        print(
            f"| {preset} | {users} | {options.slots} | {with_interval(gap, 3)} | {np.percentile(gap, 95):.3f} "
            f"| {solution.value.mean():.4f} | {solution.bound.mean():.4f} | {exact.mean():.4f} ({few.slots} slots) "
            f"| {100 * (value < exact - 1e-9).mean():.1f} | {with_interval(100 * (value - published), 1)} |",
            flush=True,
        )


def with_interval(values: np.ndarray, digits: int) -> str:
    """The mean of ``values`` and its interval, as text."""
    found = bootstrap_interval(values)
    return f"{found.estimate:.{digits}f} [{found.low:.{digits}f}, {found.high:.{digits}f}]"


def best_time(call: Callable[[SlotProblem], object], problem: SlotProblem, passes: int = 5) -> float:
    """Shortest processor time per slot of a call after a warm-up [s]."""
    call(problem)

    def once() -> Iterator[float]:
        for _ in range(passes):
            start = time.process_time()
            call(problem)
            yield (time.process_time() - start) / problem.slots

    return min(once())


def report_speed(options: argparse.Namespace) -> None:
    """Print the time per slot of joint, of joint with certificate, and of Co-CRRA."""
    print(
        "| preset | users | joint [us] | with bound [us] | co-crra [ms] | ratio | co-crra-exact [ms] | ratio "
        "| co-crra by Clarabel [ms] | ratio | cvxpy [ms] | ratio |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|---|")
    for preset, users in track(
        [(preset, users) for preset in PRESETS for users in (6, 8, 10)], "speed", disable=options.quiet
    ):
        problem = simulated(preset, options.batch, users, options.seed)
        few, joint = problem[:10], Joint()
        mine = best_time(joint.act, problem)
        certified = best_time(joint.solve, problem[:100], 1)
        theirs = [best_time(baselines.make(name).act, problem[:300], 2) for name in ("co-crra", "co-crra-exact")]
        single = baselines.make("co-crra", solver="clarabel")
        theirs.append(best_time(single.act, few, 2))
        programs = single.report.inner_iterations.mean()
        theirs.append(float(programs) * cvxpy_time(users))
        cells = " | ".join(f"{1e3 * seconds:.1f} | {seconds / mine:.0f}" for seconds in theirs)
        print(f"| {preset} | {users} | {1e6 * mine:.1f} | {1e6 * certified:.0f} | {cells} |", flush=True)


def cvxpy_time(users: int) -> float:
    """Time of one program P2.2 with Problem.solve of cvxpy [s]."""
    program = ResourceProgram(users, "half-normal")
    equal, half = np.full(users, 1 / users), np.full(users, 0.5)
    exponent = np.linspace(1, 15, users)
    numbers = np.stack([np.ones(users), exponent, np.exp(-exponent), -np.expm1(-exponent), equal, equal, half, half])
    program.problem.parameters()[0].value = numbers
    times = []
    for _ in range(4):
        start = time.process_time()
        program.problem.solve(solver="CLARABEL")
        times.append(time.process_time() - start)
    return min(times)


def report_scaling(options: argparse.Namespace) -> None:
    """Print and draw the time per slot against the number of users."""
    counts = np.array([1, 2, 5, 10, 20, 50, 100, 200, 500, 1000])
    seconds: dict[str, list[float]] = {preset: [] for preset in PRESETS}
    for users in track(counts.tolist(), "scaling", disable=options.quiet):
        slots = max(10 * options.batch // users, 10)
        for preset in PRESETS:
            problem = simulated(preset, slots, users, options.seed)
            seconds[preset].append(best_time(Joint().act, problem, 3))
    print("| users | " + " | ".join(f"{preset} [us]" for preset in PRESETS) + " |")
    print("|---" * (1 + len(PRESETS)) + "|")
    for row, users in enumerate(counts):
        print(f"| {users} | " + " | ".join(f"{1e6 * seconds[preset][row]:.1f}" for preset in PRESETS) + " |")
    for preset in PRESETS:
        slope = np.polyfit(np.log(counts), np.log(seconds[preset]), 1)[0]
        print(f"log-log slope, {preset}: {slope:.2f}")
    if options.plot is not None:
        plot(options.plot, counts, seconds)


def plot(path: Path, counts: np.ndarray, seconds: dict[str, list[float]]) -> None:
    """Draw time per slot against users."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(5, 3.5), layout="constrained")
    for preset, times in seconds.items():
        axes.loglog(counts, 1e6 * np.array(times), marker="o", label=preset)
    axes.set(xlabel="users", ylabel="time per slot [µs]")
    axes.grid(which="both", alpha=0.3)
    axes.legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)


def main() -> None:
    """Run the chosen parts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="parts to run (default all)")
    parser.add_argument("--instances", type=int, default=500, help="instances of the part bound (default 500)")
    parser.add_argument("--slots", type=int, default=300, help="slots per row of the part gap (default 300)")
    parser.add_argument(
        "--co-crra-slots", type=int, default=300, help="slots that Co-CRRA solves per row at 6 users, fewer above"
    )
    parser.add_argument("--batch", type=int, default=1000, help="slots that are timed at once (default 1000)")
    parser.add_argument("--plot", type=Path, help="PNG file for the part scaling")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quiet", action="store_true", help="no progress bars")
    options = parser.parse_args()
    reports = {"bound": report_bound, "gap": report_gap, "speed": report_speed, "scaling": report_scaling}
    for part in options.only:
        print(f"\n{part}\n")
        reports[part](options)


if __name__ == "__main__":
    main()
