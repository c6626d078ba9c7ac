"""Which clips a set of models recognises, at every budget.

The answers are those of the codec to real bitstreams: clips are taken one by one and in full precision, as the codec
takes them. In batches, or with the classifier in bfloat16, scores differ, which changes the answer to a clip whose two
likeliest classes are close.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from edgevision.arrays import BoolArray
from edgevision.codecs.stae.stae_model_set import StaeModels
from edgevision.codecs.stae.stae_network import VARIANTS, Stae, Variant
from edgevision.codecs.stae.training.clipset import ClipSet
from edgevision.progress import Progress


def correct_on_grid(
    models: StaeModels,
    data: ClipSet,
    rows: Tensor,
    frames: Sequence[int],
    pixels: Sequence[float],
    variants: Sequence[Variant] = VARIANTS,
    progress: Progress = lambda done, total: None,
) -> dict[Variant, BoolArray]:
    """Whether each clip is recognised, (n, A, B) per variant; ``ViT_FA`` sends all pixels at every beta.

    Args:
        models: trained models.
        data: clips.
        rows: indices of the clips to test, (n,).
        frames: the A frame budgets.
        pixels: the B pixel budgets.
        variants: which of the paper's models to test.
        progress: called with budgets done and all of them.

    Raises:
        ValueError: a variant was not trained for a budget.
    """
    for alpha, beta, name in itertools.product(frames, pixels, variants):
        if not models.trained(alpha, beta, name):
            raise ValueError(f"no {name} was trained for frames={alpha}, pixels={beta:g}; train it or leave it out")
    found = {name: np.zeros((len(rows), len(frames), len(pixels)), np.bool_) for name in variants}
    for a, alpha in enumerate(frames):
        for b, beta in enumerate(pixels):
            progress(a * len(pixels) + b, len(frames) * len(pixels))
            for name in variants:
                if b > 0 and name == "ViT_FA":
                    found[name][:, a, b] = found[name][:, a, 0]
                else:
                    model = _without_making(models, alpha, beta, name).eval()
                    found[name][:, a, b] = _correct(model, data, rows, alpha, beta, name)
    progress(len(frames) * len(pixels), len(frames) * len(pixels))
    return found


def _without_making(models: StaeModels, alpha: int, beta: float, variant: Variant) -> Stae:
    """The model of a budget, without making networks that its variant does not use."""
    if variant == "ViT_STAE" or beta >= 1:
        return models.model(alpha, beta)
    return models.model(alpha) if variant == "ViT_FA+SA" else models.model(alpha, 1.0)


def _correct(model: Stae, data: ClipSet, rows: Tensor, alpha: int, beta: float, variant: Variant) -> BoolArray:
    answers = []
    with torch.inference_mode():
        for row in rows.split(1):
            sent = model.encode(data.frames(row), alpha, 1.0 if variant == "ViT_FA" else beta)
            scores = model.vit(model.restore(*sent, recover=variant == "ViT_STAE"))
            answers.append(scores.argmax(1) == data.target(row))
    return torch.cat(answers).numpy()
