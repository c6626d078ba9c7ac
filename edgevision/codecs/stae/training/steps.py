"""The steps of Algorithm 1: the network that each trains, and its loss."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from edgevision.codecs.stae.attention import select_pixels, soften
from edgevision.codecs.stae.interpolation import interpolate
from edgevision.codecs.stae.selection import kept_pixels
from edgevision.codecs.stae.stae_network import Stae
from edgevision.codecs.stae.training.clipset import ClipSet, flipped, reduced_precision
from edgevision.codecs.stae.training.fit_step import Loss

#: The network trained: classifier, frame attention, spatial attention or feature recovery (Algorithm 1, lines 2, 6, 9).
Step = Literal["vit", "fa", "sa", "fr"]

SMOOTHING = 0.05  # of labels in training the classifier; later steps use none, as it would reward unsure answers
# Weight of the cross-entropy relative to the mean absolute error in training FR. Gradients of the frozen classifier are
# larger by this factor, and come from the few clips it is unsure of; with a larger weight, FR unlearns interpolation.
_RECOGNITION = 1e-3


def freeze_all_but(model: Stae, step: Step) -> nn.Module:
    """Freeze all networks but that of the step, and return this one; the hybrid's stem is always frozen."""
    model.requires_grad_(False)
    trained: nn.Module = getattr(model, step)
    trained.requires_grad_(True)
    if model.vit.stem is not None:
        model.vit.stem.requires_grad_(False)
    return trained


def vit_loss(model: Stae, data: ClipSet, stem: Callable[[], Tensor | None], frame_scores: Tensor | None = None) -> Loss:
    """Cross-entropy of G on clips of 1 to F / 2 frames, drawn per gradient step, so that G learns all frame budgets.

    Args:
        model: the networks; its ``vit`` is trained.
        data: training clips.
        stem: returns the output of the hybrid's stem for all frames in V views, (V, n, F, 112, h, w), or ``None`` for
            other models.
        frame_scores: M_FA of the clips, (n, F); half of the steps draw frames in proportion to it. ``None`` to draw
            all frames with equal probability.
    """

    def loss(rows: Tensor, generator: torch.Generator) -> Tensor:
        count = int(torch.randint(1, max(1, model.config.frames // 2) + 1, (), generator=generator))
        draw = torch.rand(len(rows), model.config.frames, generator=generator)
        if frame_scores is not None and torch.rand((), generator=generator) < 0.5:
            draw = draw.clamp_min(1e-9).log() / frame_scores[rows]  # weighted sampling without replacement
        kept = draw.topk(count, 1).indices.sort(1).values
        ready = stem()
        with reduced_precision():
            if ready is None:
                frames = flipped(data.frames(rows, kept), generator)
                features = model.vit.frame_features(frames)
            else:
                view = torch.randint(len(ready), (len(rows), 1), generator=generator)
                frames = flipped(ready[view, rows[:, None], kept], generator)
                features = model.vit.features_after_stem(frames)
            return cross_entropy(model.vit.classify(features), data, rows, SMOOTHING)

    return loss


def fa_loss(model: Stae, data: ClipSet) -> Loss:
    """Line 3, as published ("insert for training"): cross-entropy of the frozen classifier on X multiplied by M_FA."""

    def loss(rows: Tensor, generator: torch.Generator) -> Tensor:
        clip = flipped(data.frames(rows), generator)
        scores = model.fa(clip)
        with reduced_precision():
            return cross_entropy(model.vit(clip * scores), data, rows)

    return loss


@dataclass(frozen=True, eq=False)
class FrozenFrames:
    """Results of the frozen classifier and of frame attention's pooling for all frames of n clips.

    Attributes:
        right: probability of the clip's class, given each frame alone, (n, F).
        pooled: input of frame attention's MLPs, (n, P, F).
    """

    right: Tensor
    pooled: Tensor


def fa_loss_on_features(model: Stae, frozen: Callable[[], FrozenFrames]) -> Loss:
    """Line 3 with M_FA after the frozen classifier: -log of the probability of a right answer to one frame.

    The frame is drawn in proportion to M_FA. Multiplying pixels by M_FA, as published, shows the frozen classifier dark
    frames that it was not trained on, needs a pass through it in every step, and separates frames only as far as their
    average changes. Here the classifier judges each frame alone, and only once.

    Args:
        model: the networks; its ``fa`` is trained.
        frozen: returns the classifier's results, computed at the first call.
    """

    def loss(rows: Tensor, generator: torch.Generator) -> Tensor:
        ready = frozen()
        scores = model.fa.weigh(ready.pooled[rows])
        right = ready.right[rows]
        return -((scores * right).sum(1) / scores.sum(1)).clamp_min(1e-6).log().mean()

    return loss


def sa_loss(model: Stae, data: ClipSet, kept: Tensor, budgets: Sequence[float]) -> Loss:
    """Lines 6 and 7: cross-entropy of the frozen classifier on the kept frames X', masked by M_SA.

    Multiplying X' by M_SA itself has two faults. The loss is smallest if M_SA is 1 everywhere, although selection uses
    only the order of its values. And zeros at missing pixels favour pixels that recovery could fill in easily. Here,
    the mask is the selection under a budget drawn per step, softened to have a gradient, and missing pixels are
    interpolated.

    Args:
        model: the networks; its ``sa`` is trained.
        data: training clips.
        kept: indices of the frames that the frozen FA keeps, (n, alpha).
        budgets: the values of beta below 1.
    """

    def loss(rows: Tensor, generator: torch.Generator) -> Tensor:
        frames = flipped(data.frames(rows, kept[rows]), generator)
        pixels = budgets[int(torch.randint(len(budgets), (), generator=generator))]
        mask = soften(model.sa(frames), kept_pixels(pixels, *frames.shape[3:]))
        with reduced_precision():
            return cross_entropy(model.vit(interpolate(frames * mask, mask)), data, rows)

    return loss


def fr_loss(model: Stae, data: ClipSet, kept: Tensor, pixels: float) -> Loss:
    """Line 10: error of the recovered frames X'_R, plus, with a small weight, cross-entropy of the frozen classifier.

    Args:
        model: the networks; its ``fr`` is trained.
        data: training clips.
        kept: indices of the frames that the frozen FA keeps, (n, alpha).
        pixels: beta.
    """

    def loss(rows: Tensor, generator: torch.Generator) -> Tensor:
        frames = flipped(data.frames(rows, kept[rows]), generator)
        with torch.no_grad():
            mask = select_pixels(model.sa(frames), kept_pixels(pixels, *frames.shape[3:]))
        with reduced_precision():
            recovered = model.fr(frames * mask, mask)
            task = cross_entropy(model.vit(recovered), data, rows)
        return _RECOGNITION * task + reconstruction_error(recovered, frames, mask)

    return loss


def cross_entropy(scores: Tensor, data: ClipSet, rows: Tensor, smoothing: float = 0.0) -> Tensor:
    """Cross-entropy of class scores (B, classes) and the classes of clips ``rows`` (B,)."""
    target = data.target(rows).to(scores.device)
    return functional.cross_entropy(scores.float(), target, label_smoothing=smoothing)


def reconstruction_error(recovered: Tensor, frames: Tensor, mask: Tensor) -> Tensor:
    """Mean absolute error over the pixels that were not sent, where ``mask`` is 0."""
    missing = (1 - mask).mean().clamp_min(1e-6)
    return functional.l1_loss(recovered.float(), frames) / missing
