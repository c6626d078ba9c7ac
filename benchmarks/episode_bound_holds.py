"""Check that no policy beats `edgevision.baselines.episode_bound` in any episode of ``EdgeVision/Dynamic-v0``.

Run ``python benchmarks/episode_bound_holds.py --episodes 1000``. It prints the score of each policy (right answers over
requests, all episodes together), its part of the bound, and the episodes in which it exceeds the bound; it exits with 1
if there is one. Policies use their defaults, which were tuned on validation episodes of the preset ``patrol``.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import numpy as np

from edgevision import baselines
from edgevision.baselines import EpisodeBound
from edgevision.envs import DynamicConfig, DynamicSimulator, Policy
from edgevision.envs.simulation.episodes import play, start
from edgevision.progress import progress_bar
from edgevision.protocol import episode_seeds

_AT_A_TIME = 50


def play_group(config: DynamicConfig, seeds: Sequence[int]) -> tuple[EpisodeBound, dict[str, np.ndarray]]:
    """The bound of each episode, and the right answers of each policy in it."""
    simulator = DynamicSimulator(config, len(seeds))
    start(simulator, seeds)
    reference = baselines.Clairvoyant()
    reference.foresee(simulator)
    assert reference.plan is not None
    right = {}
    for name in baselines.names(family="dynamic"):
        policy: Policy = reference if name == reference.name else baselines.make(name)
        slots = play(simulator, lambda problem, _, policy=policy: policy.act(problem), seeds)
        right[name] = sum((slot.outcome.in_time * slot.outcome.accuracy).sum(axis=1) for slot in slots)
    return reference.plan, right


def main() -> None:
    """Bound the episodes of the test split, and run every policy on them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--episodes", type=int, default=1000)
    parser.add_argument("--preset", default="patrol")
    options = parser.parse_args()
    config = DynamicConfig.from_preset(options.preset, content_split="test")
    seeds = episode_seeds("test", options.episodes)
    parts = []
    with progress_bar("episodes", len(seeds)) as advance:
        for first in range(0, len(seeds), _AT_A_TIME):
            parts.append(play_group(config, seeds[first : first + _AT_A_TIME]))
            advance(len(parts[-1][0].value))
    bound, requests = (np.concatenate([getattr(plan, name) for plan, _ in parts]) for name in ("value", "requests"))
    print(f"{len(seeds)} test episodes, preset {options.preset}; bound {bound.sum() / requests.sum():.4f}")
    right = {name: np.concatenate([part[name] for _, part in parts]) for name in parts[0][1]}
    violations = {name: int((values > bound).sum()) for name, values in right.items()}
    for name in sorted(right, key=lambda name: -right[name].sum()):
        score, share = right[name].sum() / requests.sum(), right[name].sum() / bound.sum()
        print(f"{name:12} score {score:.4f}, {share:.1%} of the bound, above it in {violations[name]} episodes")
    sys.exit(any(violations.values()))


if __name__ == "__main__":
    main()
