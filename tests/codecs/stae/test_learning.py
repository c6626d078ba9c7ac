"""Each step of Algorithm 1, trained a little on generated clips, gains what it is for. Half a minute on one core."""

from __future__ import annotations

import pytest
import torch

from edgevision.codecs.stae.interpolation import interpolate
from edgevision.codecs.stae.stae_model_set import StaeModels
from edgevision.codecs.stae.stae_network import StaeConfig, Variant
from edgevision.codecs.stae.training.algorithm1 import Plan, StepByStep, kept_frames
from edgevision.codecs.stae.training.clipset import ClipSet
from edgevision.codecs.stae.training.fit_step import FitConfig
from edgevision.codecs.stae.training.recognition import correct_on_grid
from edgevision.codecs.stae.training.steps import reconstruction_error
from edgevision.codecs.stae.vit import VitConfig
from tests.codecs.stae.tiny import CLASSES, action_clips

ALPHA, BETA, CHANCE = 2, 0.4, 1 / 8
PLAN = Plan(
    frames=(ALPHA,),
    pixels=(1.0, BETA),
    vit=FitConfig(25, 16, 2e-3, 0.05),
    fa=FitConfig(40, 16, 5e-3),
    sa=FitConfig(4, 16, 1e-2),
    first_fr=FitConfig(5, 16, 2e-3),
)


@pytest.fixture(scope="module")
def gains() -> dict[str, tuple[float, float]]:
    """Accuracy on the training clips before and after each step, on the pretrained stem."""
    data = action_clips(160, size=64)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        vit = VitConfig(size=64, embed_dim=64, depth=1, heads=2)
        models = StaeModels(StaeConfig(len(CLASSES), vit), CLASSES).eval()
    run = StepByStep(models, data, PLAN)
    untrained = accuracy(models, data, 16, 1.0, "ViT_FA")
    run.train_vit()
    classifier = accuracy(models, data, 16, 1.0, "ViT_FA")
    any_frames = accuracy(models, data, ALPHA, 1.0, "ViT_FA")
    run.train_fa("fa")
    frames = accuracy(models, data, ALPHA, 1.0, "ViT_FA")
    kept = kept_frames(models.base, data, ALPHA)
    random_filter(models, seed=1)
    regions = interpolated(models, data)
    run.train_sa(ALPHA, kept, [BETA])
    pixels = interpolated(models, data)
    holes = accuracy(models, data, ALPHA, BETA, "ViT_FA+SA")
    run.train_fr(ALPHA, BETA, kept)
    recovered = accuracy(models, data, ALPHA, BETA, "ViT_STAE")
    return {
        "vit": (untrained, classifier),
        "fa": (any_frames, frames),
        "sa": (regions[0], pixels[0]),
        "fr": (holes, recovered),
        "error": (pixels[1], interpolated(models, data, recover=True)[1]),
    }


def random_filter(models: StaeModels, seed: int) -> None:
    """SA as it would begin at random."""
    with torch.no_grad():
        weight = models.spatial_attention(ALPHA).convolution.weight
        weight.copy_(0.1 * torch.randn(weight.shape, generator=torch.Generator().manual_seed(seed)))


def interpolated(models: StaeModels, data: ClipSet, *, recover: bool = False) -> tuple[float, float]:
    """Accuracy, and mean error of what was not sent, with gaps interpolated or recovered."""
    model, right, error = models.model(ALPHA, BETA).eval(), 0.0, 0.0
    with torch.inference_mode():
        for rows in data.rows.split(16):
            frames, _ = model.keep_frames(data.frames(rows), ALPHA)
            mask = model.pixel_mask(frames, BETA)
            seen = model.fr(frames * mask, mask) if recover else interpolate(frames * mask, mask)
            right += float((model.vit(seen).argmax(1) == data.target(rows)).sum())
            error += float(reconstruction_error(seen, frames, mask)) * len(rows)
    return right / len(data), error / len(data)


def accuracy(models: StaeModels, data: ClipSet, frames: int, pixels: float, variant: Variant) -> float:
    grid = correct_on_grid(models.eval(), data, data.rows, (frames,), (pixels,), (variant,))
    return float(grid[variant].mean())


def test_the_classifier_learns_the_actions(gains: dict[str, tuple[float, float]]) -> None:
    before, after = gains["vit"]
    assert before < 2 * CHANCE < 3 * CHANCE < after


def test_frame_attention_finds_frames_that_decide(gains: dict[str, tuple[float, float]]) -> None:
    before, after = gains["fa"]
    assert after > before + 0.1 and after > 2 * CHANCE


def test_spatial_attention_finds_pixels_that_others_follow_from(gains: dict[str, tuple[float, float]]) -> None:
    before, after = gains["sa"]
    assert after > before + 0.1 and after > 2 * CHANCE


def test_recovery_adds_to_interpolation(gains: dict[str, tuple[float, float]]) -> None:
    before, after = gains["error"]
    assert after < 0.98 * before


def test_recovered_frames_are_recognised_better_than_those_with_holes(gains: dict[str, tuple[float, float]]) -> None:
    without, recovered = gains["fr"]
    assert recovered > without + 0.02 and recovered > 2 * CHANCE
