"""Cross-fitting: one network per fold, each used only on the pictures that it was not trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from edgevision.arrays import ByteImage
from edgevision.codecs.spat_imco.theta.examples import Examples
from edgevision.codecs.spat_imco.theta.fit_theta import TrainingConfig, fit_head
from edgevision.codecs.spat_imco.theta.maps import Theta
from edgevision.codecs.spat_imco.theta.theta_network import RefiningHead
from edgevision.codecs.spat_imco.theta.theta_weights import SHIPPED_FOLDS, load_heads, load_weights
from edgevision.codecs.spat_imco.theta.train_theta import fresh_head
from edgevision.data.images import ImageFolder
from edgevision.storage.disk_files import sha256
from edgevision.vision.classifiers import Classifier
from edgevision.vision.importance import Importance

FOLDS = 5


def cross_fit(examples: Examples, config: TrainingConfig, folds: int = FOLDS) -> list[RefiningHead]:
    """Train one head per fold, on all pictures outside it; picture number n is in fold n % folds."""
    numbers = np.arange(len(examples))
    heads = []
    for fold in range(folds):
        head = fresh_head(config)
        fit_head(head, examples, numbers[numbers % folds != fold], config)
        heads.append(head)
    return heads


class CrossFitted:
    """Importance maps in which each known picture is judged by the network that was not trained on it."""

    def __init__(self, networks: Sequence[Theta], fold_of: Mapping[str, int]) -> None:
        self.name = f"theta, cross-fitted in {len(networks)} folds"
        self._networks, self._fold_of = networks, fold_of

    @classmethod
    def load(cls, dataset: ImageFolder, classifiers: Sequence[Classifier], path: Path = SHIPPED_FOLDS) -> CrossFitted:
        """The shipped backbone with the heads at ``path``, for the data set that the heads were trained on.

        Args:
            dataset: the same pictures in the same order as in training.
            classifiers: maps will be requested for these classifiers' crops of the pictures.
            path: file written by ``save_heads``.

        Raises:
            WeightsError: a file is missing or damaged.
        """
        networks = []
        for head in load_heads(path):
            network = load_weights()
            network.head = head
            networks.append(Theta(network))
        numbers = number_of_crop(dataset, classifiers)
        return cls(networks, {crop: number % len(networks) for crop, number in numbers.items()})

    def __call__(self, image: ByteImage) -> Importance:
        """Importance of an (h, w, 3) picture.

        Raises:
            KeyError: the picture is not in the data set.
        """
        return self._networks[self._fold_of[fingerprint(image)]](image)


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
