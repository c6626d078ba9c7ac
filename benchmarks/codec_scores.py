"""What each codec is worth in EdgeVision/Image-v0, when the time of the device and of the edge counts.

    OMP_NUM_THREADS=1 python benchmarks/codec_scores.py [--profiles DIR] [--episodes 300] [--device NAME ..]
        [--policy NAME] [--split NAME ..] [MODEL ..]

MODEL is ``lite0``, ``lite1``, ``lite2`` or ``squeezenet``, and DEVICE a kind of device, ``server`` or ``jetson-like``
for example. For each model, device and split of the contents, it plays the same episodes of 10 slots with the profile
``image-MODEL-CODEC`` of each codec, and with all codecs as one profile from which the policy chooses in every request
(``choice``). It prints the score, the difference from uniform JPEG, and by how much ``choice`` is above, each with a
95 % interval over episodes and contents.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

from one_line import one_line_errors

from edgevision.errors import ProfileError
from edgevision.experiments.evaluation.evaluate import EvaluationConfig, PolicyResult, evaluate
from edgevision.experiments.evaluation.summary import difference, signed, with_interval
from edgevision.profiles import load_profile, save_profile, shipped_profiles
from edgevision.profiles.codec_choice import AXES, codec_choice
from edgevision.protocol import CONTENT_SPLITS
from edgevision.statistics import crosswise_interval

ENV_ID = "EdgeVision/Image-v0"
UNIFORM, CHOICE = "uniform", "choice"


def measured_codecs(model: str, folder: Path | None) -> dict[str, str]:
    """The profile of each codec, a name or a path, with uniform JPEG first."""
    start = f"image-{model}-"
    if folder is None:
        found = {name.removeprefix(start): name for name in shipped_profiles() if name.startswith(start)}
    else:
        found = {path.stem.removeprefix(start): str(path) for path in sorted(folder.glob(f"{start}*.npz"))}
    single = {codec: name for codec, name in found.items() if load_profile(name).axis_names != AXES}
    return dict(sorted(single.items(), key=lambda item: item[0] != UNIFORM))


def played(profile: str, given: argparse.Namespace, device: str, split: str) -> PolicyResult:
    """The policy's episodes with a profile."""
    settings = {"profile": profile, "content_split": split, "episode_slots": 10, "device": device}
    (result,) = evaluate(EvaluationConfig(ENV_ID, (given.policy,), given.episodes, settings=settings)).results
    return result


def rows(results: dict[str, PolicyResult]) -> Sequence[str]:
    """A row of the table per codec: score, minus uniform JPEG, and ``choice`` minus this codec."""
    found = []
    for codec, result in results.items():
        score = crosswise_interval(result.content_scores, result.content_weight)
        gains = [
            difference(*pair) if pair[0] is not pair[1] else None
            for pair in ((result, results[UNIFORM]), (results[CHOICE], result))
        ]
        found.append(" | ".join([f"`{codec}`", with_interval(score), *(signed(gain) for gain in gains)]))
    return found


def main() -> None:
    """Parse the command line and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", default=["lite0", "lite1", "lite2"])
    parser.add_argument("--profiles", type=Path, help="folder of profiles; by default, those of the package")
    parser.add_argument("--episodes", type=int, default=300)
    parser.add_argument("--device", action="append", help="repeatable; by default server and jetson-like")
    parser.add_argument("--split", action="append", choices=CONTENT_SPLITS, help="repeatable; by default all three")
    parser.add_argument("--policy", default="joint")
    given = parser.parse_args()
    with one_line_errors(), tempfile.TemporaryDirectory() as folder:
        print(f"| model | device | split | codec | `{given.policy}` | minus uniform | `choice` minus this |")
        print(f"|{'---|' * 7}", flush=True)
        for model in given.models:
            profiles = measured_codecs(model, given.profiles)
            if UNIFORM not in profiles:
                where = given.profiles or "the package"
                raise ProfileError(f"no profile image-{model}-{UNIFORM} in {where}; name a model that was measured")
            parts = [load_profile(name) for name in profiles.values()]
            profiles[CHOICE] = str(save_profile(codec_choice(f"image-{model}-{CHOICE}", parts), Path(folder)))
            for device in given.device or ("server", "jetson-like"):
                for split in given.split or CONTENT_SPLITS[::-1]:
                    results = {codec: played(name, given, device, split) for codec, name in profiles.items()}
                    for row in rows(results):
                        print(f"| {model} | {device} | {split} | {row} |", flush=True)


if __name__ == "__main__":
    main()
