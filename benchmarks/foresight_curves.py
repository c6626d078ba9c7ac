"""Draw how agents of ``EdgeVision/Dynamic-Price-v0`` get past the classical policies while they train.

Run ``python benchmarks/foresight_curves.py RUN [RUN ...] --out foresight.png`` with the run folders of
``edgevision train EdgeVision/Dynamic-Price-v0``. A line per run shows the score on its validation episodes, from the
untrained agent on, which is the policy ``mpc`` with its default parameters. Horizontal lines are the classical
policies, tuned on validation episodes, the clairvoyant policy and the certified bound, on the same episodes.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from edgevision.baselines import episode_bound
from edgevision.envs import DynamicSimulator
from edgevision.envs.simulation.episodes import start
from edgevision.experiments.evaluation.evaluate import EvaluationConfig, evaluate
from edgevision.experiments.evaluation.scenario import Scenario
from edgevision.experiments.plot_style import COLOURS, as_png, new_axes
from edgevision.protocol import SEEDS
from edgevision.storage.disk_files import write_atomically

ENV_ID = "EdgeVision/Dynamic-v0"
CLASSICAL = ("lyapunov", "adaptive", "look-ahead", "mpc", "clairvoyant")


def main() -> None:
    """Read the curves, evaluate the classical policies, and draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", type=Path, help="run folders")
    parser.add_argument("--out", type=Path, default=Path("foresight.png"), help="picture to write")
    parser.add_argument("--policies", nargs="*", default=list(CLASSICAL), help="lines to draw")
    options = parser.parse_args()
    runs = [json.loads((run / "config.json").read_text(encoding="utf-8"))["training"] for run in options.runs]
    curves = [json.loads((run / "curve.json").read_text(encoding="utf-8")) for run in options.runs]
    settings, episodes = runs[0]["settings"], min(run["evaluation_episodes"] for run in runs)
    asked = EvaluationConfig(ENV_ID, options.policies, episodes, "validation", settings)
    lines = {result.spec.label: float(result.scores.mean()) for result in evaluate(asked, show_progress=False).results}
    simulator = Scenario(ENV_ID, settings, "validation").make(episodes).simulator
    assert isinstance(simulator, DynamicSimulator)
    start(simulator, SEEDS["validation"][:episodes])
    lines["bound"] = float(episode_bound(simulator).score.mean())
    figure, axes = new_axes(6.4, 4.0)
    for number, curve in enumerate(curves):
        steps, scores = ([point[name] for point in curve] for name in ("steps", "score"))
        label = "agents" if number == 0 else None
        axes.plot([step / 1e6 for step in steps], scores, color=COLOURS["learned"], linewidth=1.2, label=label)
        print(f"{options.runs[number]}: {scores[0]:.4f} untrained, {max(scores):.4f} at best")
    for name, score in lines.items():
        axes.axhline(score, color=COLOURS["solver" if name != "bound" else "rule"], linewidth=0.8)
        axes.annotate(name, (1.0, score), xycoords=("axes fraction", "data"), va="center", fontsize=8)
        print(f"{name:12} {score:.4f}")
    axes.set_xlabel("environment steps [million]")
    axes.set_ylabel(f"score, {episodes} validation episodes")
    axes.legend(loc="center right", frameon=False)
    write_atomically(options.out, as_png(figure))


if __name__ == "__main__":
    main()
