"""Check that no policy beats `edgevision.baselines.episode_bound` in any episode of ``EdgeVision/Dynamic-v0``.

Run ``python benchmarks/episode_bound_holds.py --episodes 1000``. It prints the score of each policy (right answers over
requests, all episodes together), its part of the bound, and the episodes in which it exceeds the bound; it exits with 1
if there is one. Policies use their defaults, which were tuned on validation episodes of the preset ``patrol``.
"""

from __future__ import annotations

import argparse
import sys
import time

import numpy as np

from edgevision import baselines
from edgevision.envs import DynamicConfig, DynamicSimulator
from edgevision.envs.policy import show_future
from edgevision.envs.simulation.episodes import play, start
from edgevision.protocol import episode_seeds

_AT_A_TIME = 100


def main() -> None:
    """Bound the episodes of the test split, and run every policy on them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--episodes", type=int, default=1000)
    parser.add_argument("--preset", default="patrol")
    options = parser.parse_args()
    config = DynamicConfig.from_preset(options.preset, content_split="test")
    names = baselines.names(sequential=True)
    right = {name: np.zeros(options.episodes) for name in names}
    bound, requests = np.zeros((2, options.episodes))
    started = time.process_time()
    seconds = 0.0
    seeds = episode_seeds("test", options.episodes)
    for first in range(0, len(seeds), _AT_A_TIME):
        group = slice(first, first + _AT_A_TIME)
        part = seeds[group]
        simulator = DynamicSimulator(config, len(part))
        start(simulator, part)
        begun = time.process_time()
        found = baselines.episode_bound(simulator)
        seconds += time.process_time() - begun
        bound[group], requests[group] = found.value, found.requests
        for name in names:
            policy = baselines.make(name)
            start(simulator, part)
            show_future(policy, simulator)
            for slot in play(simulator, lambda problem, _, policy=policy: policy.act(problem), part):
                right[name][group] += (slot.outcome.in_time * slot.outcome.accuracy).sum(axis=1)
    total, violations = requests.sum(), 0
    print(f"{options.episodes} test episodes, preset {options.preset}; bound {bound.sum() / total:.4f}")
    for name in sorted(names, key=lambda name: -right[name].sum()):
        above = int((right[name] > bound).sum())
        violations += above
        share = right[name].sum() / bound.sum()
        print(
            f"{name:12} score {right[name].sum() / total:.4f}, {share:.1%} of the bound, above it in {above} episodes"
        )
    print(f"bound: {seconds / options.episodes:.3f} CPU-s an episode; all: {time.process_time() - started:.0f} CPU-s")
    sys.exit(violations > 0)


if __name__ == "__main__":
    main()
