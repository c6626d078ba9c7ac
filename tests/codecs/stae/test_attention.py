"""Frame and spatial attention: equations 6 and 7 recomputed by hand, and what selection keeps."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edgevision.codecs.stae.attention import FrameAttention, SpatialAttention, select_frames, select_pixels, soften
from edgevision.codecs.stae.selection import kept_pixels


def clips(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def sigmoid(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1 / (1 + np.exp(-values))


def weights(module: torch.nn.Module) -> list[NDArray[np.float64]]:
    return [parameter.detach().numpy().astype(np.float64) for parameter in module.parameters()]


def test_frame_scores_are_equation_6_with_pooled_values_standardised() -> None:
    torch.manual_seed(0)
    attention, clip = FrameAttention(frames=6, hidden=5), clips(3, 6, 3, 8, 10)
    first, first_bias, second, second_bias = weights(attention.mlp)

    def mlp(pooled: NDArray[np.float64]) -> NDArray[np.float64]:
        centred = pooled - pooled.mean(1, keepdims=True)
        centred /= np.sqrt((centred**2).mean(1, keepdims=True)) + 1e-3
        return np.maximum(centred @ first.T + first_bias, 0) @ second.T + second_bias

    pixels = clip.numpy().astype(np.float64).reshape(3, 6, -1)
    expected = sigmoid(mlp(pixels.mean(2)) + mlp(pixels.max(2)))
    scores = attention(clip)
    assert scores.shape == (3, 6, 1, 1, 1)
    np.testing.assert_allclose(scores.detach().numpy().reshape(3, 6), expected, atol=1e-5)


def test_frames_that_do_not_differ_get_the_scores_of_the_biases() -> None:
    torch.manual_seed(0)
    attention = FrameAttention(frames=6, hidden=5)
    same = attention(clips(2, 1, 3, 8, 8).expand(-1, 6, -1, -1, -1)).flatten(1)
    nothing = torch.sigmoid(2 * attention.mlp(torch.zeros(1, 6)))
    torch.testing.assert_close(same, nothing.expand(2, -1), atol=1e-3, rtol=0)


def test_scores_depend_on_order_and_not_on_brightness() -> None:
    torch.manual_seed(0)
    attention, clip = FrameAttention(frames=6, hidden=8), clips(1, 6, 3, 8, 8)
    scores = attention(clip).flatten()
    torch.testing.assert_close(attention(0.5 * clip + 0.1).flatten(), scores, atol=0.02, rtol=0)
    order = torch.tensor([3, 0, 5, 1, 4, 2])
    assert (attention(clip[:, order]).flatten() - scores[order]).abs().max() > 1e-3  # the MLP knows positions


@pytest.mark.parametrize("depth", [1, 3])
def test_pixel_scores_are_equation_7(depth: int) -> None:
    torch.manual_seed(0)
    attention, frames = SpatialAttention((depth, 3, 3)), clips(2, 4, 3, 7, 9)
    kernel, bias = weights(attention.convolution)
    values = frames.numpy().astype(np.float64)
    pooled = np.stack([values.mean(2), values.max(2)], 1)
    reach = depth // 2
    padded = np.pad(pooled, ((0, 0), (0, 0), (reach, reach), (1, 1), (1, 1)))
    expected = np.zeros((2, 4, 7, 9)) + bias
    for t in range(depth):
        for i in range(3):
            for j in range(3):
                window = padded[:, :, t : t + 4, i : i + 7, j : j + 9]
                expected += np.einsum("c,bcthw->bthw", kernel[0, :, t, i, j], window)
    scores = attention(frames)
    assert scores.shape == (2, 4, 1, 7, 9)
    np.testing.assert_allclose(scores.detach().numpy()[:, :, 0], sigmoid(expected), atol=1e-5)


def test_a_frame_is_scored_by_itself_with_the_published_kernel() -> None:
    torch.manual_seed(0)
    attention, frames = SpatialAttention(), clips(1, 4, 3, 8, 8)
    order = torch.tensor([2, 0, 3, 1])
    torch.testing.assert_close(attention(frames[:, order]), attention(frames)[:, order])


def test_contrast_counts_darker_and_brighter_alike_and_brightness_nothing() -> None:
    torch.manual_seed(0)
    attention, frames = SpatialAttention(contrast=True), 0.4 * clips(1, 2, 3, 8, 8)
    scores = attention(frames)
    assert scores.min() >= 0.5 and scores.max() < 1 and scores.std() > 0
    torch.testing.assert_close(attention(frames + 0.3), scores)
    with torch.no_grad():
        attention.convolution.weight[:, 1] = 0  # the average alone: the maximum of -X is not -max X
    torch.testing.assert_close(attention(-frames), attention(frames))


@pytest.mark.parametrize("contrast", [False, True])
def test_pixels_that_differ_from_their_neighbours_come_first(contrast: bool) -> None:
    torch.manual_seed(0)
    frames = torch.zeros(1, 1, 3, 9, 9)
    frames[..., 4, 4] = -0.5
    assert SpatialAttention(contrast=contrast)(frames).flatten().argmax() == 4 * 9 + 4


@given(seed=st.integers(0, 999), frames=st.integers(1, 9), data=st.data())
def test_the_best_frames_are_kept_in_time_order(seed: int, frames: int, data: st.DataObject) -> None:
    count = data.draw(st.integers(1, frames))
    clip, scores = clips(2, frames, 3, 2, 2, seed=seed), clips(2, frames, 1, 1, 1, seed=seed + 1)
    kept, index = select_frames(clip, scores, count)
    assert kept.shape == (2, count, 3, 2, 2)
    for row in range(2):
        best = sorted(range(frames), key=lambda frame: -float(scores[row, frame]))[:count]
        assert index[row].tolist() == sorted(best)
        torch.testing.assert_close(kept[row], clip[row, sorted(best)])


@given(seed=st.integers(0, 999), height=st.integers(1, 9), width=st.integers(1, 9), pixels=st.floats(0.01, 1))
def test_exactly_round_beta_h_w_pixels_are_kept_and_they_are_the_best(
    seed: int, height: int, width: int, pixels: float
) -> None:
    count = kept_pixels(pixels, height, width)
    assert count == max(1, round(pixels * height * width))
    scores = clips(2, 3, 1, height, width, seed=seed)
    mask = select_pixels(scores, count)
    assert mask.shape == scores.shape
    assert set(mask.unique().tolist()) <= {0.0, 1.0}
    assert (mask.sum((2, 3, 4)) == count).all()
    worst_kept = scores.masked_fill(mask == 0, 9).amin((2, 3, 4))
    best_dropped = scores.masked_fill(mask == 1, -9).amax((2, 3, 4))
    assert (worst_kept >= best_dropped).all()


def test_ties_do_not_change_the_number_of_pixels() -> None:
    mask = select_pixels(torch.full((1, 2, 1, 6, 6), 0.5), 13)
    assert mask.sum((2, 3, 4)).tolist() == [[13.0, 13.0]]


@pytest.mark.parametrize("contrast", [False, True])
def test_a_soft_mask_is_soft_at_its_threshold_only(contrast: bool) -> None:
    torch.manual_seed(0)
    frames = torch.rand(2, 2, 3, 64, 64) * 2 - 1
    for count in (1638, 2867, 3686):
        soft = soften(SpatialAttention(contrast=contrast)(frames), count)
        assert 0 < ((soft > 0.05) & (soft < 0.95)).float().mean() < 0.2


@given(seed=st.integers(0, 999), height=st.integers(2, 9), width=st.integers(1, 9), data=st.data())
def test_a_soft_mask_agrees_with_the_selection_and_ignores_what_all_scores_share(
    seed: int, height: int, width: int, data: st.DataObject
) -> None:
    count = data.draw(st.integers(1, height * width))
    scores = clips(2, 3, 1, height, width, seed=seed).sigmoid().requires_grad_()
    soft = soften(scores, count)
    assert soft.shape == scores.shape and soft.min() >= 0 and soft.max() <= 1
    assert torch.equal((soft >= 0.5).float(), select_pixels(scores.detach(), count))
    torch.testing.assert_close(soften(scores + 0.25, count), soft, atol=1e-3, rtol=0)
    if count < height * width:
        (gradient,) = torch.autograd.grad(soft.square().sum(), scores)
        largest = gradient.abs().amax((2, 3, 4))
        assert (gradient.sum((2, 3, 4)).abs() <= 1e-4 * largest.clamp_min(1)).all() and largest.max() > 0
