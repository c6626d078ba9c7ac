"""The steps of Algorithm 1: what each one trains, what it keeps frozen, and its loss."""

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

#: The classifier itself, then frame attention, spatial attention and feature recovery (Algorithm 1, lines 2, 6, 9).
Step = Literal["vit", "fa", "sa", "fr"]

SMOOTHING = 0.05  # of the classifier's labels; later steps must not be paid for doubt
# Weight of recognition beside the mean absolute error in training FR: a frozen classifier's gradients are that much
# larger, and come from the few clips it is unsure of; with more of them, FR forgets how to interpolate.
_RECOGNITION = 1e-3


def freeze_all_but(model: Stae, step: Step) -> nn.Module:
    """Let gradients flow into the step's own network only, and return it; the hybrid's stem is always frozen."""
    model.requires_grad_(False)
    trained: nn.Module = getattr(model, step)
    trained.requires_grad_(True)
    if model.vit.stem is not None:
        model.vit.stem.requires_grad_(False)
    return trained


def vit_loss(model: Stae, data: ClipSet, stem: Callable[[], Tensor | None], frame_scores: Tensor | None = None) -> Loss:
    """Training G on 1 to F / 2 frames, as many as each step draws, so that it reads clips of every frame budget.

    Args:
        model: whose transformer is trained.
        data: training clips.
        stem: returns what the hybrid's stem makes of all frames in V views, (V, n, F, 112, h, w), or ``None`` for
            other models.
        frame_scores: M_FA of the clips, (n, F): every other step draws frames in proportion to it; ``None`` draws all
            alike.
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
    """Line 3: M_FA multiplies the frames of X in front of the frozen classifier ("insert for training")."""

    def loss(rows: Tensor, generator: torch.Generator) -> Tensor:
        clip = flipped(data.frames(rows), generator)
        scores = model.fa(clip)
        with reduced_precision():
            return cross_entropy(model.vit(clip * scores), data, rows)

    return loss


@dataclass(frozen=True, eq=False)
class FrozenFrames:
    """What the frozen classifier and frame attention's pooling make of all frames of n clips, computed once.

    Attributes:
        right: probability of the clip's class that each frame gets by itself, (n, F).
        pooled: what frame attention's MLPs see, (n, P, F).
    """

    right: Tensor
    pooled: Tensor


def fa_loss_on_features(model: Stae, data: ClipSet, frozen: Callable[[], FrozenFrames]) -> Loss:
    """Line 3 with M_FA after the frozen classifier: the chance of a right answer from one frame, drawn by M_FA.

    Multiplying pixels dims frames, which a frozen classifier was never shown, needs a pass through it for every frame
    and step, and tells frames apart only as far as their average changes. Here every frame is judged by itself, once.

    Args:
        model: whose frame attention is trained.
        data: training clips.
        frozen: returns what is computed once.
    """

    def loss(rows: Tensor, generator: torch.Generator) -> Tensor:
        ready = frozen()
        scores = model.fa.weigh(ready.pooled[rows])
        right = ready.right[rows]
        return -((scores * right).sum(1) / scores.sum(1)).clamp_min(1e-6).log().mean()

    return loss


def sa_loss(model: Stae, data: ClipSet, kept: Tensor, budgets: Sequence[float]) -> Loss:
    """Lines 6 and 7: M_SA masks the kept frames X' in front of the frozen classifier.

    Multiplying by M_SA alone is least harmful where M_SA is 1 everywhere, whatever its order, and the order is all
    that selection uses; and zeros where pixels are missing favour pixels that the recovery to come could well do
    without. The mask is therefore the selection itself under a budget drawn per step, softened for the gradient's
    sake, and what it leaves out is interpolated.

    Args:
        model: whose spatial attention is trained.
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
    """Line 10: the recovered frames X'_R must look like those that were captured and, with less weight, be recognised.

    Args:
        model: whose recovery network is trained.
        data: training clips.
        kept: as for ``sa_loss``.
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
    """How badly clips ``rows`` are recognised by class scores (B, classes)."""
    target = data.target(rows).to(scores.device)
    return functional.cross_entropy(scores.float(), target, label_smoothing=smoothing)


def reconstruction_error(recovered: Tensor, frames: Tensor, mask: Tensor) -> Tensor:
    """Mean absolute error of the pixels that were not sent."""
    missing = (1 - mask).mean().clamp_min(1e-6)
    return functional.l1_loss(recovered.float(), frames) / missing
