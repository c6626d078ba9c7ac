"""What `joint` and Co-CRRA gain by the accuracy on each content, on the contents of all three splits.

    OMP_NUM_THREADS=1 python benchmarks/content_accuracy.py [--episodes 1000] [--policy co-crra] [--agent RUN_FOLDER]
        [PROFILE ..]

Plays EdgeVision/Image-v0 with 10 slots an episode, on the test seeds, with the contents of each split in turn. Prints a
row per profile and split: the score of the policy, that of the same policy with ``-content``, and their difference.
With --agent it prints the differences between the agent and both, for the profile that it was trained on. Brackets hold
95 % intervals, for which episodes, contents and training seeds are resampled. Profiles without an accuracy model are
left out. The models were trained on the train split, so what they gain there is not held out.
"""

from __future__ import annotations

import argparse

from one_line import one_line_errors

from edgevision.experiments.evaluation.evaluate import EvaluationConfig, evaluate
from edgevision.experiments.evaluation.summary import difference, signed, with_interval
from edgevision.profiles import load_profile, shipped_profiles
from edgevision.profiles.content_models.accuracy_model import shipped_models
from edgevision.protocol import CONTENT_SPLITS
from edgevision.statistics import crosswise_interval

ENV_ID = "EdgeVision/Image-v0"


def modelled_profiles() -> list[str]:
    """Names of the shipped profiles that have an accuracy model."""
    return [name for name in shipped_profiles() if load_profile(name).content_fingerprint in shipped_models()]


def row(profile: str, split: str, policy: str, episodes: int, agent: str | None) -> str:
    """One row of the table."""
    policies = (policy, f"{policy}-content", *([agent] if agent else []))
    settings = {"profile": profile, "content_split": split, "episode_slots": 10}
    evaluation = evaluate(EvaluationConfig(ENV_ID, policies, episodes, settings=settings), processes=2)
    plain, informed, *learned = evaluation.results
    scores = (crosswise_interval(result.content_scores, result.content_weight) for result in (plain, informed))
    differences = [difference(informed, plain)]
    differences += [difference(one, other) for one in learned for other in (plain, informed)]
    return f"| {' | '.join([profile, split, *map(with_interval, scores), *map(signed, differences)])} |"


def main() -> None:
    """Parse the command line and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("profiles", nargs="*", help="profiles; by default, all that have an accuracy model")
    parser.add_argument("--episodes", type=int, default=1000)
    parser.add_argument("--policy", default="joint", choices=("joint", "co-crra"))
    parser.add_argument("--agent", help="run folder of a trained agent, or a folder of such folders")
    given = parser.parse_args()
    columns = ["profile", "split", given.policy, f"{given.policy}-content", "gain"]
    columns += [f"agent - {given.policy}", f"agent - {given.policy}-content"] if given.agent else []
    with one_line_errors():
        print(f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}", flush=True)
        for profile in given.profiles or modelled_profiles():
            for split in CONTENT_SPLITS[::-1]:
                print(row(profile, split, given.policy, given.episodes, given.agent), flush=True)


if __name__ == "__main__":
    main()
