"""End-to-end training, the alternative to Algorithm 1 (section III-C): all networks of one budget trained together."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from edgevision.codecs.stae.attention import select_frames, select_pixels, soften
from edgevision.codecs.stae.selection import kept_pixels
from edgevision.codecs.stae.stae_model_set import StaeModels
from edgevision.codecs.stae.stae_network import Stae
from edgevision.codecs.stae.training.clipset import ClipSet, flipped, reduced_precision
from edgevision.codecs.stae.training.fit_step import FitConfig, Log, Loss, fit_named
from edgevision.codecs.stae.training.steps import SMOOTHING, cross_entropy, reconstruction_error
from edgevision.progress import StageProgress


@dataclass(frozen=True)
class EndToEndPlan:
    """Settings of end-to-end training.

    Attributes:
        frames: alpha.
        pixels: beta; at 1, neither SA nor FR is used.
        fit: length and rate of the training.
        seed: of all random numbers.
    """

    frames: int
    pixels: float
    fit: FitConfig = field(default_factory=lambda: FitConfig(20, 16, 1e-3, 0.05))
    seed: int = 0


def train_end_to_end(
    models: StaeModels,
    data: ClipSet,
    plan: EndToEndPlan,
    folder: Path | None = None,
    *,
    log: Log = lambda name, value, epoch: None,
    progress: StageProgress = lambda step, done, total: None,
) -> StaeModels:
    """Train all networks of a budget but the hybrid's pretrained stem; a killed run continues where it stopped.

    Args:
        models: the models to train, in place.
        data: training clips.
        plan: settings.
        folder: for the checkpoint; ``None`` for no checkpoint.
        log: called with ``STEP/QUANTITY``, a value and the epoch.
        progress: called with the step's name, epochs done and all of them.

    Returns:
        ``models``, in evaluation mode.
    """
    model = models.model(plan.frames, plan.pixels)
    model.requires_grad_(True)
    if model.vit.stem is not None:
        model.vit.stem.requires_grad_(False)
    loss = end_to_end_loss(model, data, plan.frames, plan.pixels)
    name = f"end-to-end-{plan.frames}-{round(100 * plan.pixels)}"
    fit_named(name, model, loss, data.rows, plan.fit, plan.seed, folder, log, progress)
    return models.eval()


def end_to_end_loss(model: Stae, data: ClipSet, frames: int, pixels: float) -> Loss:
    """Cross-entropy of the answers, plus the error of the recovered pixels.

    Frames and pixels are selected as at inference. The gradient of M_FA is that of multiplying the selected frames by
    it; the gradient of M_SA is that of the softened mask of ``sa_loss`` (straight-through).

    Args:
        model: the networks.
        data: training clips.
        frames: alpha.
        pixels: beta.
    """

    def loss(rows: Tensor, generator: torch.Generator) -> Tensor:
        kept = _attended_frames(model, flipped(data.frames(rows), generator), frames)
        if pixels >= 1:
            with reduced_precision():
                return cross_entropy(model.vit(kept), data, rows, SMOOTHING)
        scores, count = model.sa(kept), kept_pixels(pixels, *kept.shape[3:])
        mask = _through(select_pixels(scores.detach(), count), soften(scores, count))
        with reduced_precision():
            recovered = model.fr(kept * mask, mask)
            recognised = cross_entropy(model.vit(recovered), data, rows, SMOOTHING)
        return recognised + reconstruction_error(recovered, kept.detach(), mask.detach())

    return loss


def _attended_frames(model: Stae, clip: Tensor, count: int) -> Tensor:
    """X' (B, alpha, 3, H, W), with a gradient to M_FA."""
    if count >= clip.shape[1]:
        return clip
    scores = model.fa(clip)
    kept, index = select_frames(clip, scores.detach(), count)
    chosen = scores.flatten(1).gather(1, index)[:, :, None, None, None]
    return kept * _through(torch.ones_like(chosen), chosen)


def _through(value: Tensor, smooth: Tensor) -> Tensor:
    """``value`` in the forward pass, with the gradient of ``smooth`` in the backward pass."""
    return value + smooth - smooth.detach()
