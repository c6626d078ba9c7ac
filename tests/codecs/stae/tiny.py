"""Networks and clips that are small enough to be trained within a test."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from edgevision.codecs.stae.stae_model_set import StaeModels
from edgevision.codecs.stae.stae_network import Stae, StaeConfig
from edgevision.codecs.stae.training.clipset import ClipSet
from edgevision.codecs.stae.vit import VitConfig
from edgevision.data.actions import GeneratedActions

SIZE, FRAMES = 32, 16
VIT = VitConfig(size=SIZE, embed_dim=16, depth=1, heads=2, pretrained=False)
CLASSES = GeneratedActions(1).classes
CONFIG = StaeConfig(classes=len(CLASSES), vit=VIT, frames=FRAMES, recovery_width=4)

EXTENDED = replace(CONFIG, attention_motion=True, attention_contrast=True)


def tiny_models(seed: int = 0, config: StaeConfig = CONFIG) -> StaeModels:
    """Untrained models."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return StaeModels(config, CLASSES).eval()


def tiny_model(seed: int = 0) -> Stae:
    """An untrained model."""
    return tiny_models(seed).base


def with_budgets(models: StaeModels, frames: tuple[int, ...], pixels: tuple[float, ...]) -> StaeModels:
    """The same models, which now count as trained for these budgets."""
    for alpha in frames:
        for beta in pixels:
            models.model(alpha, beta)
    return models


def action_clips(count: int, seed: int = 0, size: int = SIZE) -> ClipSet:
    """Generated actions."""
    source = GeneratedActions(count, seed)
    clips = [source.load(item, frames=FRAMES, size=size) for item in source.items]
    return ClipSet(np.stack(clips), np.array([item.class_index for item in source.items], np.int64))


def noise_clips(count: int, seed: int = 0, size: int = SIZE) -> NDArray[np.uint8]:
    """Clips of noise, (count, F, S, S, 3)."""
    return np.random.default_rng(seed).integers(0, 256, (count, FRAMES, size, size, 3), dtype=np.uint8)
