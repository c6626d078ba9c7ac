"""A whole training run of STAE: reads clips from a source, trains, and writes weights and TensorBoard's events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from edgevision.codecs.stae.stae_model_set import StaeModels
from edgevision.codecs.stae.stae_network import StaeConfig
from edgevision.codecs.stae.training.algorithm1 import Plan, StepByStep
from edgevision.codecs.stae.training.clipset import ClipSet
from edgevision.codecs.stae.training.end_to_end import EndToEndPlan, train_end_to_end
from edgevision.codecs.stae.training.fit_step import FitConfig
from edgevision.data.clip_cache import CachedClips, cached_clips
from edgevision.data.clips import ClipSource
from edgevision.imports import require
from edgevision.locking import only_writer
from edgevision.progress import StageProgress
from edgevision.provenance import digest, versions

#: A short training for trials, about two minutes on one core; its networks are poor.
QUICK_PLAN = Plan(
    frames=(1, 4, 16),
    pixels=(1.0, 0.7, 0.4),
    vit=FitConfig(15, 16, 1.5e-3, 0.05),
    second_vit=None,
    fa=FitConfig(10, 16, 5e-3),
    sa=FitConfig(2, 16, 3e-3, clips=64),
    fr=FitConfig(1, 16, 1e-3, clips=128),
    first_fr=FitConfig(2, 16, 5e-3),
)
QUICK_END_TO_END = FitConfig(2, 16, 1e-3, 0.05)
QUICK_CLIPS = 160
# Increase it whenever the same settings train differently than before, so that old checkpoints are not continued.
STEPS_VERSION = 3
_LIBRARIES = ("torch", "timm", "numpy", "av", "safetensors")


def train_stae(
    source: ClipSource,
    config: StaeConfig,
    plan: Plan | EndToEndPlan,
    folder: Path,
    *,
    start: StaeModels | None = None,
    provenance: Mapping[str, Any] | None = None,
    progress: StageProgress = lambda step, done, total: None,
) -> StaeModels:
    """Train on all clips of a source.

    A killed run continues where it stopped when called again with the same arguments.

    Args:
        source: training clips.
        config: shapes of the networks; ``classes`` is the source's number of classes.
        plan: settings of Algorithm 1, or of end-to-end training.
        folder: receives ``stae.safetensors`` and ``stae.json``, the decoded clips, checkpoints and TensorBoard's
            events.
        start: models to start from, of the same shapes except for the number of classes.
        provenance: further entries of the description, which always holds data, plan, versions and ``start``'s origin.
        progress: called with the stage (``clips``, then each step's name), what is done of it and what there is to do.

    Raises:
        ClipError: no clip can be read.
        MissingExtraError: TensorBoard (extra ``agents``) is not installed.
        FolderInUseError: another process trains in ``folder``.
    """
    require("tensorboard", "agents")
    from edgevision.event_log import EventLog

    with only_writer(folder):
        vit = config.vit
        cached = cached_clips(
            source,
            folder,
            frames=config.frames,
            size=vit.size,
            progress=lambda done, total: progress("clips", done, total),
        )
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(plan.seed)
            models = StaeModels(config, source.classes)
        if start is not None:
            adopt(models, start)
        checkpoints = folder / f"steps-{_digest(source, config, plan, start)}"
        with EventLog(folder / "tensorboard") as events:
            known: dict[str, Any] = {"folder": checkpoints, "log": events.add_scalar, "progress": progress}
            if isinstance(plan, EndToEndPlan):
                train_end_to_end(models, clip_set(cached), plan, **known)
            else:
                StepByStep(models, clip_set(cached), plan, **known).run()
        record = training_record(source, cached, plan) | {"start": start.origin if start is not None else None}
        models.save(folder / "stae.safetensors", {**(provenance or {}), **record})
        return models


def training_record(source: ClipSource, cached: CachedClips, plan: Plan | EndToEndPlan) -> dict[str, Any]:
    """What a training on clips depends on, as JSON values for the description of its weights."""
    return {
        "data_set": source.name,
        "data_set_fingerprint": source.fingerprint(),
        "clips": len(cached.items),
        "skipped": cached.skipped,
        "plan": asdict(plan),
        "versions": versions(_LIBRARIES),
    }


def clip_set(cached: CachedClips) -> ClipSet:
    """Decoded clips with their classes, for training."""
    return ClipSet(cached.clips, np.array([item.class_index for item in cached.items], np.int64))


def adopt(models: StaeModels, start: StaeModels) -> None:
    """Copy the weights of ``start`` into ``models``; of the classifier's head, only classes with equal names.

    Raises:
        ValueError: the networks differ in shape.
    """
    for frames in start.spatial:
        models.spatial_attention(int(frames))
    for name in start.recovery:
        frames, pixels = name.split("@")
        models.feature_recovery(int(frames), int(pixels) / 100)
    state = start.state_dict()
    weight, bias = models.base.vit.head.weight.detach().clone(), models.base.vit.head.bias.detach().clone()
    if weight.shape[1] != state["base.vit.head.weight"].shape[1]:
        raise ValueError("the models to start from have other shapes (frame features of another width)")
    for row, name in enumerate(models.classes):
        if name in start.classes:
            known = start.classes.index(name)
            weight[row], bias[row] = state["base.vit.head.weight"][known], state["base.vit.head.bias"][known]
    try:
        models.load_state_dict(state | {"base.vit.head.weight": weight, "base.vit.head.bias": bias})
    except RuntimeError as error:
        raise ValueError(f"the models to start from have other shapes ({str(error).splitlines()[1].strip()})") from None


def _digest(source: ClipSource, config: StaeConfig, plan: Plan | EndToEndPlan, start: StaeModels | None) -> str:
    """Digest in the name of the checkpoints' folder, so that no run continues a different one."""
    settings = [source.fingerprint(), config.as_json(), asdict(plan), start.classes if start else None]
    return digest([*settings, STEPS_VERSION, versions(_LIBRARIES)], [start] if start else [])[:16]
