"""Train on some presets and on a mixture of them, and score every agent on every preset.

    OMP_NUM_THREADS=1 python benchmarks/shift_matrix.py [--env EdgeVision/Image-v0] [--out runs/shift] [--seeds 3]

The first rows are agents that were trained on one preset, the next one an agent whose episodes each drew one of these
presets (``edgevision train ID --set preset=NAME,NAME``), and the last ones classical policies. Columns are presets,
also those that nobody was trained on. Each cell is the score on test episodes with a 95 % interval over episodes,
contents and training seeds. A run that was stopped goes on where it was: agents lie in OUT/agents, results in
OUT/scores.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from one_line import one_line_errors

from edgevision import agents
from edgevision.agents.run_folder import RunFolder
from edgevision.envs.stresses import STRESSES
from edgevision.experiments.evaluation.evaluate import EvaluationConfig, evaluate
from edgevision.experiments.evaluation.scenario import Scenario
from edgevision.statistics import crosswise_interval

#: Stresses to train on: those that differ from the default in settings that can vary from episode to episode.
TRAINED = ("cell-edge", "tight-deadlines", "bursts", "slow-device", "shadowing")
REFERENCES = ("joint", "fracr-exact")


def stresses(env_id: str) -> tuple[str, list[str]]:
    """The default preset of an id, and the stresses that it has."""
    default = Scenario(env_id).make(1).default_preset
    return default, [name for name, stress in STRESSES.items() if default in stress.changes]


def train(env_id: str, folder: Path, presets: Sequence[str], steps: int | None, seed: int) -> None:
    """Train an agent on one preset or a mixture, or go on with its run.

    Raises:
        ValueError: the run in the folder is another one.
    """
    preset = presets[0] if len(presets) == 1 else list(presets)
    config = agents.TrainConfig(env_id, folder, "ppo", steps, seed, {"preset": preset})
    if not (folder / "config.json").exists():
        agents.train(config)
        return
    stored = RunFolder(folder).read_config().get("training", {})
    asked = {"env_id": env_id, "seed": seed, "settings": {"preset": preset}}
    if steps is not None:
        asked["steps"] = steps
    if {name: stored.get(name) for name in asked} != asked:
        raise ValueError(f"{folder} holds a run with other settings; choose another folder with --out")
    agents.resume(folder)


def main() -> None:
    """Train what is missing, then print the matrix."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--env", default="EdgeVision/Image-v0", help="Paper-v0, Image-v0 or Video-v0")
    parser.add_argument("--out", type=Path, default=Path("runs/shift"), help="folder of agents and results")
    parser.add_argument("--presets", nargs="+", help="presets to train on; by default the usual one and five stresses")
    parser.add_argument("--tests", nargs="+", help="presets to score on; by default all of the id")
    parser.add_argument("--steps", type=int, help="environment steps of each agent; by default those of the id")
    parser.add_argument("--seeds", type=int, default=1, help="training seeds of each agent")
    parser.add_argument("--episodes", type=int, default=100, help="test episodes")
    options = parser.parse_args()
    with one_line_errors():
        default, known = stresses(options.env)
        presets = options.presets or [default, *(name for name in TRAINED if name in known)]
        rows = {**{name: [name] for name in presets}, **({"mixed": presets} if len(presets) > 1 else {})}
        folders = {name: options.out / "agents" / name for name in rows}
        for seed in range(options.seeds):
            for name, mixed in rows.items():
                train(options.env, folders[name] / f"seed{seed}", mixed, options.steps, seed)
        print_matrix(options.env, folders, options.tests or [default, *known], options.episodes, options.out)


def print_matrix(env_id: str, folders: dict[str, Path], tests: Sequence[str], episodes: int, out: Path) -> None:
    """Print the score of every agent and reference on every preset."""
    policies = [*map(str, folders.values()), *REFERENCES]
    columns = []
    for preset in tests:
        config = EvaluationConfig(env_id, policies, episodes, settings={"preset": preset})
        evaluation = evaluate(config, out / "scores" / preset, show_progress=False)
        found = (crosswise_interval(result.content_scores, result.content_weight) for result in evaluation.results)
        columns.append([f"{cell.estimate:.3f} [{cell.low:.3f}, {cell.high:.3f}]" for cell in found])
    print(f"{env_id}, {episodes} test episodes\n\n| trained on \\ scored on | {' | '.join(tests)} |")
    print("|---" * (1 + len(tests)) + "|")
    names = [*(f"PPO, {name}" for name in folders), *(f"`{name}`" for name in REFERENCES)]
    for name, cells in zip(names, zip(*columns, strict=True), strict=True):
        print(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
