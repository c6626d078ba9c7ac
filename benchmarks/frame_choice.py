"""Compare ways to choose the one frame of a clip that is sent, by cross-validation.

    python benchmarks/frame_choice.py
    python benchmarks/frame_choice.py --clips UT-INTERACTION

Without --clips it uses generated clips. The frozen stem of STAE's classifier reads each frame, and a linear classifier,
trained on all frames of the training clips, answers from its pooled outputs. It is the same for all choices:

    middle        the frame in the middle of the clip
    place         the place in the clip that is best in training
    pixels        average, maximum and motion of the frames' pixels, which the frame attention of STAE reads
    stem          the stem's outputs, 112 x 112 pixels
    stem-small    the stem's outputs, 56 x 56 pixels
    confidence    the frame whose likeliest class is likeliest (the device would have to classify all frames)
    oracle        the frame with the highest probability of the right class

A score of a frame is linear in what the choice reads, in its square, and in place; the reading is standardised over the
frames of the clip. It is trained to maximise the probability of a right answer to a frame drawn by the softmax of the
scores. Probabilities in training come from classifiers that have not seen the clip (inner folds), because a classifier
answers frames that it was trained on almost always right. Groups of clips are left out in --folds folds. The command
prints accuracy and the difference from ``middle``, with 95 % intervals over groups, and the CPU time of what a choice
reads.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from one_line import one_line_errors
from torch import Tensor
from torch.nn import functional

from edgevision.codecs.stae.stae_model_set import SHIPPED, StaeModels
from edgevision.codecs.stae.stae_network import Stae, normalise
from edgevision.data.actions import GeneratedActions
from edgevision.data.clips import ClipSource
from edgevision.data.ut_interaction import UTInteraction

LEARNED = ("place", "pixels", "stem", "stem-small")
CHOICES = ("middle", *LEARNED, "confidence", "oracle")
INNER = 4
DECAY = 1e-3  # of the classifier's weights; the scores' is ten times as large
RESAMPLES = 2000


@dataclass(frozen=True)
class Clips:
    """What is read of n clips of F frames: readings (n, F, D) by choice, labels (n,) and groups (n,)."""

    readings: dict[str, Tensor]
    labels: Tensor
    groups: NDArray[np.int64]


def read(source: ClipSource, model: Stae) -> Clips:
    """Read all clips, and print how long reading one takes."""
    found: dict[str, list[Tensor]] = {"pixels": [], "stem": [], "stem-small": []}
    least = dict.fromkeys(found, np.inf)
    with torch.inference_mode():
        for item in source.items:
            clip = normalise(torch.from_numpy(np.array(source.load(item))))[None]
            readers: dict[str, Callable[[Tensor], Tensor]] = {
                "pixels": lambda clip: model.fa.pool(clip)[0].T,
                "stem": lambda clip: _stem(model, clip[0]),
                "stem-small": lambda clip: _stem(model, functional.avg_pool2d(clip[0], 2)),
            }
            for name, reader in readers.items():
                start = time.thread_time()
                found[name].append(reader(clip))
                least[name] = min(least[name], time.thread_time() - start)
    print("CPU time of reading a clip [ms]: " + ", ".join(f"{name} {1e3 * least[name]:.1f}" for name in found))
    readings = {name: torch.stack(values).clone() for name, values in found.items()}
    readings["place"] = torch.zeros(*readings["stem"].shape[:2], 0)
    labels = torch.tensor([item.class_index for item in source.items])
    return Clips(readings, labels, np.array([item.group for item in source.items]))


def _stem(model: Stae, frames: Tensor) -> Tensor:
    outputs = model.vit.stem_features(frames)
    return torch.cat([outputs.mean((2, 3)), outputs.amax((2, 3))], 1)


def minimised(parameters: list[Tensor], loss: Callable[[], Tensor]) -> None:
    """Minimise a smooth loss by L-BFGS, in place."""
    optimiser = torch.optim.LBFGS(parameters, max_iter=60, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimiser.zero_grad()
        value = loss()
        value.backward()
        return value

    optimiser.step(closure)


def probabilities(features: Tensor, labels: Tensor, train: Tensor, test: Tensor, classes: int) -> Tensor:
    """Class probabilities (m, F, C) of frames of the clips ``test``, by a linear classifier of those of ``train``."""
    known = features[train].flatten(0, 1)
    mean, scale = known.mean(0), known.std(0) + 1e-6
    target = labels[train].repeat_interleave(features.shape[1])
    weight = torch.zeros(features.shape[2], classes, requires_grad=True)
    bias = torch.zeros(classes, requires_grad=True)
    inputs = (known - mean) / scale

    def loss() -> Tensor:
        return functional.cross_entropy(inputs @ weight + bias, target) + DECAY * weight.square().sum()

    minimised([weight, bias], loss)
    return (((features[test] - mean) / scale) @ weight + bias).softmax(2).detach()


def scores(reading: Tensor, right: Tensor, train: Tensor, test: Tensor) -> Tensor:
    """Scores (m, F) of frames of the clips ``test``.

    ``right`` (t, F) is how probable a right answer to each frame of the clips ``train`` is.
    """
    frames = reading.shape[1]
    centred = reading - reading.mean(1, keepdim=True)
    standard = centred / (centred.square().mean(1, keepdim=True).sqrt() + 1e-3)
    inputs = torch.cat([standard, standard.square()], 2)
    weight = torch.zeros(inputs.shape[2], requires_grad=True)
    place = torch.zeros(frames, requires_grad=True)

    def loss() -> Tensor:
        drawn = (inputs[train] @ weight + place).softmax(1)
        return -(drawn * right).sum(1).clamp_min(1e-6).log().mean() + 10 * DECAY * (
            weight.square().sum() + place.square().sum()
        )

    minimised([weight, place], loss)
    return (inputs[test] @ weight + place).detach()


def chosen(clips: Clips, classes: int, folds: int) -> dict[str, NDArray[np.bool_]]:
    """Whether the answer to the chosen frame of each clip is right, (n,), by choice."""
    features, labels = clips.readings["stem"], clips.labels
    frames = features.shape[1]
    part = _parts(clips.groups, folds)
    found = {name: np.zeros(len(labels), np.bool_) for name in CHOICES}
    for fold in range(folds):
        test, train = (torch.from_numpy(np.flatnonzero(part == fold)), torch.from_numpy(np.flatnonzero(part != fold)))
        answers = probabilities(features, labels, train, test, classes)
        right = torch.zeros(len(train), frames)
        inner = _parts(clips.groups[train.numpy()], INNER)
        for number in range(INNER):
            out, kept = np.flatnonzero(inner == number), np.flatnonzero(inner != number)
            known = probabilities(features, labels, train[kept], train[out], classes)
            right[out] = known[torch.arange(len(out)), :, labels[train[out]]]
        mine = answers[torch.arange(len(test)), :, labels[test]]
        ranked = {name: scores(clips.readings[name], right, train, test) for name in LEARNED}
        ranked["confidence"], ranked["oracle"] = answers.amax(2), mine
        ranked["middle"] = torch.zeros(len(test), frames).index_fill_(1, torch.tensor(frames // 2), 1.0)
        for name, ranks in ranked.items():
            answer = answers[torch.arange(len(test)), ranks.argmax(1)].argmax(1)
            found[name][test.numpy()] = (answer == labels[test]).numpy()
    return found


def _parts(groups: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Number of the part of each clip, (n,); groups are dealt out in turn."""
    return np.unique(groups, return_inverse=True)[1] % count


def report(found: dict[str, NDArray[np.bool_]], groups: NDArray[np.int64]) -> None:
    """Print accuracy of each choice and its difference from the middle frame."""
    names, rng = np.unique(groups), np.random.default_rng(0)
    draws = [
        np.concatenate([np.flatnonzero(groups == name) for name in rng.choice(names, len(names))])
        for _ in range(RESAMPLES)
    ]
    print(f"{len(groups)} clips in {len(names)} groups: answers to one frame [%], and minus the middle frame [points]")
    for name, right in found.items():
        gain = 100.0 * (right.astype(float) - found["middle"])
        low, high = np.percentile([gain[rows].mean() for rows in draws], (2.5, 97.5))
        print(f"  {name:11s} {100 * right.mean():5.1f}   {gain.mean():+5.1f} [{low:+.1f}, {high:+.1f}]")


def main() -> None:
    """Read, train and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=Path, help="folder of UT-Interaction; by default generated clips")
    parser.add_argument("--count", type=int, default=120, help="number of generated clips")
    parser.add_argument("--folds", type=int, default=15, help="folds, at most one per group")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    source: ClipSource = UTInteraction(arguments.clips) if arguments.clips else GeneratedActions(arguments.count, 1)
    clips = read(source, StaeModels.load(SHIPPED).base)
    folds = max(2, min(arguments.folds, len(np.unique(clips.groups))))
    report(chosen(clips, len(source.classes), folds), clips.groups)


if __name__ == "__main__":
    with one_line_errors():
        main()
