"""What creates the room for foresight in ``EdgeVision/Dynamic-v0``: the bound against the best tuned classical policy.

Run ``python benchmarks/foresight.py``. It takes battery, permission to wait and movement away, one at a time, and
prints for each the best classical policy (tuned on validation episodes), the clairvoyant one, the bound, and the room:
the share of the bound by which the best classical policy stays below it.

``python benchmarks/foresight.py --gamma 0`` trains ``marginal`` with that discount factor for one short round, and
prints the score on the validation episodes before and after. With 0 no later reward counts.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

from edgevision.agents import TrainConfig, train
from edgevision.baselines import episode_bound
from edgevision.envs import DynamicSimulator
from edgevision.envs.simulation.episodes import start
from edgevision.experiments.evaluation.evaluate import EvaluationConfig, evaluate
from edgevision.experiments.evaluation.scenario import Scenario
from edgevision.protocol import episode_seeds

ENV_ID = "EdgeVision/Dynamic-v0"
CLASSICAL = ("myopic", "lyapunov", "adaptive", "look-ahead", "mpc")
SETTINGS: dict[str, dict[str, Any]] = {
    "patrol": {},
    "no battery": {"battery_mj": (1e6, 1e6)},
    "no waiting": {"deadline_slots": (1, 1)},
    "no movement": {"speed_m_per_s": (0.0, 0.0)},
}


def room(settings: dict[str, Any], policies: list[str], episodes: int) -> tuple[str, float, float, float]:
    """Name and score of the best classical policy, score of the clairvoyant one, and the bound."""
    asked = EvaluationConfig(ENV_ID, (*policies, "clairvoyant"), episodes, settings=settings)
    scores = {result.spec.label: float(result.scores.mean()) for result in evaluate(asked, show_progress=False).results}
    seeds = episode_seeds("test", episodes)
    simulator = Scenario(ENV_ID, settings, "test").make(episodes).simulator
    assert isinstance(simulator, DynamicSimulator)
    start(simulator, seeds)
    best = max(policies, key=lambda name: scores[name])
    return best, scores[best], scores["clairvoyant"], float(episode_bound(simulator).score.mean())


def main() -> None:
    """Print the room of every variant, or what one discount factor does to training."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--episodes", type=int, default=50, help="test episodes")
    parser.add_argument("--policies", nargs="*", default=list(CLASSICAL), help="classical policies")
    parser.add_argument("--slots", type=int, default=100, help="slots of an episode")
    parser.add_argument("--gamma", type=float, help="discount factor to train with")
    options = parser.parse_args()
    if options.gamma is not None:
        with tempfile.TemporaryDirectory() as folder:
            hyperparameters = {"gamma": options.gamma, "steps": 1, "groups": 4}
            config = TrainConfig(
                "EdgeVision/Dynamic-Price-v0",
                Path(folder) / "run",
                "marginal",
                settings={"episode_slots": options.slots},
                hyperparameters=hyperparameters,
            )
            before, after = train(config).curve
        print(f"gamma {options.gamma}: {before.score:.4f} before, {after.score:.4f} after one short round")
        return
    print(f"{options.episodes} test episodes")
    for name, settings in SETTINGS.items():
        asked = {**settings, "episode_slots": options.slots}
        best, score, clairvoyant, bound = room(asked, options.policies, options.episodes)
        share = 1.0 - score / bound
        print(f"{name:12} {best:10} {score:.4f}  clairvoyant {clairvoyant:.4f}  bound {bound:.4f}  room {share:.1%}")


if __name__ == "__main__":
    main()
