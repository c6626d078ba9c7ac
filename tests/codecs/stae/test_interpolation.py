"""Pull-push interpolation: what was sent stays, what was not lies between what was."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from edgevision.codecs.stae.interpolation import interpolate


def frames_and_mask(seed: int, height: int, width: int, share: float) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    frames = torch.rand(2, 3, 3, height, width, generator=generator) * 2 - 1
    mask = (torch.rand(2, 3, 1, height, width, generator=generator) < share).float()
    mask[..., height // 2, width // 2] = 1
    return frames, mask


@settings(deadline=None)
@given(st.integers(0, 99), st.integers(1, 20), st.integers(1, 20), st.floats(0, 1))
def test_fills_with_mixtures_of_what_was_sent(seed: int, height: int, width: int, share: float) -> None:
    frames, mask = frames_and_mask(seed, height, width, share)
    filled = interpolate(frames * mask, mask)
    assert filled.shape == frames.shape
    torch.testing.assert_close(filled * mask, frames * mask, rtol=0, atol=0)
    sent = torch.where(mask.bool(), frames, torch.nan).flatten(3)
    least, most = sent.nan_to_num(9).amin(3), sent.nan_to_num(-9).amax(3)
    inside = (filled.flatten(3) >= least[..., None] - 1e-5) & (filled.flatten(3) <= most[..., None] + 1e-5)
    assert inside.all()


def test_every_frame_is_filled_by_itself() -> None:
    frames, mask = frames_and_mask(0, 8, 12, 0.3)
    filled = interpolate(frames * mask, mask)
    for row in range(2):
        for frame in range(3):
            part = slice(row, row + 1), slice(frame, frame + 1)
            torch.testing.assert_close(interpolate((frames * mask)[part], mask[part]), filled[part])


def test_small_case_by_hand() -> None:
    received = torch.tensor([[1.0, 0.0, 0.0, 5.0], [3.0, 0.0, 0.0, 0.0]]).view(1, 1, 1, 2, 4)
    mask = (received > 0).float()
    # The two upper pixels are the means 2 and 5 of what is known below; bilinear between their centres 0.5 and 2.5.
    expected = torch.tensor([[1.0, 2.75, 4.25, 5.0], [3.0, 2.75, 4.25, 5.0]])
    torch.testing.assert_close(interpolate(received, mask)[0, 0, 0], expected)


@given(st.integers(0, 99), st.floats(0.01, 1))
@settings(deadline=None)
def test_a_flat_frame_stays_flat_under_a_soft_mask(seed: int, least: float) -> None:
    mask = least + (1 - least) * torch.rand(1, 2, 1, 9, 13, generator=torch.Generator().manual_seed(seed))
    frames = torch.full((1, 2, 3, 9, 13), 0.8)
    torch.testing.assert_close(interpolate(frames * mask, mask), frames)


def test_nothing_sent_is_grey() -> None:
    assert (interpolate(torch.zeros(1, 2, 3, 5, 7), torch.zeros(1, 2, 1, 5, 7)) == 0).all()


def test_ramp_is_recovered_better_than_by_zeros() -> None:
    ramp = torch.linspace(-1, 1, 32).expand(1, 1, 3, 32, 32)
    mask = (torch.rand(1, 1, 1, 32, 32, generator=torch.Generator().manual_seed(0)) < 0.4).float()
    assert (interpolate(ramp * mask, mask) - ramp).abs().mean() < 0.1 * (ramp * mask - ramp).abs().mean()


@pytest.mark.parametrize("wanted", [0, 1])
def test_gradients_flow_to_both_arguments(wanted: int) -> None:
    frames, mask = frames_and_mask(1, 6, 6, 0.5)
    given = [(frames * mask).requires_grad_(), mask.requires_grad_()]
    interpolate(given[0], given[1]).square().sum().backward()
    gradient = given[wanted].grad
    assert gradient is not None and gradient.isfinite().all() and gradient.abs().sum() > 0
