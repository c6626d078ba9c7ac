"""Algorithm 1's steps: the gradient flows into the network that a step trains, and nowhere else."""

from __future__ import annotations

import functools
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from edgevision.codecs.stae.interpolation import interpolate
from edgevision.codecs.stae.stae_network import Stae
from edgevision.codecs.stae.training import steps
from edgevision.codecs.stae.training.algorithm1 import frame_scores, frozen_frames, kept_frames, stem_features
from edgevision.codecs.stae.training.clipset import ClipSet, flipped
from edgevision.codecs.stae.training.fit_step import FitConfig, Loss, fit
from tests.codecs.stae.tiny import CONFIG, FRAMES, SIZE, action_clips, tiny_model

STEM = "vit.backbone.patch_embed.backbone."


@pytest.fixture(scope="module")
def data() -> ClipSet:
    return action_clips(8)


def loss_of(name: str, model: Stae, data: ClipSet) -> Loss:
    kept = kept_frames(model, data, 3)
    return {
        "vit": lambda: steps.vit_loss(model, data, lambda: stem_features(model, data, 2, 0)),
        "vit without kept stem features": lambda: steps.vit_loss(model, data, lambda: None),
        "fa": lambda: steps.fa_loss_on_features(
            model, lambda: frozen_frames(model, data, stem_features(model, data, 1, 0))
        ),
        "fa in front": lambda: steps.fa_loss(model, data),
        "sa": lambda: steps.sa_loss(model, data, kept, [0.7, 0.4]),
        "fr": lambda: steps.fr_loss(model, data, kept, 0.4),
    }[name]()


@pytest.mark.parametrize("name", ["vit", "vit without kept stem features", "fa", "fa in front", "sa", "fr"])
def test_a_step_changes_its_own_network_only(name: str, data: ClipSet) -> None:
    model, own = tiny_model(), name.split()[0]
    trained = steps.freeze_all_but(model, own)  # type: ignore[arg-type]
    assert trained is getattr(model, own)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    fit(trained, loss_of(name, model, data), data.rows, FitConfig(1, 8, 1e-2), 0)
    changed = {key for key, value in model.state_dict().items() if not torch.equal(value, before[key])}
    assert changed and all(key.startswith(f"{own}.") and not key.startswith(STEM) for key in changed)
    expected = {f"{own}.{key}" for key, _ in getattr(model, own).named_parameters()}
    expected = {key for key in expected if not key.startswith(STEM)}
    # The second bias of FA's MLP is added to all scores of a position, and so has a gradient as the others.
    assert changed == expected
    for key, parameter in model.named_parameters():
        assert (parameter.grad is not None) == (key in expected)


def test_frame_attention_is_paid_for_frames_that_are_recognised_by_themselves(data: ClipSet) -> None:
    model, rows = tiny_model(), torch.tensor([5, 2])
    for stem in (None, stem_features(model, data, 1, 0)):
        frozen = frozen_frames(model, data, stem)
        with torch.inference_mode():
            clip = data.frames(rows)
            scores = model.fa(clip).flatten(1)
            single = torch.stack([model.vit(clip[:, i : i + 1]).softmax(1) for i in range(FRAMES)], 1)
            right = single[torch.arange(2), :, data.target(rows)]
            expected = -((scores * right).sum(1) / scores.sum(1)).log().mean()
            found = steps.fa_loss_on_features(model, functools.partial(steps.FrozenFrames, **vars(frozen)))(
                rows, torch.Generator()
            )
        assert float(found) == pytest.approx(float(expected), abs=0.02)  # features may be in reduced precision
        assert frozen.right.shape == (8, FRAMES) and frozen.pooled.shape == (8, 2, FRAMES)


def test_the_classifier_reads_more_often_what_frame_attention_favours(data: ClipSet) -> None:
    model = tiny_model()
    seen: list[Tensor] = []
    stem = torch.arange(FRAMES).view(1, 1, FRAMES, 1, 1, 1).expand(1, 8, FRAMES, 112, 2, 2).float()
    scores = torch.full((8, FRAMES), 0.01)
    scores[:, 3] = 1.0
    model.vit.backbone.patch_embed.proj.register_forward_pre_hook(
        lambda _, given: seen.append(given[0][..., 0, 0, 0].unflatten(0, (8, -1)))
    )
    loss, generator = steps.vit_loss(model, data, lambda: stem, scores), torch.Generator().manual_seed(0)
    for _ in range(40):
        loss(data.rows, generator)
    assert all((kept.diff(dim=1) > 0).all() for kept in seen)  # in time order, none twice
    share = sum(float((kept == 3).any(1).float().mean()) for kept in seen) / 40
    chance = sum(kept.shape[1] for kept in seen) / 40 / FRAMES
    assert 0.3 + 0.5 * chance < share < 0.7 + 0.5 * chance  # always where FA draws, every other time; else by chance


@pytest.mark.parametrize(("length", "counts"), [(1, {1}), (2, {1}), (FRAMES, set(range(1, FRAMES // 2 + 1)))])
def test_the_classifier_is_trained_on_up_to_half_of_the_frames(length: int, counts: set[int]) -> None:
    model, seen = Stae(replace(CONFIG, frames=length)).eval(), set()
    data = ClipSet(action_clips(2).clips[:, :length], action_clips(2).labels)
    model.vit.frame_features = lambda frames: seen.add(frames.shape[1]) or torch.zeros(2, 1, 16)  # type: ignore
    loss, generator = steps.vit_loss(model, data, lambda: None), torch.Generator().manual_seed(0)
    for _ in range(60):
        assert loss(data.rows, generator).isfinite()
    assert seen == counts


def test_what_is_computed_once_is_of_ordinary_tensors_in_the_clips_order(data: ClipSet) -> None:
    model = tiny_model()
    stem = stem_features(model, data, 2, 0)
    assert stem is not None and stem.dtype == torch.bfloat16
    assert stem.shape == (2, 8, FRAMES, 112, SIZE // 16, SIZE // 16)
    assert torch.equal(stem_features(model, ClipSet(data.clips[3:5], data.labels[3:5]), 1, 0)[0], stem[0, 3:5])  # type: ignore[index]
    frozen = frozen_frames(model, data, stem)
    for made in (stem, frozen.right, frozen.pooled, kept_frames(model, data, 3), frame_scores(model, data)):
        assert not made.is_inference() and not made.requires_grad


def test_recovery_is_paid_for_missing_pixels_alone() -> None:
    frames = torch.zeros(2, 1, 3, 4, 4)
    mask = torch.ones(2, 1, 1, 4, 4)
    mask[..., :1, :] = 0
    recovered = frames + (1 - mask) * 0.5
    assert float(steps.reconstruction_error(recovered, frames, mask)) == pytest.approx(0.5)
    assert float(steps.reconstruction_error(frames, frames, torch.ones_like(mask))) == 0


def test_attention_is_asked_for_masks_of_the_budgets_that_are_trained(
    data: ClipSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, seen = tiny_model(), []

    def watched(received: Tensor, mask: Tensor) -> Tensor:
        seen.append(float((mask >= 0.5).float().mean()))
        return interpolate(received, mask)

    monkeypatch.setattr(steps, "interpolate", watched)
    loss = steps.sa_loss(model, data, kept_frames(model, data, 2), [0.7, 0.4])
    generator = torch.Generator().manual_seed(0)
    for _ in range(8):
        loss(torch.tensor([0, 1]), generator)
    assert {round(share, 1) for share in seen} == {0.7, 0.4}


def test_half_of_the_clips_are_mirrored() -> None:
    frames = torch.arange(200 * 6.0).view(200, 1, 1, 2, 3)
    mirrored = flipped(frames, torch.Generator().manual_seed(0))
    turned = [torch.equal(a, b.flip(-1)) for a, b in zip(mirrored, frames, strict=True)]
    same = [torch.equal(a, b) for a, b in zip(mirrored, frames, strict=True)]
    assert all(one != other for one, other in zip(turned, same, strict=True))
    assert 70 < sum(turned) < 130
