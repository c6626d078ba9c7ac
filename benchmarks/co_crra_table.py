"""Co-CRRA on the published setting: mean Phi per user for the four budgets of the paper's figures 4 and 5.

    python benchmarks/co_crra_table.py --instances 40

Columns: published Co-CRRA scored by the approximation that it optimises; its allocation scored exactly; Co-CRRA on the
exact score; equal shares with compression enumerated on the exact score. Each cell is a mean over independent slots
with a 95 % interval (normal). Slots have six active users, sizes of 10..20 Mbit and deadlines of 50..100 ms, as in the
preset ``paper``.
"""

from __future__ import annotations

import argparse

import numpy as np

from edgevision import baselines
from edgevision.envs.config import ScenarioConfig
from edgevision.envs.problem import SlotProblem
from edgevision.profiles.profile import load_profile

BUDGETS = ((2.0, 15.0), (2.0, 30.0), (150.0, 30.0), (1000.0, 30.0))  # (P_max [mW], B_max [MHz])


def draw_problem(config: ScenarioConfig, slots: int, seed: int) -> SlotProblem:
    """Independent slots (N = ``slots``) in which every user is active, with the gain scale of the scenario."""
    random = np.random.default_rng(seed)
    profile = load_profile(config.profile)
    shape = slots, config.users
    return SlotProblem(
        active=np.ones(shape, bool),
        raw_size=random.uniform(*config.size_mbit, shape) * 1e6,
        deadline=random.uniform(*config.deadline_ms, shape) * 1e-3,
        gain_scale=np.full(shape, config.gain_scale),
        size_fraction=np.broadcast_to(profile.size[0] / profile.raw_size[0], (*shape, profile.points)),
        accuracy=np.broadcast_to(profile.accuracy, (*shape, profile.points)),
        compute_time=np.zeros((*shape, profile.points)),
        features=np.zeros((*shape, 0)),
        bandwidth_budget=np.full(slots, config.bandwidth),
        power_budget=np.full(slots, config.power),
        min_bandwidth=np.full(slots, config.min_bandwidth),
        min_power=np.full(slots, config.min_power),
        noise_density=np.full(slots, config.noise_density),
        grid=profile.grid,
        fading=config.fading,
        success_model=config.success_model,
    )


def interval(values: np.ndarray) -> str:
    """Mean and half the width of its 95 % interval, as text."""
    return f"{values.mean():.3f} ± {1.96 * values.std(ddof=1) / np.sqrt(len(values)):.3f}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--instances", type=int, default=40, help="slots per row (default 40)")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    print("| P_max, B_max | Co-CRRA, approximation | Co-CRRA, exact | Co-CRRA exact | equal shares, exact |")
    print("|---|---|---|---|---|")
    for power_mw, bandwidth_mhz in BUDGETS:
        config = ScenarioConfig.from_preset("paper", power_mw=power_mw, bandwidth_mhz=bandwidth_mhz)
        problem = draw_problem(config, arguments.instances, arguments.seed)
        published = baselines.make("co-crra").act(problem)
        cells = [problem.value(published, "chernoff"), problem.value(published)]
        cells += [problem.value(baselines.make(name).act(problem)) for name in ("co-crra-exact", "fracr-exact")]
        print(f"| {power_mw:g} mW, {bandwidth_mhz:g} MHz | " + " | ".join(map(interval, cells)) + " |", flush=True)


if __name__ == "__main__":
    main()
