"""How policies score under each stress: presets that change one thing, ``edgevision/envs/stresses.py``.

    OMP_NUM_THREADS=1 python benchmarks/stress_table.py [EdgeVision/Image-v0 ..] [--episodes 10]

Prints a table for each environment, with a row for its default and for each stress that it has. Scores are those of
``edgevision evaluate ID POLICY .. --set preset=STRESS``, with 95 % intervals over episodes and contents.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from one_line import one_line_errors

from edgevision.envs.registration import IDS
from edgevision.envs.stresses import STRESSES
from edgevision.experiments.evaluation.evaluate import EvaluationConfig, evaluate
from edgevision.experiments.evaluation.scenario import Scenario
from edgevision.experiments.evaluation.summary import summarise

#: Policies by the family of the environment.
POLICIES = {
    "bandit": ("joint", "co-crra", "fracr-exact"),
    "dynamic": ("mpc", "adaptive"),
    "stream": ("two-state-filter:rate=1,trust=1", "max-age:level=3"),
}


def presets(env_id: str) -> dict[str, str]:
    """The default preset of an id and the stresses that it has, with what each is."""
    default = Scenario(env_id).make(1).default_preset
    stresses = {name: stress.what for name, stress in STRESSES.items() if default in stress.changes}
    return {default: "the default", **stresses}


def report(env_id: str, episodes: int, chosen: Sequence[str] | None, slots: int | None) -> None:
    """Print the table of an environment."""
    names = chosen or POLICIES[Scenario(env_id).make(1).simulator.family]
    shorter = {} if slots is None else {"episode_slots": slots}
    print(f"\n{env_id}, {episodes} test episodes\n")
    print(f"| preset | what is harder | {' | '.join(f'`{name}`' for name in names)} |")
    print("|---" * (2 + len(names)) + "|")
    for preset, what in presets(env_id).items():
        config = EvaluationConfig(env_id, list(names), episodes, settings={"preset": preset, **shorter})
        found = {row.policy: row.score for row in summarise(evaluate(config, show_progress=False))}
        scores = [f"{found[name].estimate:.3f} [{found[name].low:.3f}, {found[name].high:.3f}]" for name in names]
        print(f"| `{preset}` | {what} | {' | '.join(scores)} |", flush=True)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    shown = [env_id for env_id in IDS if env_id != "EdgeVision/Dynamic-Price-v0"]  # the episodes of Dynamic-v0
    parser.add_argument("ids", nargs="*", metavar="ID", default=shown, help="environments; all by default")
    parser.add_argument("--episodes", type=int, default=10, help="test episodes")
    parser.add_argument("--policies", nargs="*", help="by default three of the slot, or two that look ahead")
    parser.add_argument("--slots", type=int, help="slots of an episode; by default those of the id")
    options = parser.parse_args()
    with one_line_errors():
        for env_id in options.ids:
            report(env_id, options.episodes, options.policies, options.slots)


if __name__ == "__main__":
    main()
