"""What each option of ``EdgeVision/Dynamic-v0`` costs or brings: scores of two policies, and the bound.

Run ``python benchmarks/dynamic_options.py``. All rows have the same test episodes apart from the option. The policies
keep their default parameters, which were tuned without options. Differences from the first row have a 95 % interval
over episodes and contents.
"""

from __future__ import annotations

import argparse
from dataclasses import astuple
from typing import Any

from edgevision import baselines
from edgevision.envs.simulation.episodes import start
from edgevision.experiments.evaluation.evaluate import EvaluationConfig, PolicyResult, evaluate
from edgevision.experiments.evaluation.scenario import Scenario
from edgevision.experiments.evaluation.summary import difference

ENV_ID = "EdgeVision/Dynamic-v0"
POLICIES = ("mpc", "adaptive")
OPTIONS: dict[str, Any] = {
    "harvest_mj_per_slot": (0.05, 0.2),
    "encoding_mj": 0.5,
    "csi_delay_slots": 2,
    "csi_error_db": 3.0,
    "modulation": "cqi",
}


def compared(settings: dict[str, Any], episodes: int) -> tuple[list[PolicyResult], float]:
    """The results of the policies, and the mean bound."""
    policies = [baselines.make(name) for name in POLICIES]
    evaluation = evaluate(EvaluationConfig(ENV_ID, policies, episodes, settings=settings), show_progress=False)
    simulator = Scenario(ENV_ID, settings).make(episodes).simulator
    start(simulator, evaluation.seeds)
    return list(evaluation.results), float(baselines.episode_bound(simulator).score.mean())


def main() -> None:
    """Print a row without options, one for each option, and one with all of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--episodes", type=int, default=50, help="test episodes")
    parser.add_argument("--slots", type=int, default=100, help="slots of an episode")
    options = parser.parse_args()
    rows = {"none": {}, **{f"{name}={value}": {name: value} for name, value in OPTIONS.items()}, "all": OPTIONS}
    print(f"{options.episodes} test episodes; in brackets the difference from the first row and its interval")
    first: list[PolicyResult] = []
    for name, settings in rows.items():
        results, bound = compared({**settings, "episode_slots": options.slots}, options.episodes)
        first = first or results
        parts = [f"{name:32} bound {bound:.4f}"]
        for policy, result, plain in zip(POLICIES, results, first, strict=True):
            change = (
                "" if result is plain else " ({:+.4f} [{:+.4f}, {:+.4f}])".format(*astuple(difference(result, plain)))
            )
            parts.append(f"{policy} {result.scores.mean():.4f}{change}")
        print("  ".join(parts), flush=True)


if __name__ == "__main__":
    main()
