"""Training DeepISC in the same way as STAE's recovery network: one network per budget, with a frozen classifier."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from numpy.typing import ArrayLike
from torch import Tensor

from edgevision.codecs.deepisc.deepisc_model_set import DeepIscModels
from edgevision.codecs.deepisc.deepisc_network import DeepIsc, DeepIscConfig
from edgevision.codecs.stae.stae_model_set import StaeModels
from edgevision.codecs.stae.training.algorithm1 import Plan, kept_frames, per_frame
from edgevision.codecs.stae.training.clipset import ClipSet, flipped, reduced_precision
from edgevision.codecs.stae.training.fit_step import FitConfig, Log, Loss, fit_named
from edgevision.codecs.stae.training.steps import cross_entropy, reconstruction_error
from edgevision.codecs.stae.training.train_stae import clip_set, training_record
from edgevision.codecs.stae.vit import VideoVit
from edgevision.data.clip_cache import cached_clips
from edgevision.data.clips import ClipSource
from edgevision.locking import only_writer
from edgevision.progress import StageProgress
from edgevision.provenance import digest

#: STAE's plan with longer training, because DeepISC cannot start from interpolation.
DEEPISC_PLAN = Plan(fr=FitConfig(3, 16, 1e-3, clips=1280), first_fr=FitConfig(6, 16, 2e-3, clips=1600))
_ENTROPY = 0.1  # weight in the loss of the entropy of the segments' shares [1 / nat]


def train_deepisc_weights(
    source: ClipSource,
    models: StaeModels,
    plan: Plan,
    folder: Path,
    *,
    provenance: Mapping[str, Any] | None = None,
    progress: StageProgress = lambda step, done, total: None,
) -> DeepIscModels:
    """Train on all clips of a source, and write the weights to a folder.

    A killed run continues where it stopped when called again with the same arguments.

    Args:
        source: training clips.
        models: hold the trained FA and ViT, which are frozen.
        plan: budgets and settings, see ``train_deepisc``.
        folder: receives ``deepisc.safetensors`` and ``deepisc.json``, the decoded clips and checkpoints.
        provenance: further entries of the description.
        progress: called with the stage (``training clips``, then each step's name), what is done of it and what there
            is to do.

    Returns:
        The networks as read back from disk, where kernels are in half precision.

    Raises:
        ClipError: no clip can be read.
        FolderInUseError: another process trains in ``folder``.
    """
    shape = {"frames": models.config.frames, "size": models.config.vit.size}
    with only_writer(folder):
        cached = cached_clips(source, folder, **shape, progress=lambda *done: progress("training clips", *done))
        trained = train_deepisc(models, clip_set(cached), plan, folder, progress=progress)
        record = {**(provenance or {}), **training_record(source, cached, plan), "stae": models.origin}
        path = folder / "deepisc.safetensors"
        trained.save(path, record)
        return DeepIscModels.load(path)


def train_deepisc(
    models: StaeModels,
    data: ClipSet,
    plan: Plan,
    folder: Path | None = None,
    *,
    config: DeepIscConfig | None = None,
    start: DeepIscModels | None = None,
    log: Log = lambda name, value, epoch: None,
    progress: StageProgress = lambda step, done, total: None,
) -> DeepIscModels:
    """Train a DeepISC network for each (alpha, beta) of a plan, with the plan's settings for recovery networks.

    Args:
        models: hold the trained FA and ViT, which are frozen.
        data: training clips.
        plan: budgets and settings; ``first_fr`` is for the first network, ``fr`` for the others.
        folder: for checkpoints, in a sub-folder named after all other arguments; ``None`` for no checkpoints.
        config: shapes of the networks.
        start: networks to train further, all with ``plan.fr``; not changed.
        log: called with ``STEP/QUANTITY``, a value and the epoch.
        progress: called with a step's name, its epochs done and all of them.

    Returns:
        The networks, in evaluation mode.
    """
    device = next(models.parameters()).device
    trained = copy.deepcopy(start) if start else DeepIscModels(config)
    models.requires_grad_(False).eval()
    checkpoints = folder / f"steps-{_digest(models, data, plan, trained)}" if folder else None

    def train(alpha: int, beta: float, kept: Tensor) -> None:
        settings = per_frame(plan.fr if trained.networks else plan.first_fr, alpha)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(plan.seed)
            network = trained.add(alpha, beta).to(device)
        loss = deepisc_loss(network, models.base.vit, data, kept, beta)
        name = f"deepisc-{alpha}-{round(100 * beta)}"
        fit_named(name, network, loss, data.rows, settings, plan.seed, checkpoints, log, progress)

    for alpha in sorted(plan.frames):
        kept = kept_frames(models.base, data, alpha)
        # Smallest budget first: most of its pixels come from the generator, so it learns most from its errors.
        for beta in sorted(plan.pixels):
            train(alpha, beta, kept)
    return trained.eval()


def deepisc_loss(network: DeepIsc, vit: VideoVit, data: ClipSet, kept: Tensor, pixels: float) -> Loss:
    """Cross-entropy of the answers plus error of the restored frames, minus the weighted entropy of the segments.

    There are no labels for segments. Without the entropy term, one class would cover all frames and carry no
    information.

    Args:
        network: the network to train.
        vit: the frozen classifier.
        data: training clips.
        kept: indices of the frames that the frozen FA keeps, (n, alpha).
        pixels: beta.
    """

    def loss(rows: Tensor, generator: torch.Generator) -> Tensor:
        device = next(network.parameters()).device
        frames = flipped(data.frames(rows, kept[rows]), generator).to(device)
        seed = int(torch.randint(2**31, (), generator=generator))
        sent = network.sent(frames, pixels, seed)
        with reduced_precision(device):
            latent, segments = network.analyse(frames.flatten(0, 1))
            restored = network.complete(frames, latent, segments, sent)
            task = cross_entropy(vit(restored), data, rows)
        return task + reconstruction_error(restored, frames, sent) - _ENTROPY * _entropy(segments.mean((0, 2, 3)))

    return loss


def _digest(models: StaeModels, data: ClipSet, plan: Plan, start: DeepIscModels) -> str:
    """Digest in the name of the checkpoints' folder, so that no run continues a different one."""

    def arrays() -> Iterator[ArrayLike]:
        yield data.labels
        yield from data.clips  # one at a time, because they may be mapped from a file

    return digest([asdict(plan), models.config.as_json(), start.config.as_json()], [models, start], arrays())[:16]


def _entropy(shares: Tensor) -> Tensor:
    return -(shares * shares.clamp_min(1e-4).log()).sum()
