"""Check that no policy beats `edgevision.baselines.episode_bound` in any episode of Dynamic-v0 or Stream-v0.

Run ``python benchmarks/episode_bound_holds.py EdgeVision/Stream-v0 --episodes 1000``. It prints the score of each
policy, its part of the bound, and the episodes in which it exceeds the bound. Policies use their defaults, which were
tuned on validation episodes of the default preset.

In Stream-v0 the bound holds in expectation over the fading. There the luck of each policy with the fading is taken off
before its score is compared with the bound, and the last column counts the episodes without that. The exit code is 1 if
there is an episode above the bound.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

import numpy as np

from edgevision import baselines
from edgevision.baselines import EpisodeBound, StreetBound
from edgevision.envs import Allocation, DynamicConfig, DynamicSimulator, SlotProblem, StreamConfig, StreamSimulator
from edgevision.envs.policy import show_future
from edgevision.envs.simulation.episodes import play, start
from edgevision.progress import progress_bar
from edgevision.protocol import episode_seeds

_AT_A_TIME = 50

#: Bound and unit of the scores (requests or slots) of each episode, and reward and luck of each policy, (2, N).
Group = tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]


def dynamic_group(preset: str, seeds: Sequence[int]) -> Group:
    """Episodes of Dynamic-v0, whose bound holds without regard to luck."""
    simulator = DynamicSimulator(DynamicConfig.from_preset(preset, content_split="test"), len(seeds))
    start(simulator, seeds)
    bound = baselines.episode_bound(simulator)
    assert isinstance(bound, EpisodeBound)
    played = {}
    for name in baselines.names(family="dynamic"):
        start(simulator, seeds)
        policy = baselines.make(name)
        show_future(policy, simulator)
        slots = play(simulator, lambda problem, _, policy=policy: policy.act(problem), seeds)
        right = sum((slot.outcome.in_time * slot.outcome.accuracy).sum(axis=1) for slot in slots)
        played[name] = np.stack([right, np.zeros(len(seeds))])
    return bound.value, bound.requests, played


def stream_group(preset: str, seeds: Sequence[int]) -> Group:
    """Episodes of Stream-v0."""
    simulator = StreamSimulator(StreamConfig.from_preset(preset, content_split="test"), len(seeds))
    start(simulator, seeds)
    bound = baselines.episode_bound(simulator)
    assert isinstance(bound, StreetBound) and simulator.profile.correct is not None
    played = {}
    for name in baselines.names(family="stream"):
        start(simulator, seeds)
        policy, held = baselines.make(name), [np.zeros(0)]
        show_future(policy, simulator)

        def decide(problem: SlotProblem, _: np.ndarray, policy=policy, held=held) -> Allocation:
            held[0] = simulator.right & ~simulator.changed
            return policy.act(problem)

        sums = np.zeros((2, len(seeds)))
        for number, slot in enumerate(play(simulator, decide, seeds)):
            terms = slot.outcome.terms
            answers = simulator.profile.correct[slot.content, slot.allocation.operating_point]
            luck = bound.luck(number, terms["delivered"], terms["probability"], held[0], answers)
            sums += np.stack([slot.outcome.reward, luck])
        played[name] = sums
    return bound.value, np.full(len(seeds), simulator.config.episode_slots), played


#: How the episodes of an environment are bounded and played, and its default preset.
GROUPS: dict[str, tuple[Callable[[str, Sequence[int]], Group], str]] = {
    "EdgeVision/Dynamic-v0": (dynamic_group, "patrol"),
    "EdgeVision/Stream-v0": (stream_group, "street"),
}


def main() -> None:
    """Bound the episodes of the test split, and run every policy on them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("env", nargs="?", choices=GROUPS, default="EdgeVision/Dynamic-v0")
    parser.add_argument("--episodes", type=int, default=1000)
    parser.add_argument("--preset", help="by default that of the environment")
    options = parser.parse_args()
    play_group, default = GROUPS[options.env]
    preset, seeds = options.preset or default, episode_seeds("test", options.episodes)
    parts = []
    with progress_bar("episodes", len(seeds)) as advance:
        for first in range(0, len(seeds), _AT_A_TIME):
            parts.append(play_group(preset, seeds[first : first + _AT_A_TIME]))
            advance(len(parts[-1][0]))
    bound, unit = (np.concatenate([part[i] for part in parts]) for i in (0, 1))
    played = {name: np.concatenate([part[2][name] for part in parts], axis=1) for name in parts[0][2]}
    print(f"{options.env}, {len(seeds)} test episodes, preset {preset}; bound {bound.sum() / unit.sum():.4f}")
    above = {name: int((reward - luck > bound).sum()) for name, (reward, luck) in played.items()}
    for name, (reward, luck) in sorted(played.items(), key=lambda item: -item[1][0].sum()):
        line = (
            f"{name:18} score {reward.sum() / unit.sum():.4f}, {reward.sum() / bound.sum():.1%} of the bound, above it "
        )
        line += f"in {above[name]} episodes"
        if luck.any():
            line += f"; mean luck {luck.sum() / unit.sum():+.4f}, above it with luck in {int((reward > bound).sum())}"
        print(line)
    sys.exit(any(above.values()))


if __name__ == "__main__":
    main()
