"""The answer of a classifier, or the score of a picture: whether it is right, and how probable that was."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from edgevision.arrays import ByteImage, Float32Array
from edgevision.data.class_labels import class_indices
from edgevision.vision.own_classifier import OwnScorer, Recogniser

LEAST_SCORE = 1e-6


@dataclass(frozen=True)
class Answer:
    """What came of a picture.

    Attributes:
        correct: whether the most likely class is the picture's, or its score reaches the threshold.
        log_probability: natural logarithm of the probability that the picture's class was given, or of the score.
    """

    correct: bool
    log_probability: float


def targets(recogniser: Recogniser, labels: Iterable[str]) -> Sequence[int | str]:
    """What an answer is compared with, for each label: a class number, or for scores the label itself.

    Raises:
        DataSetError: the classifier does not know a label.
    """
    if isinstance(recogniser, OwnScorer):
        return list(labels)
    return class_indices(labels, recogniser.classes, recogniser.class_names)


def answer(recogniser: Recogniser, image: ByteImage, target: int | str) -> Answer:
    """Classify or score one picture (H, W, 3), alone in its batch, so that its answer does not depend on others."""
    if isinstance(recogniser, OwnScorer):
        score = recogniser.score(image, str(target))
        return Answer(score >= recogniser.threshold, math.log(max(score, LEAST_SCORE)))
    logits = recogniser.predict_logits(image[None])[0]
    return Answer(int(logits.argmax()) == target, log_probability(logits, int(target)))


def run(recogniser: Recogniser, image: ByteImage, label: str) -> object:
    """What the edge computes for a picture, to be timed; its label need not be a class of the classifier."""
    if isinstance(recogniser, OwnScorer):
        return recogniser.score(image, label)
    return recogniser.predict_logits(image[None])


def log_probability(logits: Float32Array, class_index: int) -> float:
    """Natural logarithm of the probability (softmax) of one class, from the scores of all classes (C,)."""
    scores = logits.astype(np.float64)
    scores -= scores.max()
    return float(scores[class_index] - np.log(np.exp(scores).sum()))
