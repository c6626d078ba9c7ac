"""Compare the policies of ``EdgeVision/Stream-v0`` with each other, with learned beliefs and with the bound.

Run ``python benchmarks/stream_table.py`` for the preset ``street``, followed by the folders of learned beliefs that
``edgevision train-belief`` wrote for the same preset. Classical policies are tuned on validation episodes; all play the
same test episodes on test contents. It prints scores, and differences from the best classical policy in percent of its
score, each with a 95 % interval over episodes and contents.
"""

from __future__ import annotations

import argparse
from dataclasses import astuple
from pathlib import Path

import numpy as np

from edgevision import baselines
from edgevision.envs.simulation.episodes import start
from edgevision.experiments.evaluation.evaluate import EvaluationConfig, evaluate
from edgevision.experiments.evaluation.scenario import Scenario
from edgevision.experiments.evaluation.summary import difference, summarise, with_interval


def main() -> None:
    """Evaluate all policies and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("beliefs", nargs="*", help="folders of learned beliefs")
    parser.add_argument("--preset", default="street")
    parser.add_argument("--episodes", type=int, default=128)
    parser.add_argument("--policies", nargs="*", default=baselines.names(family="stream"), help="by default all")
    parser.add_argument("--out", type=Path, help="folder in which finished parts are stored")
    options = parser.parse_args()
    settings = {"preset": options.preset}
    names = [*options.policies, *options.beliefs]
    config = EvaluationConfig("EdgeVision/Stream-v0", names, options.episodes, settings=settings)
    evaluation = evaluate(config, options.out)
    simulator = Scenario("EdgeVision/Stream-v0", settings).make(options.episodes).simulator
    start(simulator, evaluation.seeds)
    bound = baselines.episode_bound(simulator).score.mean()
    results = {result.spec.label: result for result in evaluation.results}
    causal = [result for result in evaluation.results if result.spec.causal and result.spec.kind != "learned"]
    best = max(causal, key=lambda result: result.scores.mean())
    print(
        f"{options.episodes} test episodes, preset {options.preset}; minus {best.spec.label}, in percent of its score"
    )
    print(f"{'bound':28} {bound:.4f}")
    for row in summarise(evaluation):
        percent = 100.0 * np.array(astuple(difference(results[row.policy], best))) / best.scores.mean()
        compared = "" if row.policy == best.spec.label else "{:+6.1f} [{:+.1f}, {:+.1f}]".format(*percent)
        print(f"{row.policy:28} {with_interval(row.score)}  {compared:24} {row.options}")


if __name__ == "__main__":
    main()
