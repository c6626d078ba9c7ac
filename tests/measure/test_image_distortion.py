"""PSNR and SSIM against values that follow from their definitions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevision.measure.image_distortion import HIGHEST_PSNR, psnr, ssim
from tests.codecs.pictures import picture


def grey(value: int) -> np.ndarray:
    return np.full((32, 48, 3), value, np.uint8)


@given(first=st.integers(0, 255), second=st.integers(0, 255))
def test_of_two_plain_pictures(first: int, second: int) -> None:
    if first != second:
        assert psnr(grey(first), grey(second)) == pytest.approx(20 * np.log10(255 / abs(first - second)))
    # Without variance only the term of luminance is left.
    constant = (0.01 * 255) ** 2
    expected = (2 * first * second + constant) / (first**2 + second**2 + constant)
    assert ssim(grey(first), grey(second)) == pytest.approx(expected, abs=1e-6)


def test_equal_pictures_are_perfect_and_noise_costs_both() -> None:
    image = picture(64, 80)
    assert (psnr(image, image), ssim(image, image)) == (HIGHEST_PSNR, pytest.approx(1))
    noise = np.random.default_rng(0).normal(0, (5.0, 20.0), (*image.shape, 2))
    weak, strong = (np.clip(image + noise[..., index], 0, 255).astype(np.uint8) for index in range(2))
    assert psnr(image, weak) > psnr(image, strong) + 6
    assert 1 > ssim(image, weak) > ssim(image, strong)


def test_colour_that_leaves_the_luma_as_it_is_does_not_count() -> None:
    red = np.zeros((16, 16, 3), np.uint8)
    red[..., 0] = 100
    assert psnr(red, grey(30)[:16, :16]) == HIGHEST_PSNR  # .299 x 100 is 30, rounded
