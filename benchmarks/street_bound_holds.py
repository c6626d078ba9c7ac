"""Check that no policy beats `edgevision.baselines.episode_bound` in any episode of ``EdgeVision/Stream-v0``.

Run ``python benchmarks/street_bound_holds.py --episodes 1000``. It prints the score of each policy, its part of the
bound, the episodes in which the score less its luck with the fading exceeds the bound, and those in which the score
itself does. It exits with 1 if there is one of the first kind: the bound holds in expectation over the fading.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import numpy as np

from edgevision import baselines
from edgevision.baselines import StreetBound
from edgevision.envs import Allocation, SlotProblem, StreamConfig, StreamSimulator
from edgevision.envs.policy import show_future
from edgevision.envs.simulation.episodes import play, start
from edgevision.progress import progress_bar
from edgevision.protocol import episode_seeds

_AT_A_TIME = 50


def play_group(config: StreamConfig, seeds: Sequence[int]) -> tuple[StreetBound, dict[str, np.ndarray]]:
    """The bound of each episode, and the sum of rewards and the luck of each policy in it, (2, N)."""
    simulator = StreamSimulator(config, len(seeds))
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
    return bound, played


def main() -> None:
    """Bound the episodes of the test split, and run every policy on them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--episodes", type=int, default=1000)
    parser.add_argument("--preset", default="street")
    options = parser.parse_args()
    config = StreamConfig.from_preset(options.preset, content_split="test")
    seeds = episode_seeds("test", options.episodes)
    parts = []
    with progress_bar("episodes", len(seeds)) as advance:
        for first in range(0, len(seeds), _AT_A_TIME):
            parts.append(play_group(config, seeds[first : first + _AT_A_TIME]))
            advance(len(parts[-1][0].value))
    bound = np.concatenate([part.value for part, _ in parts])
    slots = config.episode_slots
    print(f"{len(seeds)} test episodes, preset {options.preset}; bound {bound.mean() / slots:.4f}")
    played = {name: np.concatenate([part[name] for _, part in parts], axis=1) for name in parts[0][1]}
    above = {name: int((reward - luck > bound).sum()) for name, (reward, luck) in played.items()}
    for name, (reward, luck) in sorted(played.items(), key=lambda item: -item[1][0].sum()):
        print(
            f"{name:18} score {reward.mean() / slots:.4f}, {reward.sum() / bound.sum():.1%} of the bound, luck "
            f"{luck.mean() / slots:+.4f}; above it without luck in {above[name]} episodes, with luck in "
            f"{int((reward > bound).sum())}"
        )
    sys.exit(any(above.values()))


if __name__ == "__main__":
    main()
