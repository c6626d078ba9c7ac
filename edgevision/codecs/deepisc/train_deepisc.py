"""Training DeepISC the way STAE's recovery network is trained: one network a budget, the classifier frozen."""

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
from edgevision.codecs.stae.training.fit_step import FitConfig, Log, Loss, fit
from edgevision.codecs.stae.training.steps import cross_entropy, reconstruction_error
from edgevision.codecs.stae.training.train_stae import clip_set
from edgevision.codecs.stae.vit import VideoVit
from edgevision.data.clip_cache import cached_clips
from edgevision.data.clips import ClipSource
from edgevision.progress import StageProgress
from edgevision.provenance import digest, versions

#: As STAE's, but DeepISC has no interpolation to begin from, and is given more to learn what recovery does.
DEEPISC_PLAN = Plan(fr=FitConfig(3, 16, 1e-3, clips=1280), first_fr=FitConfig(6, 16, 2e-3, clips=1600))
_LIBRARIES = ("torch", "timm", "numpy", "av", "safetensors")
_VARIETY = 0.1  # weight of the entropy of the segments' shares [nat]


def train_deepisc_weights(
    source: ClipSource,
    models: StaeModels,
    plan: Plan,
    folder: Path,
    *,
    provenance: Mapping[str, Any] | None = None,
    progress: StageProgress = lambda step, done, total: None,
) -> DeepIscModels:
    """Train on all clips of a source, and leave the weights in a folder.

    A run that is killed goes on where it stopped when called again with the same arguments.

    Args:
        source: training clips.
        models: hold the trained FA and ViT, which are frozen.
        plan: budgets and settings, see ``train_deepisc``.
        folder: where ``deepisc.safetensors`` and ``deepisc.json`` are left, the decoded clips and checkpoints.
        provenance: what else the description should say.
        progress: called with ``training clips``, then with each step's name.

    Returns:
        The networks as they are on disk, half precision included.

    Raises:
        ClipError: no clip can be read.
    """
    shape = {"frames": models.config.frames, "size": models.config.vit.size}
    cached = cached_clips(source, folder, **shape, progress=lambda *done: progress("training clips", *done))
    trained = train_deepisc(models, clip_set(cached), plan, folder, progress=progress)
    record = {
        **(provenance or {}),
        "data_set": source.name,
        "data_set_fingerprint": source.fingerprint(),
        "clips": len(cached.items),
        "skipped": cached.skipped,
        "plan": asdict(plan),
        "stae": models.origin,
        "versions": versions(_LIBRARIES),
    }
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
    """Train a DeepISC for each (alpha, beta) of a plan, as long as ``StepByStep`` trains its recovery networks.

    Args:
        models: hold the trained FA and ViT, which are frozen.
        data: training clips.
        plan: budgets and settings; ``first_fr`` is for the first network, ``fr`` for the others.
        folder: for checkpoints, in a sub-folder that belongs to all other arguments; ``None`` keeps none.
        config: shapes of the networks.
        start: networks to train further, all for ``plan.fr`` epochs; not changed.
        log: called with ``STEP/QUANTITY``, a value and the epoch.
        progress: called as the epochs of a step go by.

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
        name = f"deepisc-{alpha}-{round(100 * beta)}"
        fit(
            network,
            deepisc_loss(network, models.base.vit, data, kept, beta),
            data.rows,
            settings,
            plan.seed,
            checkpoint=checkpoints / f"{name}.safetensors" if checkpoints else None,
            log=lambda quantity, value, epoch: log(f"{name}/{quantity}", value, epoch),
            progress=lambda done, total: progress(name, done, total),
        )

    for alpha in sorted(plan.frames):
        kept = kept_frames(models.base, data, alpha)
        # The smallest budget first: there most pixels are the generator's own, and show it its mistakes.
        for beta in sorted(plan.pixels):
            train(alpha, beta, kept)
    return trained.eval()


def deepisc_loss(network: DeepIsc, vit: VideoVit, data: ClipSet, kept: Tensor, pixels: float) -> Loss:
    """The restored frames must be recognised, and look like those that were captured, with equal weights.

    Nobody labels segments, so their entropy is rewarded; else one class takes the whole frame and tells nothing.

    Args:
        network: what is trained.
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
        return task + reconstruction_error(restored, frames, sent) - _VARIETY * _entropy(segments.mean((0, 2, 3)))

    return loss


def _digest(models: StaeModels, data: ClipSet, plan: Plan, start: DeepIscModels) -> str:
    """Names the checkpoints; clips are read one at a time, for they may be mapped from a file."""

    def arrays() -> Iterator[ArrayLike]:
        yield data.labels
        yield from data.clips

    return digest([asdict(plan), models.config.as_json(), start.config.as_json()], [models, start], arrays())[:16]


def _entropy(shares: Tensor) -> Tensor:
    return -(shares * shares.clamp_min(1e-4).log()).sum()
