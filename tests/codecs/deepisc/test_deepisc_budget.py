from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgevision.codecs.deepisc.deepisc_budget import MAX_SEED, base_values, grid, residual_pixels, sent_pixels
from edgevision.codecs.stae.selection import PIXEL_BUDGETS, kept_pixels


@settings(deadline=None)
@given(st.integers(24, 130), st.integers(24, 130), st.sampled_from(PIXEL_BUDGETS), st.integers(1, 8))
def test_no_more_values_than_stae_and_not_a_pixel_less(height: int, width: int, pixels: float, channels: int) -> None:
    base = base_values(height, width, channels)
    stae = 3 * kept_pixels(pixels, height, width)
    if base > stae:
        with pytest.raises(ValueError, match="does not pay"):
            residual_pixels(pixels, height, width, channels)
    else:
        assert stae - 3 < base + 3 * residual_pixels(pixels, height, width, channels) <= stae


@pytest.mark.parametrize(("pixels", "share"), [(1.0, 0.9375), (0.4, 0.3375)])
@pytest.mark.parametrize("side", [112, 224])
def test_the_documented_shares(side: int, pixels: float, share: float) -> None:
    assert residual_pixels(pixels, side, side, 8) == pytest.approx(share * side**2, abs=1)


@settings(deadline=None)
@given(st.integers(0, MAX_SEED), st.integers(1, 4), st.integers(1, 20), st.integers(1, 20), st.data())
def test_exactly_count_pixels_of_each_frame(
    seed: int, frames: int, height: int, width: int, data: st.DataObject
) -> None:
    count = data.draw(st.integers(0, height * width))
    mask = sent_pixels(seed, frames, height, width, count)
    assert mask.shape == (frames, height, width)
    assert (mask.sum(axis=(1, 2)) == count).all()


def test_pixels_follow_from_the_seed_alone_and_spread_evenly() -> None:
    mask = sent_pixels(7, 16, 64, 64, 2048)
    assert np.array_equal(mask, sent_pixels(7, 16, 64, 64, 2048))
    assert np.array_equal(mask[:3], sent_pixels(7, 3, 64, 64, 2048))
    # Independent halves agree on half of the pixels, within five standard deviations.
    for other in (sent_pixels(8, 16, 64, 64, 2048), np.roll(mask, 1, axis=0), np.roll(mask, 1, axis=2)):
        assert abs((mask == other).mean() - 0.5) < 5 * 0.5 / np.sqrt(mask.size)
    # The receiver of an old stream must find the same pixels: these are the format's.
    assert np.flatnonzero(sent_pixels(1, 1, 4, 4, 5)).tolist() == EXPECTED


def test_a_seed_out_of_range_is_refused() -> None:
    with pytest.raises(ValueError, match="seed"):
        sent_pixels(MAX_SEED + 1, 1, 4, 4, 2)


def test_grid_rounds_up() -> None:
    assert grid((17, 16), 8) == (3, 2)


def _splitmix(number: int) -> int:
    """SplitMix64's output for the state after ``number`` + 1 steps from 0, in plain whole numbers."""
    z = (number + 1) * 0x9E3779B97F4A7C15 % 2**64
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 % 2**64
    z = (z ^ z >> 27) * 0x94D049BB133111EB % 2**64
    return z ^ z >> 31


EXPECTED = sorted(sorted(range(16), key=lambda pixel: _splitmix(2**32 + pixel))[:5])
