"""Maps of pictures that theta did not learn from: one network per fold, each used on the fold it never saw."""

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
from edgevision.storage import sha256
from edgevision.vision.classifiers import Classifier
from edgevision.vision.importance import Importance

FOLDS = 5


def cross_fit(examples: Examples, config: TrainingConfig, folds: int = FOLDS) -> list[RefiningHead]:
    """One head per fold, trained on all pictures but those whose number is in the fold (number % folds)."""
    numbers = np.arange(len(examples))
    heads = []
    for fold in range(folds):
        head = fresh_head(config)
        fit_head(head, examples, numbers[numbers % folds != fold], config)
        heads.append(head)
    return heads


class CrossFitted:
    """An importance map that asks, for each known picture, the theta that has not seen it."""

    def __init__(self, networks: Sequence[Theta], fold_of: Mapping[str, int]) -> None:
        self.name = f"theta, cross-fitted in {len(networks)} folds"
        self._networks, self._fold_of = networks, fold_of

    @classmethod
    def load(cls, dataset: ImageFolder, classifiers: Sequence[Classifier], path: Path = SHIPPED_FOLDS) -> CrossFitted:
        """The shipped backbone with the heads at ``path``, for the data set that these were fitted on.

        Args:
            dataset: the pictures, all of them and in the same order.
            classifiers: whose crops of the pictures it will be asked about.
            path: what ``save_heads`` wrote.

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
            KeyError: the picture is in no fold.
        """
        return self._networks[self._fold_of[fingerprint(image)]](image)


def number_of_crop(dataset: ImageFolder, classifiers: Sequence[Classifier]) -> dict[str, int]:
    """Number in the data set of each picture, by the fingerprint of what each classifier is shown of it."""
    found = {}
    for number, item in enumerate(dataset.items):
        picture = dataset.load(item)
        for classifier in classifiers:
            found[fingerprint(classifier.crop(picture))] = number
    return found


def fingerprint(image: ByteImage) -> str:
    """SHA-256 of a picture's pixels."""
    return sha256(np.ascontiguousarray(image).tobytes())
