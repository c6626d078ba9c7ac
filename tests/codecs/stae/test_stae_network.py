"""The paper's models assembled: which parts act under which budget."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from edgevision.codecs.stae.stae_network import VARIANTS, Stae, StaeConfig, normalise
from edgevision.codecs.stae.vit import VideoVit, VitConfig
from tests.codecs.stae.tiny import CONFIG, FRAMES, SIZE, VIT, noise_clips, tiny_model


@pytest.fixture(scope="module")
def model() -> Stae:
    return tiny_model()


@pytest.fixture(scope="module")
def clip() -> torch.Tensor:
    return normalise(torch.from_numpy(noise_clips(2)))


def test_pixels_are_normalised_to_the_classifiers_range() -> None:
    frames = normalise(torch.tensor([[[[0, 51, 255]]]], dtype=torch.uint8)[None])
    assert frames.shape == (1, 1, 3, 1, 1)
    torch.testing.assert_close(frames.flatten(), torch.tensor([-1.0, -0.6, 1.0]))


@torch.inference_mode()
def test_variants_are_the_parts_put_together(model: Stae, clip: torch.Tensor) -> None:
    kept, index = model.keep_frames(clip, 4)
    best = model.fa(clip).flatten(1).topk(4).indices.sort().values
    assert torch.equal(index, best)
    assert torch.equal(kept[1], clip[1, best[1]])
    mask = model.pixel_mask(kept, 0.4)
    assert (mask.sum((2, 3, 4)) == round(0.4 * SIZE * SIZE)).all()
    torch.testing.assert_close(model(clip, 4, 0.4, "ViT_FA"), model.vit(kept))
    torch.testing.assert_close(model(clip, 4, 0.4, "ViT_FA+SA"), model.vit(kept * mask))
    torch.testing.assert_close(model(clip, 4, 0.4, "ViT_STAE"), model.vit(model.fr(kept * mask, mask)))


@torch.inference_mode()
def test_at_100_per_cent_all_variants_are_alike_and_all_frames_are_kept_as_they_are(
    model: Stae, clip: torch.Tensor
) -> None:
    for variant in VARIANTS:
        torch.testing.assert_close(model(clip, 2, 1.0, variant), model(clip, 2, 1.0, "ViT_FA"))
        torch.testing.assert_close(model(clip, FRAMES, 1.0, variant), model.vit(clip))
    assert model.keep_frames(clip, FRAMES)[1].tolist() == [list(range(FRAMES))] * 2


@pytest.mark.parametrize("frames", [0, FRAMES + 1])
def test_other_numbers_of_frames_than_a_clip_has_are_refused(frames: int, model: Stae, clip: torch.Tensor) -> None:
    with pytest.raises(ValueError, match=rf"frames must be in 1\.\.{FRAMES}, got {frames}"):
        model(clip, frames)


@torch.inference_mode()
@pytest.mark.parametrize("pooling", ["mean", "attention"])
def test_the_classifier_takes_any_number_of_frames_and_ignores_their_order(pooling: str, clip: torch.Tensor) -> None:
    torch.manual_seed(0)
    vit = VideoVit(replace(VIT, pooling=pooling), 5).eval()  # type: ignore[arg-type]
    for count in (1, 3, FRAMES):
        assert vit(clip[:, :count]).shape == (2, 5)
    torch.testing.assert_close(vit(clip.flip(1)), vit(clip), atol=1e-5, rtol=1e-4)
    if pooling == "mean":
        alone = torch.stack([vit.frame_features(clip[:, i : i + 1]) for i in range(3)], 2).mean(2)
        torch.testing.assert_close(vit(clip[:, :3]), vit.classify(alone), atol=1e-5, rtol=1e-4)


@torch.inference_mode()
def test_kept_stem_features_lead_to_the_same_answer(clip: torch.Tensor) -> None:
    torch.manual_seed(0)
    vit = VideoVit(VIT, 5).eval()
    stem = vit.stem_features(clip.flatten(0, 1)).unflatten(0, clip.shape[:2])
    assert stem.shape == (2, FRAMES, 112, SIZE // 16, SIZE // 16)
    torch.testing.assert_close(vit.features_after_stem(stem), vit.frame_features(clip), atol=1e-5, rtol=1e-4)


def test_the_stem_never_leaves_evaluation_mode() -> None:
    vit = VideoVit(VIT, 5).train()
    assert vit.training and vit.head.training
    assert vit.stem is not None and not any(module.training for module in vit.stem.modules())
    assert not any(parameter.requires_grad for parameter in vit.stem.parameters())


def test_a_transformer_of_timms_takes_the_hybrids_place(clip: torch.Tensor) -> None:
    torch.manual_seed(0)
    vit = VideoVit(VitConfig(name="vit_tiny_patch16_224", size=SIZE, pretrained=False), 5).eval()
    assert vit.stem is None
    with torch.inference_mode():
        assert vit(clip[:1, :2]).shape == (1, 5)


@pytest.mark.parametrize("pretrained", [False, True])
def test_a_transformer_that_timm_lacks_is_named(pretrained: bool) -> None:
    with pytest.raises(ValueError, match="no vision transformer 'vit_of_no_one'"):
        VideoVit(VitConfig(name="vit_of_no_one", pretrained=pretrained), 5)


def test_settings_survive_json() -> None:
    for config in (CONFIG, StaeConfig(3, attention_kernel=(3, 3, 3), frames=8)):
        assert StaeConfig.from_json(config.as_json()) == config
