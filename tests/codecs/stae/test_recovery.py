"""Feature recovery: shapes, pixels that were sent, and what the answer may depend on."""

from __future__ import annotations

import pytest
import torch

from edgevision.codecs.stae.feature_recovery import FeatureRecovery
from edgevision.codecs.stae.interpolation import interpolate


def changing() -> FeatureRecovery:
    """A network that no longer only interpolates, as if it had been trained."""
    torch.manual_seed(0)
    network = FeatureRecovery(4)
    for last in (network.correct, network.paint):
        torch.nn.init.normal_(last.weight, std=0.1)
    return network


@pytest.fixture(scope="module")
def network() -> FeatureRecovery:
    return changing().eval()


def received(*shape: int, share: float = 0.4, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    frames = torch.rand(*shape, generator=generator) * 2 - 1
    mask = (torch.rand(shape[0], shape[1], 1, *shape[3:], generator=generator) < share).float()
    return frames * mask, mask


@pytest.mark.parametrize("shape", [(2, 1, 3, 16, 16), (1, 3, 3, 17, 23), (1, 2, 3, 5, 8), (2, 16, 3, 32, 32)], ids=str)
def test_shape_is_kept_and_pixels_that_were_sent_are_not_touched(
    shape: tuple[int, ...], network: FeatureRecovery
) -> None:
    frames, mask = received(*shape)
    with torch.inference_mode():
        recovered = network(frames, mask)
    assert recovered.shape == shape
    assert recovered.isfinite().all()
    sent = mask.expand_as(frames) == 1
    assert torch.equal(recovered[sent], frames[sent])
    assert (recovered[~sent] != 0).any()


def test_untrained_it_interpolates() -> None:
    frames, mask = received(2, 3, 3, 17, 12)
    with torch.inference_mode():
        assert torch.equal(FeatureRecovery(4)(frames, mask), interpolate(frames, mask))


def test_frames_that_were_not_received_at_all_are_guessed_from_their_neighbours(network: FeatureRecovery) -> None:
    frames, mask = received(1, 3, 3, 16, 16)
    frames[:, 1], mask[:, 1] = 0, 0
    with torch.inference_mode():
        before = network(frames, mask)
        frames[:, 0] = -frames[:, 0]
        after = network(frames, mask)
    assert before.isfinite().all()
    assert not torch.equal(before[:, 1], after[:, 1])  # time: the 3D branch sees the frame before
    single = network(frames[:, 1:2], mask[:, 1:2])
    assert single.isfinite().all()


def test_gradient_reaches_every_layer() -> None:
    network = changing()
    frames, mask = received(2, 4, 3, 32, 32)
    network(frames, mask).square().sum().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().sum() > 0, name


def test_clips_of_a_batch_do_not_mix(network: FeatureRecovery) -> None:
    frames, mask = received(3, 2, 3, 16, 16)
    with torch.inference_mode():
        together = network(frames, mask)
        alone = torch.cat([network(frames[row : row + 1], mask[row : row + 1]) for row in range(3)])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-4)
