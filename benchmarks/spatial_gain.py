"""Measure the bytes that SpaT-IMCO saves on pictures that theta has not seen.

    python benchmarks/spatial_gain.py gains    --images DIR --labels FILE --backbone FILE --work DIR [--model NAME ..]
    python benchmarks/spatial_gain.py ideas    --images DIR --labels FILE --backbone FILE --work DIR [--model NAME ..]

Theta is cross-fitted in five folds (picture i is in fold i % 5), so that every picture is a test picture. Profiles
that ``shipped_profiles.py`` has left in WORK are used, and others are measured. ``gains`` prints, with paired bootstrap
intervals,

    (i)    the whole codec against standard uniform JPEG
    (ii)   theta's level map against one level for all regions, with the same container and tables
    (iii)  the classifier's own Grad-CAM of the true class against one level for all regions

and the equal-level table of (i). ``ideas`` adds one step after the other to uniform JPEG and prints what each step
saves. All bytes of both files count. A stopped run continues where it stopped.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from dataclasses import replace
from pathlib import Path

from edgevision.arrays import ByteImage
from edgevision.codecs.base import ImageCodec
from edgevision.codecs.spat_imco.spat_imco_codec import SpatImco
from edgevision.codecs.spat_imco.theta import DistillationConfig, TrainingConfig, load_mobilenet
from edgevision.codecs.spat_imco.theta.cross_fitting import (
    CrossFitted,
    cross_fitted_networks,
    fingerprint,
    number_of_crop,
)
from edgevision.codecs.spat_imco.theta.theta_weights import SHIPPED_FOLDS
from edgevision.codecs.spat_imco.theta.train_theta import TEACHERS
from edgevision.codecs.uniform import UniformJpeg
from edgevision.data.class_labels import class_indices
from edgevision.data.images import ImageFolder
from edgevision.experiments.codec_comparison.codec_bench import comparison_record, finished_profile
from edgevision.experiments.codec_comparison.rate_accuracy import Comparison, compare
from edgevision.measure.image_profile import measure_image_profile
from edgevision.profiles.profile import OperatingPointProfile
from edgevision.statistics import Interval
from edgevision.storage.disk_files import write_atomically
from edgevision.vision.classifiers import Classifier, load_classifier
from edgevision.vision.grad_cam import GradCam
from edgevision.vision.importance import Importance

COMMAND = "python benchmarks/spatial_gain.py gains --images DIR --labels FILE --backbone FILE --work DIR"
LEVELS = (1.25, 2.5, 4.5, 7.0, 11.0)  # of the codecs that are not shipped


class TrueClassGradCam:
    """Grad-CAM of the true class. No device knows this class; it shows what the published idea can save at best."""

    def __init__(self, classifier: Classifier, class_of: dict[str, int]) -> None:
        self._classifier, self._class_of = classifier, class_of
        self.name = f"Grad-CAM of {classifier.name}, true class"

    def __call__(self, image: ByteImage) -> Importance:
        """The importance map of a picture of the data set."""
        return GradCam(self._classifier, self._class_of[fingerprint(image)])(image)


class Measured:
    """The profiles of one classifier in the folder ``work``, measured when they are first needed."""

    def __init__(self, given: argparse.Namespace, dataset: ImageFolder, classifier: Classifier) -> None:
        self.dataset, self.classifier, self.work = dataset, classifier, given.work
        self._backbone = given.backbone

    def theta(self) -> CrossFitted:
        """Theta, cross-fitted; its networks are trained once and stored."""
        network, teachers = load_mobilenet(self._backbone), [load_classifier(name) for name in TEACHERS]
        cross_fitted_networks(
            self.dataset, network, teachers, self.work, TrainingConfig(), DistillationConfig(), {"command": COMMAND},
            lambda stage, done, total: report(done, total),
        )  # fmt: skip
        path = self.work / SHIPPED_FOLDS.name
        return CrossFitted.load(self.dataset, [self.classifier], path)

    def true_class(self) -> TrueClassGradCam:
        """The map of Grad-CAM for the true class."""
        numbers = number_of_crop(self.dataset, [self.classifier])
        labels = (item.label for item in self.dataset.items)
        classes = class_indices(labels, self.classifier.classes, self.classifier.class_names)
        class_of = {crop: classes[number] for crop, number in numbers.items()}
        return TrueClassGradCam(self.classifier, class_of)

    def profile(self, suffix: str, codec: ImageCodec, levels: tuple[float, ...] | None) -> OperatingPointProfile:
        """The profile ``image-MODEL-SUFFIX``."""
        name = f"image-{re.sub('tf_efficientnet_', '', self.classifier.name).replace('_', '-')}-{suffix}"
        found = finished_profile(self.work / f"{name}.npz", self.dataset, self.classifier, codec, levels)
        if found is not None:
            return found
        print(name, file=sys.stderr)
        return measure_image_profile(self.dataset, codec, self.classifier, levels, self.work, name, report)


def report(done: int, total: int) -> None:
    """Show progress in one line on stderr."""
    print(f"\r{done}/{total}", end="\n" if done == total else "", file=sys.stderr, flush=True)


def show(title: str, comparison: Comparison) -> None:
    """Print a comparison in one line: bytes saved at equal accuracy, accuracy gained at equal bytes."""

    def text(interval: Interval, unit: str) -> str:
        return f"{100 * interval.estimate:+.1f} [{100 * interval.low:+.1f}, {100 * interval.high:+.1f}] {unit}"

    saved, gained = text(comparison.bytes_saved, "%"), text(comparison.accuracy_gained, "points")
    print(f"{title:52} bytes saved {saved}, accuracy gained {gained}", flush=True)


def gains(measured: Measured) -> None:
    """Print (i) to (iii) and the equal-level table, and write them to WORK/gains-MODEL.json."""
    theta = measured.theta()
    uniform = measured.profile("uniform", UniformJpeg(), None)
    whole = measured.profile("spat-imco", SpatImco(theta), None)
    flat = measured.profile("one-level", SpatImco(theta, strategy="uniform"), LEVELS)
    truth = measured.profile("true-class", SpatImco(measured.true_class()), LEVELS)
    found = {
        "(i) whole codec, theta's maps, against uniform JPEG": compare(whole, uniform),
        "(ii) theta's maps alone": compare(whole, flat),
        "(iii) true class's Grad-CAM alone": compare(truth, flat),
    }
    for title, comparison in found.items():
        show(title, comparison)
    for row in next(iter(found.values())).equal_level:
        gain = f"{100 * row.gain.estimate:+.1f} [{100 * row.gain.low:+.1f}, {100 * row.gain.high:+.1f}]"
        print(f"  mu {row.level:5g}: {row.size:7.0f} / {row.reference_size:7.0f} byte, accuracy gained {gain} points")
    record = {title: comparison_record(comparison) for title, comparison in found.items()}
    path = measured.work / f"gains-{measured.classifier.name}.json"
    write_atomically(path, json.dumps(record, indent=1).encode())


def ideas(measured: Measured) -> None:
    """Print what each step from uniform JPEG to the whole codec saves, all against uniform JPEG."""
    theta = measured.theta()
    flat = SpatImco(theta, strategy="uniform")
    steps = {
        "container": replace(flat, aq_strength=0.0, chroma_scale=1.0, dc_scale=1.0),
        "container, tables": replace(flat, aq_strength=0.0),
        "container, tables, adaptive quantisation": flat,
        "all of these, theta's maps": SpatImco(theta),
        "all of these, levels by P3, not thirds": SpatImco(theta, strategy="p3"),
    }
    names = ("container", "tables", "one-level", "spat-imco", "p3")
    uniform = measured.profile("uniform", UniformJpeg(), None)
    for name, (title, codec) in zip(names, steps.items(), strict=True):
        show(title, compare(measured.profile(name, codec, None if name == "spat-imco" else LEVELS), uniform))


COMMANDS = {"gains": gains, "ideas": ideas}


def main() -> None:
    """Parse the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=tuple(COMMANDS))
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--labels", type=Path, required=True)
    parser.add_argument("--backbone", type=Path, required=True, help="torchvision's mobilenet_v2-b0353104.pth")
    parser.add_argument("--work", type=Path, required=True, help="folder for results; a stopped run continues from it")
    parser.add_argument(
        "--model", action="append", help="classifier, repeatable; by default EfficientNet-Lite0, 1 and 2"
    )
    given = parser.parse_args()
    dataset = ImageFolder(given.images, given.labels)
    for name in given.model or TEACHERS:
        print(name, flush=True)
        COMMANDS[given.what](Measured(given, dataset, load_classifier(name)))


if __name__ == "__main__":
    main()
