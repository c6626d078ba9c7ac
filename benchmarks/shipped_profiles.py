"""Measure the image profiles that come with the package: five codecs with four classifiers, timed in one run.

    python benchmarks/shipped_profiles.py --images DIR --labels FILE --work DIR [--model NAME ..] [--codec NAME ..]

Writes WORK/image-lite0-uniform.npz and .json and so on. Maps are those of theta, cross-fitted in five folds (picture i
is in fold i % 5), so that no picture is judged by a network that was trained on it. A stopped run continues where it
stopped. When all profiles are there but were timed in different runs, they are timed again together. Prints bytes,
accuracy (train split) and times of each profile at its middle level.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from one_line import one_line_errors

from edgevision import codecs
from edgevision.codecs.base import ImageCodec
from edgevision.codecs.spat_imco.theta.cross_fitting import CrossFitted
from edgevision.data.images import ImageFolder
from edgevision.experiments.codec_comparison.codec_bench import measure_requests, spread_levels
from edgevision.measure.image_answers import ProfileRequest
from edgevision.progress import stage_bars
from edgevision.vision.classifiers import load_classifier

MODELS = ("tf_efficientnet_lite0", "tf_efficientnet_lite1", "tf_efficientnet_lite2", "squeezenet1_1")
CODECS = ("uniform", "avif-raw", "spat-imco", "spat-avif", "spat-hevc")
#: What makes encoders fast. Files become a tenth or two larger, in a tenth of the time, which counts in a slot.
SETTINGS: dict[str, dict[str, Any]] = {
    "avif-raw": {"speed": 9},
    "spat-avif": {"speed": 9},
    "spat-hevc": {"preset": "ultrafast"},
}
#: Levels of their long ladders; those of JPEG are the paper's and are measured in full.
LEVELS = {"avif-raw": 9, "spat-avif": 9, "spat-hevc": 9}


def profile_name(model: str, codec: str) -> str:
    """Name of a shipped profile, as ``image-lite0-uniform``."""
    return f"image-{model.removeprefix('tf_efficientnet_').removesuffix('1_1')}-{codec}"


def make(name: str, theta: CrossFitted) -> ImageCodec:
    """A codec with its settings, and with theta's maps if it is steered."""
    settings = SETTINGS.get(name, {})
    codec = codecs.make(name, **settings)
    return codecs.make(name, **settings, importance=theta) if hasattr(codec, "importance") else codec


def main() -> None:
    """Parse the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--labels", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True, help="folder for the profiles; a stopped run continues")
    parser.add_argument("--model", action="append", help=f"classifier, repeatable; by default {', '.join(MODELS)}")
    parser.add_argument("--codec", action="append", help=f"codec, repeatable; by default {', '.join(CODECS)}")
    parser.add_argument("--processes", type=int, default=1, help="processes that share the pictures")
    given = parser.parse_args()
    with one_line_errors():
        measure(given)


def measure(given: argparse.Namespace) -> None:
    """Measure what the command line asks for, and print a line per profile."""
    dataset = ImageFolder(given.images, given.labels)
    classifiers = [load_classifier(model) for model in dict.fromkeys(given.model or MODELS)]
    theta = CrossFitted.load(dataset, classifiers)
    made = {name: make(name, theta) for name in given.codec or CODECS}
    requests = [
        ProfileRequest(
            profile_name(classifier.name, name), codec, classifier, spread_levels(codec.levels, LEVELS.get(name))
        )
        for classifier in classifiers
        for name, codec in made.items()
    ]
    with stage_bars() as progress:
        profiles = measure_requests(dataset, requests, given.work, progress, given.processes)
    for profile in profiles:
        middle = profile.points // 2
        device, edge = (1e3 * times[middle] for times in (profile.device_time, profile.edge_time))
        print(
            f"{profile.name:24} middle level: {profile.size[:, middle].mean():6.0f} byte, "
            f"{100 * profile.accuracy[middle]:.1f} % right, {device:.1f} ms on the device, {edge:.1f} ms at the edge"
        )


if __name__ == "__main__":
    main()
