"""Cross-fitting: one network per fold, each used only on the pictures that it was not trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from edgevision.arrays import ByteImage, FloatArray
from edgevision.codecs.importance_input import glance
from edgevision.codecs.spat_imco.theta.distillation import (
    DistillationConfig,
    Views,
    checkpoint_name,
    collect_views,
    distil,
)
from edgevision.codecs.spat_imco.theta.examples import Examples
from edgevision.codecs.spat_imco.theta.fit_head import TrainingConfig, fit_head
from edgevision.codecs.spat_imco.theta.large_network import LargeNetwork, RefiningHead
from edgevision.codecs.spat_imco.theta.large_weights import load_heads, save_heads
from edgevision.codecs.spat_imco.theta.maps import Theta
from edgevision.codecs.spat_imco.theta.theta_network import RegionHead, ThetaNetwork
from edgevision.codecs.spat_imco.theta.theta_weights import SHIPPED_FOLDS, load_folds, save_folds
from edgevision.codecs.spat_imco.theta.train_theta import fresh_head, training_examples
from edgevision.data.images import ImageFolder
from edgevision.errors import WeightsError
from edgevision.progress import Progress, StageProgress
from edgevision.storage.disk_files import read_json, sha256
from edgevision.vision.classifiers import Classifier
from edgevision.vision.grad_cam import ImportanceMap
from edgevision.vision.importance import Importance

FOLDS = 5
LARGE_FOLDS = "large-folds.safetensors"
_DECIDES = ("data_set_fingerprint", "config", "distillation")  # entries that networks of one folder share


def cross_fit(examples: Examples, config: TrainingConfig, folds: int = FOLDS) -> list[RefiningHead]:
    """Train one head of the large network per fold, on all pictures outside it; picture n is in fold n % folds."""
    numbers = np.arange(len(examples))
    heads = []
    for fold in range(folds):
        head = fresh_head(config)
        fit_head(head, examples, numbers[numbers % folds != fold], config)
        heads.append(head)
    return heads


def distil_folds(
    views: Views, config: DistillationConfig, folder: Path, progress: Progress = lambda done, total: None
) -> list[RegionHead]:
    """Train one head of theta per fold, on all pictures outside it and the maps of the large head for that fold.

    Args:
        views: the maps of the heads that ``cross_fit`` made.
        config: settings.
        folder: keeps checkpoints; a stopped run continues from them.
        progress: called with epochs of all folds done and all of them.
    """
    numbers, folds = np.arange(len(views)), views.maps.shape[2]
    heads = []
    for fold in range(folds):

        def report(done: int, total: int, start: int = fold) -> None:
            progress(start * total + done, folds * total)

        checkpoint = folder / f"fold{fold}-{checkpoint_name(views, fold, config)}"
        kept = numbers[numbers % folds != fold]
        heads.append(distil(views, fold, kept, config, checkpoint=checkpoint, progress=report)[0])
    return heads


def cross_fitted_networks(
    dataset: ImageFolder,
    network: LargeNetwork,
    teachers: Sequence[Classifier],
    folder: Path,
    config: TrainingConfig,
    distillation: DistillationConfig,
    provenance: Mapping[str, Any],
    progress: StageProgress,
) -> list[ThetaNetwork]:
    """Train one large head and one theta per fold; ``folder`` keeps both and what a stopped run has done.

    Args:
        dataset: the pictures.
        network: its backbone is used.
        teachers: see ``train_importance``.
        folder: receives ``large-folds.safetensors`` and ``theta-folds.safetensors``; what is there of the same pictures
            and settings is not made again.
        config: settings of the heads.
        distillation: settings of theta's training.
        provenance: entries of the descriptions.
        progress: called as by ``train_importance``.

    Raises:
        WeightsError: ``folder`` holds networks of other pictures or settings, or a file is damaged.
    """
    heads_path, path = folder / LARGE_FOLDS, folder / SHIPPED_FOLDS.name
    record = {
        **provenance,
        "data_set": dataset.name,
        "data_set_fingerprint": dataset.identity(),
        "config": asdict(config),
    }
    distilled = {**record, "distillation": asdict(distillation)}
    if not _made_before(heads_path, record):
        examples = training_examples(
            dataset, network, teachers, folder, config, lambda done, total: progress("examples", done, total)
        )
        save_heads(cross_fit(examples, config), heads_path, record)
    if not _made_before(path, distilled):
        views = collect_views(
            dataset, network, load_heads(heads_path), views=distillation.views, seed=distillation.seed, folder=folder,
            progress=lambda done, total: progress("views", done, total),
        )  # fmt: skip
        made = distil_folds(views, distillation, folder, lambda done, total: progress("distillation", done, total))
        networks = [ThetaNetwork.cut_from(network, head) for head in made]
        save_folds(networks, path, distilled)
    return load_folds(path)


def _made_before(path: Path, record: Mapping[str, Any]) -> bool:
    """Whether an earlier run with the same pictures and settings left the file ``path`` and its description.

    Raises:
        WeightsError: a run with others left it, or its description is damaged.
    """
    description = path.with_suffix(".json")
    if not (path.is_file() and description.is_file()):
        return False  # the description is written last
    noted = read_json(description, WeightsError).get("provenance")
    if not isinstance(noted, dict) or any(noted.get(name) != record[name] for name in _DECIDES if name in record):
        raise WeightsError(f"{path} is of other pictures or settings; choose another folder or remove it")
    return True


class CrossFitted:
    """Importance maps in which each known picture is judged by the network that was not trained on it."""

    def __init__(self, networks: Sequence[ImportanceMap], fold_of: Mapping[str, int]) -> None:
        """One map maker per fold, and the fold of each picture by its ``fingerprint``."""
        self.name = f"theta, cross-fitted in {len(networks)} folds"
        self._networks, self._fold_of = networks, fold_of

    @classmethod
    def load(cls, dataset: ImageFolder, classifiers: Sequence[Classifier], path: Path = SHIPPED_FOLDS) -> CrossFitted:
        """The networks at ``path``, for the data set that they were trained on.

        Args:
            dataset: the same pictures in the same order as in training.
            classifiers: maps will be requested for these classifiers' crops of the pictures.
            path: file written by ``save_folds``.

        Raises:
            WeightsError: a file is missing or damaged.
        """
        networks = [Theta(network) for network in load_folds(path)]
        numbers = number_of_crop(dataset, classifiers)
        return cls(networks, {crop: number % len(networks) for crop, number in numbers.items()})

    def __call__(self, image: ByteImage) -> Importance | FloatArray:
        """Importance of an (h, w, 3) picture.

        Raises:
            KeyError: the picture is not in the data set.
        """
        return self._network(image)(image)

    def glance(self, image: ByteImage) -> Importance:
        """The same with class probabilities, see ``Theta.glance``."""
        return glance(self._network(image), image)

    def _network(self, image: ByteImage) -> ImportanceMap:
        return self._networks[self._fold_of[fingerprint(image)]]


def number_of_crop(dataset: ImageFolder, classifiers: Sequence[Classifier]) -> dict[str, int]:
    """Number of each picture in the data set, by the fingerprint of each classifier's crop of it."""
    found = {}
    for number, item in enumerate(dataset.items):
        picture = dataset.load(item)
        for classifier in classifiers:
            found[fingerprint(classifier.crop(picture))] = number
    return found


def fingerprint(image: ByteImage) -> str:
    """SHA-256 of a picture's pixels."""
    return sha256(np.ascontiguousarray(image).tobytes())
