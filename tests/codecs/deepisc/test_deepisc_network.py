from __future__ import annotations

import pytest
import torch

from edgevision.codecs.deepisc.deepisc_budget import residual_pixels, sent_pixels
from edgevision.codecs.deepisc.deepisc_network import DeepIsc, DeepIscConfig
from edgevision.codecs.stae.stae_network import normalise
from edgevision.codecs.stae.training.clipset import ClipSet

from .conftest import CONFIG, SIZE


def frames_of(clips: ClipSet, count: int = 2) -> torch.Tensor:
    return normalise(torch.from_numpy(clips.clips[:count, :3]))


def test_sent_pixels_are_exact_and_the_others_synthesised(network: DeepIsc, clips: ClipSet) -> None:
    frames = frames_of(clips)
    with torch.no_grad():
        restored = network(frames, 0.5, seed=9)
        synthesised = network.synthesise(*network.analyse(frames.flatten(0, 1)), (SIZE, SIZE)).view_as(frames)
    mask = sent_pixels(9, 3, SIZE, SIZE, residual_pixels(0.5, SIZE, SIZE, CONFIG.latent_channels))
    sent = torch.from_numpy(mask)[None, :, None].expand_as(frames)
    reachable = ((frames - synthesised) * 127.5).abs() < 127
    assert (sent & reachable).sum() > 10_000
    torch.testing.assert_close(restored[sent & reachable], frames[sent & reachable], atol=1e-5, rtol=0)
    torch.testing.assert_close(restored[~sent], synthesised[~sent], atol=1e-6, rtol=0)


def test_what_is_sent_is_whole_numbers_and_one_segment_a_place(network: DeepIsc, clips: ClipSet) -> None:
    with torch.no_grad():
        latent, segments = network.analyse(10 * frames_of(clips).flatten(0, 1))
    assert latent.shape[1:] == (3, SIZE // 8, SIZE // 8)
    assert segments.shape[1:] == (4, SIZE // 4, SIZE // 4)
    assert torch.equal(latent, latent.round())
    assert 1 <= latent.abs().max() <= CONFIG.latent_levels
    assert torch.equal(segments.sum(1), torch.ones_like(segments[:, 0]))
    assert set(segments.unique().tolist()) == {0.0, 1.0}


def test_frames_are_on_the_grid_of_bytes(network: DeepIsc, clips: ClipSet) -> None:
    with torch.no_grad():
        values = (network(frames_of(clips), 0.4) + 1) * 127.5
    torch.testing.assert_close(values, values.round(), atol=1e-3, rtol=0)


def test_gradients_pass_the_quantisers_to_every_parameter(network: DeepIsc, clips: ClipSet) -> None:
    network(frames_of(clips), 0.4).square().mean().backward()
    idle = [name for name, value in network.named_parameters() if value.grad is None or not value.grad.any()]
    assert idle == []


@pytest.mark.parametrize("size", [(32, 48), (33, 50), (47, 41)])
def test_any_size_and_number_of_frames(network: DeepIsc, size: tuple[int, int]) -> None:
    frames = torch.zeros(1, 2, 3, *size)
    with torch.no_grad():
        assert network(frames, 0.7).shape == frames.shape


def test_the_seed_decides(network: DeepIsc, clips: ClipSet) -> None:
    frames = frames_of(clips, 1)
    with torch.no_grad():
        assert torch.equal(network(frames, 0.4, 5), network(frames, 0.4, 5))
        assert not torch.equal(network(frames, 0.4, 5), network(frames, 0.4, 6))


def test_default_networks_cost_what_stae_s_recovery_does() -> None:
    from torch.utils.flop_counter import FlopCounterMode

    from edgevision.codecs.stae.feature_recovery import FeatureRecovery

    frames = torch.zeros(1, 1, 3, 112, 112)
    with torch.no_grad():
        with FlopCounterMode(display=False) as ours:
            DeepIsc()(frames, 0.4)
        with FlopCounterMode(display=False) as theirs:
            FeatureRecovery(8)(frames, frames[:, :, :1])
    assert 0.5 < ours.get_total_flops() / theirs.get_total_flops() < 3


@pytest.mark.parametrize(
    "wrong", [{"width": 0}, {"width": 10**6}, {"segments": 1}, {"latent_levels": 128}, {"latent_channels": 2.0}]
)
def test_impossible_shapes_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        DeepIscConfig(**wrong)


def test_settings_survive_json() -> None:
    assert DeepIscConfig(**CONFIG.as_json()) == CONFIG


def test_a_budget_that_does_not_pay_for_the_base_is_refused(network: DeepIsc) -> None:
    with pytest.raises(ValueError, match="does not pay"):
        network(torch.zeros(1, 1, 3, 32, 32), 0.02)
