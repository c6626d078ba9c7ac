"""How good theta's maps are, what they save, and what they cost; the tables of ``docs/theta.md``.

    python benchmarks/theta_maps.py agreement --images DIR --labels FILE --backbone FILE --work DIR
    python benchmarks/theta_maps.py bytes     --images DIR --labels FILE --backbone FILE --work DIR
    python benchmarks/theta_maps.py cost

``agreement`` compares, on unseen pictures, with each teacher's Grad-CAM of the true class: mean rank correlation over
14 x 14 regions, and the part of the top third of the regions that both choose. ``bytes`` gives the bytes saved against
uniform JPEG at the levels 2.5, 4, 6 and 9, at equal accuracy and at equal mean probability of the true class of
EfficientNet-Lite0, with 95 % intervals from a bootstrap over the pictures; theta is its network's map less the
regions' activity. Both cross-fit the head in five folds (picture i is in fold i % 5), so no map is made by a head that
saw the picture. ``--work`` keeps what was computed.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import torch

from edgevision.codecs.base import Importance
from edgevision.codecs.classifiers import Classifier, load_classifier
from edgevision.codecs.datasets import ImageFolder
from edgevision.codecs.importance import resize_map
from edgevision.codecs.spat_imco import SpatImco
from edgevision.codecs.theta import Theta, TrainingConfig, load_mobilenet, network_cost
from edgevision.codecs.theta.__main__ import TEACHERS
from edgevision.codecs.theta.agreement import rank_correlation, top_overlap
from edgevision.codecs.theta.examples import collect_examples
from edgevision.codecs.theta.labels import make_view, teacher_map
from edgevision.codecs.theta.maps import worth_per_byte
from edgevision.codecs.theta.training import cross_fit
from edgevision.codecs.uniform import UniformJpeg

LEVELS = (2.5, 4.0, 6.0, 9.0)
REFERENCE = (1.9, 2.5, 3.25, 4.0, 5.0, 6.25, 7.75, 9.5, 11.5)


def make_maps(given: argparse.Namespace, dataset: ImageFolder) -> dict[str, np.ndarray]:
    """Maps (I, 14, 14) of the centre crops, by what made them."""
    config = TrainingConfig(views=2)
    examples = collect_examples(
        dataset,
        load_mobilenet(given.backbone, config.width),
        [load_classifier(name) for name in TEACHERS],
        views=config.views,
        true_class=config.true_class,
        seed=config.seed,
        folder=given.work,
        progress=report,
    )
    return {
        "class activation map": examples.activation[:, 0].numpy(),
        "theta's network": cross_fit(examples, config),
    }


def report(done: int, total: int) -> None:
    """One line on stderr that overwrites itself."""
    print(f"\r{done}/{total}", end="", file=sys.stderr, flush=True)


def agreement(given: argparse.Namespace) -> None:
    """Print agreement with each teacher."""
    dataset = ImageFolder(given.images, given.labels)
    maps = make_maps(given, dataset)
    for name in TEACHERS:
        teacher, labels = load_classifier(name), []
        for number, item in enumerate(dataset.items):
            labels.append(teacher_map([teacher], make_view(dataset.load(item), 0, 0), item.class_index).numpy())
            report(number + 1, len(dataset))
        truth = np.stack(labels)
        for made, found in maps.items():
            print(
                f"{name}  {made:24}  rank correlation {rank_correlation(found, truth).mean():.3f}  "
                f"top third {top_overlap(found, truth).mean():.3f}"
            )


def measure(
    codec: SpatImco | UniformJpeg,
    levels: tuple[float, ...],
    pictures: list[np.ndarray],
    truth: np.ndarray,
    maps: np.ndarray | None,
    judge: Classifier,
) -> np.ndarray:
    """Bytes, correctness and probability of the true class, (3, I, levels)."""
    found = np.zeros((3, len(pictures), len(levels)))
    for i, picture in enumerate(pictures):
        importance = None if maps is None else Importance(resize_map(maps[i], picture.shape))
        files = [codec.encode(picture, level=level, importance=importance) for level in levels]
        logits = torch.tensor(judge.predict_logits(np.stack([codec.decode(data) for data in files])))
        found[0, i] = [len(data) for data in files]
        found[1, i] = logits.argmax(1).numpy() == truth[i]
        found[2, i] = logits.softmax(1)[:, truth[i]].numpy()
        report(i + 1, len(pictures))
    return found


def bytes_saved(uniform: np.ndarray, ours: np.ndarray, weights: np.ndarray, quantity: int) -> float:
    """Mean over our levels of 1 - bytes / bytes of uniform JPEG where it is as good (linear in log bytes)."""
    reference = np.log(weights @ uniform[0])[::-1]
    quality = np.maximum.accumulate((weights @ uniform[quantity])[::-1])
    equal = np.interp(weights @ ours[quantity], quality, reference)
    return float(np.mean(1 - np.exp(np.log(weights @ ours[0]) - equal)))


def with_activity(made: dict[str, np.ndarray], pictures: list[np.ndarray]) -> dict[str, np.ndarray]:
    """The maps less the regions' activity, and then the maps themselves."""
    less = {
        f"{name}, less activity": np.stack([worth_per_byte(*pair) for pair in zip(maps, pictures, strict=True)])
        for name, maps in reversed(made.items())
    }
    return less | made


def save_bytes(given: argparse.Namespace) -> None:
    """Print bytes saved by each map."""
    dataset = ImageFolder(given.images, given.labels)
    judge = load_classifier(TEACHERS[0])
    pictures = [judge.crop(dataset.load(item)) for item in dataset.items]
    truth = np.array([item.class_index for item in dataset.items])
    uniform = measure(UniformJpeg(), REFERENCE, pictures, truth, None, judge)
    random = np.random.default_rng(0)
    count = len(pictures)
    draws = random.multinomial(count, np.full(count, 1 / count), 1000) / count
    for made, maps in with_activity(make_maps(given, dataset), pictures).items():
        ours = measure(SpatImco(), LEVELS, pictures, truth, maps, judge)
        for quantity, name in ((1, "accuracy"), (2, "true-class probability")):
            mean = bytes_saved(uniform, ours, np.full(count, 1 / count), quantity)
            low, high = np.percentile([bytes_saved(uniform, ours, w, quantity) for w in draws], [2.5, 97.5])
            print(f"{made:40}  saved at equal {name}: {mean:.1%} [{low:.1%}, {high:.1%}]", flush=True)


def cost(_: argparse.Namespace) -> None:
    """Print parameters, multiply-adds, and time relative to one forward pass of EfficientNet-Lite0."""
    torch.set_num_threads(1)
    theta, lite0 = Theta.load(), load_classifier(TEACHERS[0])
    image = np.random.default_rng(0).integers(0, 256, (224, 224, 3), np.uint8)
    times: dict[str, list[float]] = {"theta": [], "lite0": []}
    for _round in range(60):  # turn by turn, so that both see the same load on the machine
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
    for name, run in (("agreement", agreement), ("bytes", save_bytes), ("cost", cost)):
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
