"""Measure the quality and the cost of the maps of theta, for the tables in ``docs/theta.md``.

    python benchmarks/theta_maps.py agreement --images DIR --labels FILE --backbone FILE --work DIR
    python benchmarks/theta_maps.py cost

``agreement`` compares the maps, on unseen pictures, with the Grad-CAM of the true class and with the sensitivity of
each teacher: mean rank correlation over 14 x 14 regions, and overlap of the most important thirds of the regions.
``gain`` is the difference to the class activation map, which needs no training. Brackets hold 95 % bootstrap intervals
over the pictures. The head is cross-fitted in five folds (picture i is in fold i % 5), so every map is made by a head
that has not seen the picture. ``--work`` is a folder for results. ``benchmarks/spatial_gain.py`` measures the bytes
that the maps save.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import torch

from edgevision.codecs.spat_imco.theta import Theta, TrainingConfig, load_mobilenet, network_cost
from edgevision.codecs.spat_imco.theta.agreement import rank_correlation
from edgevision.codecs.spat_imco.theta.cross_fitting import FOLDS, cross_fit
from edgevision.codecs.spat_imco.theta.fit_theta import predict_maps
from edgevision.codecs.spat_imco.theta.labels import make_view, teacher_map
from edgevision.codecs.spat_imco.theta.sensitivity import sensitivity_map
from edgevision.codecs.spat_imco.theta.train_theta import TEACHERS, training_examples
from edgevision.data.class_labels import class_indices
from edgevision.data.images import ImageFolder
from edgevision.statistics import bootstrap_interval
from edgevision.vision.classifiers import load_classifier


def make_maps(given: argparse.Namespace, dataset: ImageFolder) -> dict[str, np.ndarray]:
    """Maps (I, 14, 14) of the centre crops, by method."""
    config = TrainingConfig()
    network, teachers = load_mobilenet(given.backbone, config.width), [load_classifier(name) for name in TEACHERS]
    examples = training_examples(dataset, network, teachers, given.work, config, report)
    numbers = np.arange(len(examples))
    learnt = np.zeros((len(examples), *examples.target.shape[2:]), np.float32)
    for fold, head in enumerate(cross_fit(examples, config)):
        unseen = numbers[numbers % FOLDS == fold]
        learnt[unseen] = predict_maps(head, examples, unseen)
    return {
        "class activation map": examples.coarse[:, 0, 0].numpy(),
        "theta's Grad-CAM": learnt[:, 0],
        "theta's sensitivity": learnt[:, 1],
    }


def top_overlap(first: np.ndarray, second: np.ndarray, share: float = 1 / 3) -> np.ndarray:
    """Overlap of the most important ``share`` of positions of two sets of maps (B, h, w), (B,)."""
    count = round(first[0].size * share)
    chosen = []
    for maps in (first, second):
        order = np.argsort(maps.reshape(len(maps), -1), axis=1, kind="stable")
        mask = np.zeros(order.shape, bool)
        np.put_along_axis(mask, order[:, -count:], True, axis=1)
        chosen.append(mask)
    overlap: np.ndarray = (chosen[0] & chosen[1]).sum(1) / count
    return overlap


def report(done: int, total: int) -> None:
    """Show progress in one line on stderr."""
    print(f"\r{done}/{total}", end="", file=sys.stderr, flush=True)


def agreement(given: argparse.Namespace) -> None:
    """Print agreement with each teacher."""
    dataset = ImageFolder(given.images, given.labels)
    maps = make_maps(given, dataset)
    for name in TEACHERS:
        teacher, labels = load_classifier(name), []
        classes = class_indices((item.label for item in dataset.items), teacher.classes, teacher.class_names)
        for number, (item, wanted) in enumerate(zip(dataset.items, classes, strict=True)):
            view = make_view(dataset.load(item), 0, 0)
            felt = sensitivity_map([teacher], view[None], [wanted])[0]
            labels.append(torch.stack([teacher_map([teacher], view, wanted), felt]).numpy())
            report(number + 1, len(dataset))
        truth = np.stack(labels)
        for label, wanted_maps in (("Grad-CAM", truth[:, 0]), ("sensitivity", truth[:, 1])):
            for measure, of in (("rank correlation", rank_correlation), ("top third", top_overlap)):
                untrained = of(maps["class activation map"], wanted_maps)
                for made, found in maps.items():
                    agreed = of(found, wanted_maps)
                    gain = f"  gain {with_interval(agreed - untrained)}" if made != "class activation map" else ""
                    print(f"{name}  {made:22} and {label:12} {measure:16} {with_interval(agreed)}{gain}")


def with_interval(values: np.ndarray) -> str:
    """The mean over the pictures and its interval, as text."""
    found = bootstrap_interval(values)
    return f"{found.estimate:.3f} [{found.low:.3f}, {found.high:.3f}]"


def cost(_: argparse.Namespace) -> None:
    """Print parameters, multiply-adds, and time relative to one forward pass of EfficientNet-Lite0."""
    torch.set_num_threads(1)
    theta, lite0 = Theta.load(), load_classifier(TEACHERS[0])
    image = np.random.default_rng(0).integers(0, 256, (224, 224, 3), np.uint8)
    times: dict[str, list[float]] = {"theta": [], "lite0": []}
    for _round in range(60):  # in turns, so that both run under the same load of the machine
        for name, call in (("theta", lambda: theta(image)), ("lite0", lambda: lite0.predict_logits(image[None]))):
            start = time.perf_counter()
            call()
            times[name].append(time.perf_counter() - start)
    found = network_cost(theta.network)
    medians = {name: float(np.median(values[10:])) for name, values in times.items()}
    print(f"{found.parameters / 1e6:.3f} M parameters, {found.multiply_adds / 1e6:.1f} M multiply-adds")
    print(f"lite0 {network_cost(lite0.model).multiply_adds / 1e6:.1f} M multiply-adds")
    print(", ".join(f"{name} {1e3 * value:.1f} ms" for name, value in medians.items()))
    print(f"ratio {medians['theta'] / medians['lite0']:.2f}")


def main() -> None:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description="Measure theta's maps.")
    commands = parser.add_subparsers(required=True)
    for name, run in (("agreement", agreement), ("cost", cost)):
        command = commands.add_parser(name)
        command.set_defaults(run=run)
        if run is not cost:
            command.add_argument("--images", type=Path, required=True)
            command.add_argument("--labels", type=Path, required=True)
            command.add_argument("--backbone", type=Path, required=True)
            command.add_argument("--work", type=Path, required=True)
    given = parser.parse_args()
    given.run(given)


if __name__ == "__main__":
    main()
