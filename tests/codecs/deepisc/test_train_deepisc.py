from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from edgevision.codecs.deepisc.deepisc_model_set import DeepIscModels
from edgevision.codecs.deepisc.deepisc_network import DeepIsc
from edgevision.codecs.deepisc.train_deepisc import deepisc_loss, train_deepisc
from edgevision.codecs.stae.stae_model_set import StaeModels
from edgevision.codecs.stae.training.algorithm1 import Plan, kept_frames
from edgevision.codecs.stae.training.clipset import ClipSet
from edgevision.codecs.stae.training.fit_step import FitConfig, fit

from .conftest import CONFIG, SIZE

PLAN = Plan(frames=(2, 1), pixels=(1.0, 0.4), first_fr=FitConfig(2, 3), fr=FitConfig(1, 3), seed=5)


def test_gradients_flow_into_deepisc_only(network: DeepIsc, stae: StaeModels, clips: ClipSet) -> None:
    stae.requires_grad_(False)
    kept = kept_frames(stae.base, clips, 2)
    deepisc_loss(network, stae.base.vit, clips, kept, 0.4)(torch.arange(3), torch.Generator()).backward()
    assert all(value.grad is not None for value in network.parameters())
    assert all(value.grad is None for value in stae.parameters())


@pytest.mark.parametrize("pixels", [1.0, 0.4])
def test_training_improves_the_synthesised_frames(
    network: DeepIsc, stae: StaeModels, clips: ClipSet, pixels: float
) -> None:
    stae.requires_grad_(False)
    kept = kept_frames(stae.base, clips, 1)
    frames = clips.frames(clips.rows, kept).flatten(0, 1)

    def error() -> float:
        with torch.no_grad():
            return (network.synthesise(*network.analyse(frames), (SIZE, SIZE)) - frames).abs().mean().item()

    before = error()
    fit(network, deepisc_loss(network, stae.base.vit, clips, kept, pixels), clips.rows, FitConfig(12, 6, 2e-2), 0)
    assert error() < 0.9 * before


def test_variety_of_segments_is_rewarded(network: DeepIsc, stae: StaeModels, clips: ClipSet) -> None:
    for block in (network.coarse, network.middle, network.fine):  # segments no longer change the picture
        torch.nn.init.zeros_(block.modulation.weight)
    loss = deepisc_loss(network, stae.base.vit, clips, kept_frames(stae.base, clips, 1), 0.4)
    last = network.segmenter[-1]
    values = []
    with torch.no_grad():
        frames = clips.frames(clips.rows).flatten(0, 1)
        for scale in (0.0, 1.0):  # one segment everywhere, then as many as the random features tell apart
            last.weight.normal_(std=1, generator=torch.Generator().manual_seed(0)).mul_(scale)
            last.bias.zero_()
            last.bias.sub_(scale * network.segmenter(network.trunk(frames)).mean((0, 2, 3)))
            values.append(loss(clips.rows, torch.Generator().manual_seed(0)).item())
    assert values[1] < values[0] - 0.03


def test_every_budget_gets_its_network_and_nothing_else_changes(stae: StaeModels, clips: ClipSet) -> None:
    before = {key: value.clone() for key, value in stae.state_dict().items()}
    logged: list[str] = []
    steps: list[tuple[str, int, int]] = []
    trained = train_deepisc(
        stae,
        clips,
        PLAN,
        config=CONFIG,
        log=lambda name, value, epoch: logged.append(name),
        progress=lambda *step: steps.append(step),
    )
    # The first is trained for two epochs, those that start from it for one.
    assert logged == [f"deepisc-{name}/loss" for name in ("1-40", "1-40", "1-100", "2-40", "2-100")]
    assert steps[-1] == ("deepisc-2-100", 1, 1)
    assert list(trained.networks) == ["1@40", "1@100", "2@40", "2@100"]
    assert not torch.equal(trained.network(1, 0.4).paint.weight, trained.network(1, 1.0).paint.weight)
    assert all(torch.equal(value, before[key]) for key, value in stae.state_dict().items())


def test_training_is_reproducible_and_goes_on_from_checkpoints(
    stae: StaeModels, clips: ClipSet, tmp_path: Path
) -> None:
    first = train_deepisc(stae, clips, PLAN, tmp_path, config=CONFIG).state_dict()
    torch.rand(7)  # the global generator has no say
    (checkpoint,) = tmp_path.glob("steps-*/deepisc-2-40.safetensors")
    checkpoint.unlink()
    trained: list[str] = []
    again = train_deepisc(
        stae, clips, PLAN, tmp_path, config=CONFIG, log=lambda name, value, epoch: trained.append(name)
    ).state_dict()
    assert trained == ["deepisc-2-40/loss"]
    assert all(torch.equal(value, again[key]) for key, value in first.items())


def test_no_run_takes_up_another_s_checkpoints(stae: StaeModels, clips: ClipSet, tmp_path: Path) -> None:
    plan = Plan(frames=(1,), pixels=(0.4,), first_fr=FitConfig(1, 6), fr=FitConfig(1, 6))
    other = copy.deepcopy(stae)
    torch.nn.init.normal_(other.base.vit.head.weight)
    start = DeepIscModels(CONFIG)
    start.add(1, 0.4)
    shuffled = ClipSet(clips.clips[::-1].copy(), clips.labels[::-1].copy())
    relabelled = ClipSet(clips.clips, np.roll(clips.labels, 1))
    trained: list[int] = []
    for number, (models, data, using, config, begin) in enumerate(
        [
            (stae, clips, plan, CONFIG, None),
            (other, clips, plan, CONFIG, None),
            (stae, shuffled, plan, CONFIG, None),
            (stae, relabelled, plan, CONFIG, None),
            (stae, clips, replace(plan, seed=1), CONFIG, None),
            (stae, clips, plan, replace(CONFIG, latent_levels=6), None),
            (stae, clips, plan, None, start),
        ]
        * 2
    ):
        train_deepisc(
            models, data, using, tmp_path, config=config, start=begin, log=lambda *_, n=number: trained.append(n)
        )
    assert trained == list(range(7))  # each once, and none again
    assert len(list(tmp_path.glob("steps-*/deepisc-1-40.safetensors"))) == 7
