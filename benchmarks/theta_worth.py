"""Measure what the maps of theta, and of the large network it is distilled from, are worth on unseen pictures.

    python benchmarks/theta_worth.py --images DIR --labels DIR/labels.csv --work DIR [--model NAME ..] [--pictures N]

Worth is the share of bytes that a map saves at equal mean log-probability of the true class: SpaT-IMCO with the map
against SpaT-IMCO with one level for all regions, so that container, tables and adaptive quantisation are the same. The
average is over the range of log-probabilities that all codecs reach. The networks are cross-fitted, so that no picture
is judged by one that saw it. Brackets hold 95 % bootstrap intervals over the pictures. ``large`` appears if WORK holds
``large.safetensors`` and ``large-folds.safetensors``, which ``spatial_gain.py profiles`` leaves there. A stopped run
continues where it stopped.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from edgevision.arrays import ByteImage, FloatArray
from edgevision.codecs.spat_imco.spat_imco_codec import SpatImco
from edgevision.codecs.spat_imco.theta.cross_fitting import LARGE_FOLDS
from edgevision.codecs.spat_imco.theta.large_network import INPUT, LargeNetwork, RefiningHead
from edgevision.codecs.spat_imco.theta.large_weights import load_heads, load_large
from edgevision.codecs.spat_imco.theta.maps import Theta
from edgevision.codecs.spat_imco.theta.theta_weights import SHIPPED_FOLDS, load_folds
from edgevision.codecs.spat_imco.theta.train_theta import LARGE, TEACHERS
from edgevision.data.class_labels import class_indices
from edgevision.data.images import ImageFolder
from edgevision.experiments.codec_comparison.rate_accuracy import bytes_saved
from edgevision.part_store import PartStore
from edgevision.provenance import digest
from edgevision.statistics import percentile_interval
from edgevision.storage.disk_files import sha256
from edgevision.vision.classifiers import Classifier, load_classifier
from edgevision.vision.grad_cam import ImportanceMap, resize_map

LEVELS = (1.5, 3.0, 6.0, 11.0)
RESAMPLES = 1000
FLAT = "one level"


class LargeMap:
    """The map of the large network with one of its heads."""

    def __init__(self, network: LargeNetwork, head: RefiningHead) -> None:
        self._network, self._head = network, head

    @torch.inference_mode()
    def __call__(self, image: ByteImage) -> FloatArray:
        """Importance of an (h, w, 3) picture, (h, w)."""
        picture = image
        if image.shape[:2] != (INPUT, INPUT):
            picture = np.asarray(Image.fromarray(image).resize((INPUT, INPUT), Image.Resampling.BICUBIC))
        found = self._network.extract(self._network.pixels(picture[None]))
        return resize_map(self._head(found.middle, found.coarse)[0, 1].numpy(), image.shape)


def large_maps(folder: Path) -> list[LargeMap]:
    """The maps of the large network in ``folder``, one per fold; none if it is not there."""
    if not (folder / LARGE_FOLDS).is_file():
        return []
    network = load_large(folder / LARGE)
    return [LargeMap(network, head) for head in load_heads(folder / LARGE_FOLDS)]


def measure(codec: SpatImco, make: ImportanceMap, classifier: Classifier, crop: ByteImage, wanted: int) -> FloatArray:
    """Bytes and log-probability of class ``wanted`` per level, (K, 2)."""
    importance = replace(codec, importance=make).analyse(crop)
    coded = [codec.encode(crop, level=level, importance=importance) for level in LEVELS]
    logits = torch.from_numpy(classifier.predict_logits(np.stack([codec.decode(data) for data in coded])))
    return np.stack([[len(data) for data in coded], logits.double().log_softmax(1)[:, wanted].numpy()], 1)


def saved(found: FloatArray, reference: FloatArray) -> FloatArray:
    """Share of the reference's bytes saved at equal log-probability, (B,), from means per level (B, K, 2)."""
    return bytes_saved(found[..., 0], found[..., 1], reference[..., 0], reference[..., 1], within=(-np.inf, np.inf))


def tables(given: argparse.Namespace, dataset: ImageFolder, classifier: Classifier) -> dict[str, FloatArray]:
    """Bytes and log-probabilities (J, K, 2) of the first J pictures, by map; each map has one network per fold."""
    makers: dict[str, Sequence[ImportanceMap]] = {
        "theta": [Theta(network) for network in load_folds()],
        "large": large_maps(given.work),
        FLAT: [lambda image: np.zeros(image.shape[:2])],
    }
    files = {"theta": SHIPPED_FOLDS, "large": given.work / LARGE_FOLDS}
    made = {name: sha256(path.read_bytes()) for name, path in files.items() if makers[name]}
    classes = class_indices((item.label for item in dataset.items), classifier.classes, classifier.class_names)
    store, fingerprint = PartStore(given.work), dataset.fingerprint()
    found: dict[str, list[FloatArray]] = {name: [] for name, networks in makers.items() if networks}
    for number, item in enumerate(dataset.items[: given.pictures]):
        crop = None
        for name, rows in found.items():
            codec = SpatImco(strategy="uniform" if name == FLAT else "thirds")
            key = digest([fingerprint, classifier.name, LEVELS, codec.version, made.get(name)])
            label, description = f"worth-{classifier.name}-{name}-{number:04d}", {"key": key, "number": number}
            part = store.load_arrays(label, description)
            if part is None:
                crop = classifier.crop(dataset.load(item)) if crop is None else crop
                make = makers[name][number % len(makers[name])]
                part = {"table": measure(codec, make, classifier, crop, classes[number])}
                store.save_arrays(label, description, part)
            rows.append(part["table"])
        print(f"\r{classifier.name} {number + 1}", end="", file=sys.stderr, flush=True)
    return {name: np.stack(rows) for name, rows in found.items()}


def show(classifier: str, found: Mapping[str, FloatArray]) -> None:
    """Print what each map is worth, and by how much theta's is worth less than the large network's."""
    J = len(found[FLAT])
    drawn = np.random.default_rng(0).multinomial(J, np.full(J, 1 / J), RESAMPLES) / J
    means = {name: table.mean(0) for name, table in found.items()}
    resampled = {name: np.tensordot(drawn, table, 1) for name, table in found.items()}
    worth = {name: float(saved(means[name], means[FLAT])[0]) for name in found if name != FLAT}
    spread = {name: saved(resampled[name], resampled[FLAT]) for name in worth}
    if "large" in worth:
        worth["theta less large"] = worth["theta"] - worth["large"]
        spread["theta less large"] = spread["theta"] - spread["large"]
    for name, estimate in worth.items():
        interval = percentile_interval(estimate, spread[name])
        text = f"{100 * interval.estimate:.1f} [{100 * interval.low:.1f}, {100 * interval.high:.1f}]"
        print(f"{classifier}  {J} pictures  {name:16} saves {text} %", flush=True)


def main() -> None:
    """Parse the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--labels", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True, help="folder for results")
    parser.add_argument("--model", action="append", help="classifier, repeatable; by default four")
    parser.add_argument("--pictures", type=int, help="use only the first pictures")
    given = parser.parse_args()
    dataset = ImageFolder(given.images, given.labels)
    for name in given.model or (*TEACHERS, "squeezenet1_1"):
        show(name, tables(given, dataset, load_classifier(name)))


if __name__ == "__main__":
    main()
