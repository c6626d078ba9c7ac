"""Measure the quality and the cost of the maps of theta, for the tables in ``docs/theta.md``.

    python benchmarks/theta_maps.py agreement --images DIR --labels FILE --backbone FILE --work DIR
    python benchmarks/theta_maps.py cost --images DIR --labels FILE

``agreement`` compares the maps, on unseen pictures, with the Grad-CAM of the true class and with the sensitivity of
each teacher: mean rank correlation over 14 x 14 regions, and overlap of the most important thirds of the regions.
``gain`` is the difference to the class activation map, which needs no training. Brackets hold 95 % bootstrap intervals
over the pictures. Theta and the large network are cross-fitted in five folds (picture i is in fold i % 5), so every map
is made by a network that has not seen the picture. ``--work`` is a folder for results.

``cost`` times theta, its glance, the large network, EfficientNet-Lite0, and Pillow's JPEG and AVIF encoders in turns on
one core, on pictures of 224 x 224 pixels. ``theta_worth.py`` and ``spatial_gain.py`` measure the bytes that the maps
save.
"""

from __future__ import annotations

import argparse
import io
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from theta_worth import LargeMap

from edgevision.codecs.spat_imco.theta import (
    DistillationConfig,
    LargeNetwork,
    Theta,
    TrainingConfig,
    load_mobilenet,
    network_cost,
)
from edgevision.codecs.spat_imco.theta.agreement import rank_correlation
from edgevision.codecs.spat_imco.theta.cross_fitting import LARGE_FOLDS, cross_fitted_networks
from edgevision.codecs.spat_imco.theta.distillation import collect_views
from edgevision.codecs.spat_imco.theta.labels import make_view, teacher_map
from edgevision.codecs.spat_imco.theta.large_network import GRID, INPUT
from edgevision.codecs.spat_imco.theta.large_weights import load_heads
from edgevision.codecs.spat_imco.theta.sensitivity import sensitivity_map
from edgevision.codecs.spat_imco.theta.theta_network import SIDE
from edgevision.codecs.spat_imco.theta.train_theta import TEACHERS, training_examples
from edgevision.data.class_labels import class_indices
from edgevision.data.images import ImageFolder
from edgevision.statistics import bootstrap_interval
from edgevision.vision.classifiers import load_classifier

_TIMED = 5  # pictures
_ROUNDS = 12


def make_maps(given: argparse.Namespace, dataset: ImageFolder) -> dict[str, np.ndarray]:
    """Maps (I, 14, 14) of the centre crops, by method."""
    config, distillation = TrainingConfig(), DistillationConfig()
    network, teachers = load_mobilenet(given.backbone, config.width), [load_classifier(name) for name in TEACHERS]
    networks = cross_fitted_networks(
        dataset, network, teachers, given.work, config, distillation, {}, lambda stage, done, total: report(done, total)
    )
    heads = load_heads(given.work / LARGE_FOLDS)
    views = collect_views(
        dataset, network, heads, views=distillation.views, seed=distillation.seed, folder=given.work, progress=report
    )
    examples = training_examples(dataset, network, teachers, given.work, config, report)
    numbers = np.arange(len(views))
    large, small = (np.zeros((len(views), 2, GRID, GRID), np.float32) for _ in range(2))
    for fold, theta in enumerate(networks):
        unseen = numbers[numbers % len(networks) == fold]
        large[unseen] = views.maps[unseen, 0, fold]
        with torch.inference_mode():
            small[unseen] = theta.head(views.fine[unseen, 0].float(), views.deep[unseen, 0].float()).numpy()
    return {
        "class activation map": examples.coarse[:, 0, 0].numpy(),
        "large network's Grad-CAM": large[:, 0],
        "large network's sensitivity": large[:, 1],
        "theta's Grad-CAM": small[:, 0],
        "theta's sensitivity": small[:, 1],
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


def cost(given: argparse.Namespace) -> None:
    """Print parameters, multiply-adds, and processor time relative to one forward pass of EfficientNet-Lite0."""
    torch.set_num_threads(1)
    lite0, large = load_classifier(TEACHERS[0]), LargeNetwork().eval()  # untrained weights take as long
    theta = Theta.load()
    dataset = ImageFolder(given.images, given.labels)
    crops = [lite0.crop(dataset.load(item)) for item in dataset.items[:_TIMED]]
    calls: dict[str, Callable[[np.ndarray], object]] = {
        "theta": theta,
        "glance": theta.glance,
        "large network": LargeMap(large, large.head),
        "lite0": lambda crop: lite0.predict_logits(crop[None]),
        "JPEG": lambda crop: Image.fromarray(crop).save(io.BytesIO(), "jpeg"),
        "AVIF": lambda crop: Image.fromarray(crop).save(io.BytesIO(), "avif", max_threads=1),
    }
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _round in range(_ROUNDS):  # in turns, so that all run under the same load of the machine
        for name, call in calls.items():
            start = time.process_time()
            for crop in crops:
                call(crop)
            times[name].append((time.process_time() - start) / len(crops))
    for name, network, side in (
        ("theta", theta.network, SIDE), ("large network", large, INPUT), ("lite0", lite0.model, INPUT)
    ):  # fmt: skip
        found = network_cost(network, side)
        print(f"{name}: {found.parameters / 1e6:.3f} M parameters, {found.multiply_adds / 1e6:.1f} M multiply-adds")
    medians = {name: float(np.median(values[_ROUNDS // 6 :])) for name, values in times.items()}
    for name, value in medians.items():
        print(
            f"{name:14} {1e3 * value:6.2f} ms, {value / medians['lite0']:.3f} of lite0, "
            f"{value / medians['large network']:.3f} of the large network"
        )


def main() -> None:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description="Measure theta's maps.")
    commands = parser.add_subparsers(required=True)
    for name, run in (("agreement", agreement), ("cost", cost)):
        command = commands.add_parser(name)
        command.set_defaults(run=run)
        command.add_argument("--images", type=Path, required=True)
        command.add_argument("--labels", type=Path, required=True)
        if run is not cost:
            command.add_argument("--backbone", type=Path, required=True)
            command.add_argument("--work", type=Path, required=True)
    given = parser.parse_args()
    given.run(given)


if __name__ == "__main__":
    main()
