"""A tiny trained-for-nothing STAE, generated clips, and a DeepISC for them."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("timm", reason="needs the extra 'codecs'")

import torch

from edgevision.codecs.deepisc.deepisc_network import DeepIsc, DeepIscConfig
from edgevision.codecs.stae.stae_model_set import StaeModels
from edgevision.codecs.stae.stae_network import StaeConfig
from edgevision.codecs.stae.training.clipset import ClipSet
from edgevision.codecs.stae.vit import VitConfig
from edgevision.data.actions import GeneratedActions

SIZE = 48
CONFIG = DeepIscConfig(width=4, latent_channels=3, latent_levels=7, segments=4)


@pytest.fixture(scope="session")
def clips() -> ClipSet:
    source = GeneratedActions(6, seed=3)
    loaded = np.stack([source.load(item, frames=4, size=SIZE) for item in source.items])
    return ClipSet(loaded, np.array([item.class_index for item in source.items]))


@pytest.fixture
def stae() -> StaeModels:
    torch.manual_seed(0)
    classes = GeneratedActions(1).classes
    vit = VitConfig(size=SIZE, embed_dim=16, depth=1, heads=2, pretrained=False)
    return StaeModels(StaeConfig(classes=len(classes), vit=vit, frames=4), classes).eval()


@pytest.fixture
def network() -> DeepIsc:
    torch.manual_seed(1)
    return DeepIsc(CONFIG).eval()
