"""What the assumptions of the environments cost: scores with and without each of them, with 95 % intervals.

    OMP_NUM_THREADS=1 python benchmarks/assumptions.py [EdgeVision/Image-v0 ..] [--episodes 300]

Plays the test episodes of ``edgevision evaluate`` with ``joint``, the best solver, and ``fracr-exact``, equal shares.
Each row drops one assumption and keeps the others. The difference is to the score as modelled, on the same episodes.
Intervals resample episodes and contents crosswise (``edgevision.statistics.crosswise_samples``). No decision changes a
later slot, so each row only decides and scores the same slots anew.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import get_args

import numpy as np
from one_line import one_line_errors

from edgevision import baselines
from edgevision.arrays import BoolArray, FloatArray, IntArray
from edgevision.envs import IDS, Allocation, Policy, Simulator, SlotProblem
from edgevision.envs.config import Fading
from edgevision.envs.simulation.episodes import play
from edgevision.experiments.evaluation.scenario import Scenario
from edgevision.protocol import episode_seeds
from edgevision.statistics import Interval, crosswise_samples, percentile_interval

POLICIES = ("joint", "fracr-exact")
FIRST_SLOTS = 10
#: Spectral efficiency of the highest modulation and coding schemes of LTE [bit/s/Hz]: 3GPP TS 36.213, tables 7.2.3-1
#: (64-QAM) and 7.2.3-2 (256-QAM), CQI 15.
CAPS = {"64-QAM": 5.5547, "256-QAM": 7.4063}
#: What a terminal of LTE's power class 3 may send, 23 dBm [W]; 3GPP TS 36.101, table 6.2.2-1.
TERMINAL_POWER = 10**2.3 * 1e-3


@dataclass(frozen=True, eq=False)
class Slot:
    """One slot of E episodes.

    Attributes:
        number: 0 is the first slot of the episodes.
        problem: what the controller sees as modelled.
        content: index of each request's content, (E, U).
        fresh: whether the request came in this slot, first come, first served, (E, U).
        correct: recorded answers, (J, K); ``None`` scores mean accuracies.
        mean_size: mean size of the training contents at each point, (K,) [bit].
    """

    number: int
    problem: SlotProblem
    content: IntArray
    fresh: BoolArray
    correct: BoolArray | None
    mean_size: FloatArray

    def success(self, allocation: Allocation, problem: SlotProblem | None = None) -> FloatArray:
        """Phi of each user, (E, U), if ``problem`` holds instead of the one as modelled."""
        true = problem or self.problem
        if self.correct is None:
            return true.task_success(allocation)
        return self.correct[self.content, allocation.operating_point] * true.success_probability(allocation)


#: Success of each user in a slot if an assumption does not hold, (E, U), from the slot, the policy and its allocation
#: as modelled.
World = Callable[[Slot, Policy, Allocation], FloatArray]


@dataclass(frozen=True, eq=False)
class Score:
    """A mean over episodes, and its values on bootstrap samples of episodes and contents."""

    value: float
    samples: FloatArray

    def interval(self) -> Interval:
        """The interval of the score."""
        return percentile_interval(self.value, self.samples)

    def minus(self, other: Score) -> Interval:
        """The interval of the difference of two scores on the same episodes."""
        return percentile_interval(self.value - other.value, self.samples - other.samples)


def score(slots: Sequence[Slot], results: Sequence[FloatArray], *, by_request: bool = False) -> Score:
    """The mean of the ``results``, one (E, U) array per slot: over slots, or over the requests of each episode."""
    active = [slot.problem.active for slot in slots]
    requests = sum(users.sum(axis=1) for users in active)
    mass, weight = np.zeros((2, len(active[0]), 1 + max(slot.content.max() for slot in slots)))
    for slot, users, result in zip(slots, active, results, strict=True):
        episode, _ = np.nonzero(users)
        cell = episode, slot.content[users]
        share = 1.0 / (requests if by_request else users.sum(axis=1) * len(slots))[episode]
        np.add.at(mass, cell, share * result[users])
        np.add.at(weight, cell, share)
    return Score(float(mass.sum(axis=1).mean()), crosswise_samples(mass, weight))


def other_fading(problem: SlotProblem) -> SlotProblem:
    """The other distribution of the power gain with the same mean: delta sqrt(2 / pi) if half-normal, else delta."""
    (fading,) = set(get_args(Fading)) - {problem.fading}
    factor = math.sqrt(2 / math.pi) if fading == "rayleigh" else math.sqrt(math.pi / 2)
    return replace(problem, fading=fading, gain_scale=problem.gain_scale * factor)


def with_other_fading(slot: Slot, policy: Policy, _usual: Allocation) -> FloatArray:
    """The controller knows it."""
    problem = other_fading(slot.problem)
    return slot.success(policy.act(problem), problem)


def with_unknown_fading(slot: Slot, _policy: Policy, usual: Allocation) -> FloatArray:
    """The controller believes in the distribution as modelled."""
    return slot.success(usual, other_fading(slot.problem))


def power_each(slot: Slot, policy: Policy, watts: float | FloatArray) -> FloatArray:
    """Every active user sends with ``watts``, whatever the others do; bandwidth and operating points are decided.

    With a cap per user and no limit on the sum, all send at their cap. The minimum power then uses up the budget.
    """
    count = np.maximum(slot.problem.active.sum(axis=1), 1)
    least = np.broadcast_to(watts, count.shape)
    problem = replace(slot.problem, power_budget=count * least, min_power=least)
    return slot.success(policy.act(problem), problem)


def equal_share_of_cell(slot: Slot, policy: Policy, _usual: Allocation) -> FloatArray:
    """A cap of P_max / U."""
    return power_each(slot, policy, slot.problem.power_budget / slot.problem.users)


def equal_share_of_active(slot: Slot, policy: Policy, _usual: Allocation) -> FloatArray:
    """P_max in equal parts among the active users."""
    return power_each(slot, policy, slot.problem.power_budget / np.maximum(slot.problem.active.sum(axis=1), 1))


def terminal_power(slot: Slot, policy: Policy, _usual: Allocation) -> FloatArray:
    """A cap of 200 mW, each user's own."""
    return power_each(slot, policy, TERMINAL_POWER)


def efficiency(problem: SlotProblem, payload: FloatArray, airtime: FloatArray, bandwidth: FloatArray) -> FloatArray:
    """The spectral efficiency at which a payload takes all the airtime [bit/s/Hz]."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(payload > 0, payload / (np.maximum(airtime, 0.0) * bandwidth), 0.0)


def chosen_efficiency(slot: Slot, allocation: Allocation) -> FloatArray:
    """The spectral efficiency that each user needs, (E, U) [bit/s/Hz]."""
    problem = slot.problem
    payload, airtime = problem.at(allocation, problem.payload), problem.at(allocation, problem.airtime)
    return efficiency(problem, payload, airtime, allocation.bandwidth)


def above(slot: Slot, _policy: Policy, usual: Allocation, cap: float) -> FloatArray:
    """Which requests need more than ``cap`` [bit/s/Hz], as 0 or 1."""
    return (chosen_efficiency(slot, usual) > cap).astype(np.float64)


def capped_unawares(slot: Slot, _policy: Policy, usual: Allocation, cap: float) -> FloatArray:
    """The rate ends at ``cap``, and the controller does not know it."""
    return np.where(chosen_efficiency(slot, usual) <= cap, slot.success(usual), 0.0)


def capped(slot: Slot, policy: Policy, usual: Allocation, cap: float) -> FloatArray:
    """The rate ends at ``cap``; operating points are chosen again under it, at the shares of the policy."""
    problem, bandwidth, power = slot.problem, usual.bandwidth, usual.power
    possible = efficiency(problem, problem.payload, problem.airtime, bandwidth[..., None]) <= cap
    value = problem.accuracy * problem.success_probabilities(bandwidth, power) * possible
    return capped_unawares(slot, policy, Allocation(value.argmax(axis=2), bandwidth, power), cap)


def waited(slot: Slot, _policy: Policy, _usual: Allocation) -> FloatArray:
    """Which requests waited for a slot or longer, as 0 or 1."""
    return (slot.problem.active & ~slot.fresh).astype(np.float64)


def late_if_waited(slot: Slot, _policy: Policy, usual: Allocation) -> FloatArray:
    """Requests that waited are late, and the controller does not know it."""
    return np.where(slot.fresh, slot.success(usual), 0.0)


def dropped_if_waited(slot: Slot, policy: Policy, _usual: Allocation) -> FloatArray:
    """Requests that waited are late; the controller gives them nothing."""
    problem = replace(slot.problem, active=slot.problem.active & slot.fresh)
    return slot.success(policy.act(problem), problem)


def mean_sizes(slot: Slot, policy: Policy, _usual: Allocation) -> FloatArray:
    """The controller knows the mean size at each point, not that of the content."""
    shape = slot.problem.size_fraction.shape
    seen = replace(
        slot.problem,
        raw_size=np.full(shape[:2], slot.mean_size.max()),
        size_fraction=np.broadcast_to(slot.mean_size / slot.mean_size.max(), shape),
    )
    return slot.success(policy.act(seen))


#: What holds instead of an assumption; ``{fading}`` is the other distribution of the power gain.
WORLDS: dict[str, World] = {
    "power gain {fading}": with_other_fading,
    "power gain {fading}, not known to the controller": with_unknown_fading,
    "each active user sends with an equal part of P_max": equal_share_of_active,
    "each user may send with P_max / U": equal_share_of_cell,
    "each user may send with 200 mW": terminal_power,
    **{f"rate at most {cap:.2f} bit/s/Hz ({name})": partial(capped, cap=cap) for name, cap in CAPS.items()},
    f"rate at most {CAPS['64-QAM']:.2f} bit/s/Hz, not known": partial(capped_unawares, cap=CAPS["64-QAM"]),
    "requests that waited are late, and get nothing": dropped_if_waited,
    "requests that waited are late, not known": late_if_waited,
    "only mean sizes are known": mean_sizes,
}
SHARES: dict[str, World] = {
    "waited for a slot or longer": waited,
    **{f"sent at more than {cap:.2f} bit/s/Hz ({name})": partial(above, cap=cap) for name, cap in CAPS.items()},
}


def play_slots(env_id: str, episodes: int) -> list[Slot]:
    """The slots of the first test episodes."""
    simulator = Scenario(env_id).make(episodes).simulator
    correct = simulator.profile.correct if simulator.config.accuracy == "replay" else None
    mean_size = _mean_size(simulator)
    slots: list[Slot] = []
    for number, played in enumerate(play(simulator, _nothing_sent, episode_seeds("test", episodes))):
        # A request came earlier if the user had others beside the one that was served before.
        fresh = simulator.trace.pool[:, number - 1] <= 1 if number else np.ones(played.content.shape, bool)
        slots.append(Slot(number, played.problem, played.content, fresh, correct, mean_size))
    return slots


def _nothing_sent(problem: SlotProblem, _running: BoolArray) -> Allocation:
    return Allocation(np.zeros(problem.active.shape, np.int64), *np.zeros((2, *problem.active.shape)))


def _mean_size(simulator: Simulator) -> FloatArray:
    profile, config = simulator.profile, simulator.config
    if profile.relative:
        return np.mean(config.size_mbit) * 1e6 * profile.size_fraction[0]
    return 8.0 * profile.size[profile.members("train")].mean(axis=0)


def report(env_id: str, episodes: int) -> dict[str, str]:
    """Print the tables of one environment; returns what each row costs the first policy."""
    slots = play_slots(env_id, episodes)
    policies = {name: baselines.make(name) for name in POLICIES}
    usual = {name: [policy.act(slot.problem) for slot in slots] for name, policy in policies.items()}
    results = {name: [s.success(made) for s, made in zip(slots, usual[name], strict=True)] for name in POLICIES}
    modelled = {name: score(slots, found) for name, found in results.items()}
    print(f"\n{env_id}, {episodes} test episodes of {len(slots)} slots\n")
    print(f"| instead of the assumption | {' | '.join(f'`{name}` | difference' for name in POLICIES)} |")
    print("|---" * (1 + 2 * len(POLICIES)) + "|")
    print(f"| as modelled | {' | '.join(f'{text(found.interval())} |' for found in modelled.values())} |")

    def play_in(world: World, name: str) -> list[FloatArray]:
        return [world(slot, policies[name], made) for slot, made in zip(slots, usual[name], strict=True)]

    other = "half-normal" if slots[0].problem.fading == "rayleigh" else "exponential"
    costs: dict[str, str] = {}

    def row(label: str, found: dict[str, Score]) -> None:
        differences = [signed(found[name].minus(modelled[name])) for name in POLICIES]
        cells = [f"{found[name].value:.3f} | {cost}" for name, cost in zip(POLICIES, differences, strict=True)]
        print(f"| {label.format(fading=other)} | {' | '.join(cells)} |", flush=True)
        costs[label] = differences[0]

    for label, world in WORLDS.items():
        row(label, {name: score(slots, play_in(world, name)) for name in POLICIES})
    row("mean over requests instead of slots", {n: score(slots, results[n], by_request=True) for n in POLICIES})
    first = slots[:FIRST_SLOTS]
    row(f"episodes of {FIRST_SLOTS} slots", {n: score(first, results[n][:FIRST_SLOTS]) for n in POLICIES})
    print(f"\n| share of the requests [%] | {' | '.join(f'`{name}`' for name in POLICIES)} |")
    print("|---" * (1 + len(POLICIES)) + "|")
    for label, world in SHARES.items():
        shares = [score(slots, play_in(world, name), by_request=True).interval() for name in POLICIES]
        print(f"| {label} | {' | '.join(per_cent(share) for share in shares)} |", flush=True)
    return costs


def print_summary(costs: dict[str, dict[str, str]]) -> None:
    """Print a row per assumption and a column per environment."""
    print(f"\n`{POLICIES[0]}` in all environments\n")
    print(f"| instead of the assumption | {' | '.join(env_id.split('/')[-1] for env_id in costs)} |")
    print("|---" * (1 + len(costs)) + "|")
    for label in next(iter(costs.values())):
        cells = " | ".join(of[label] for of in costs.values())
        print(f"| {label.format(fading='exponential instead of half-normal, or the reverse')} | {cells} |")


def text(interval: Interval) -> str:
    """``0.661 [0.601, 0.718]``."""
    return f"{interval.estimate:.3f} [{interval.low:.3f}, {interval.high:.3f}]"


def signed(interval: Interval) -> str:
    """``+0.042 [+0.029, +0.054]``."""
    return f"{interval.estimate:+.3f} [{interval.low:+.3f}, {interval.high:+.3f}]"


def per_cent(interval: Interval) -> str:
    """A share as ``12.3 [11.0, 13.6]``."""
    return f"{100 * interval.estimate:.1f} [{100 * interval.low:.1f}, {100 * interval.high:.1f}]"


def main() -> None:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ids", nargs="*", default=IDS, help="environment ids")
    parser.add_argument("--episodes", type=int, default=300, help="test episodes")
    given = parser.parse_args()
    with one_line_errors():
        print_summary({env_id: report(env_id, given.episodes) for env_id in given.ids})


if __name__ == "__main__":
    main()
