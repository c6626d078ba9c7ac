"""Adaptive quantisation between pictures."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevision.codecs.jpeg.quantisation_tables import CHROMA_SCALE, DC_SCALE, scaled_tables
from edgevision.codecs.jpeg.transform import forward
from edgevision.codecs.spat_imco.adaptive_quantisation import detail, level_factor
from edgevision.codecs.spat_imco.spat_imco_codec import SpatImco
from edgevision.vision.importance import Importance
from tests.codecs.pictures import picture

LIVELY = np.random.default_rng(0).integers(0, 256, (96, 96, 3), np.uint8)
PLAIN = picture(96, 96)
EVEN = Importance(np.zeros((96, 96)))


@pytest.mark.parametrize("colour", [True, False])
def test_detail_counts_what_survives_coarse_quantisation(colour: bool) -> None:
    coefficients = forward(LIVELY if colour else LIVELY[..., 0])
    tables = scaled_tables(CHROMA_SCALE, DC_SCALE)
    count = 0
    for number, plane in enumerate(coefficients.planes):
        count += int((np.abs(plane) >= (2 * tables[min(number, 1)]).astype(np.float32)).sum())
    assert detail(coefficients) == pytest.approx(count / 96**2)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_richer_pictures_are_coded_coarser_within_bounds(first: float, second: float, strength: float) -> None:
    low, high = (level_factor(amount, strength) for amount in sorted((first, second)))
    assert low <= high
    assert 0.25 <= low <= high <= 4
    assert level_factor(first, 0.0) == 1


def test_levels_follow_the_detail_of_the_picture() -> None:
    adaptive, fixed = SpatImco(), SpatImco(aq_strength=0.0)
    levels = {
        (name, codec.aq_strength): codec.inspect(codec.encode(image, level=3.0, importance=EVEN)).levels[1]
        for name, image in (("lively", LIVELY), ("plain", PLAIN))
        for codec in (adaptive, fixed)
    }
    assert levels["plain", 0.7] < 3 < levels["lively", 0.7]
    assert levels["plain", 0.0] == levels["lively", 0.0] == pytest.approx(3, abs=0.01)
    expected = 3 * level_factor(detail(forward(LIVELY)), 0.7)
    assert levels["lively", 0.7] == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize("level", [1 / 16, 64.0])
@pytest.mark.parametrize("image", [LIVELY, PLAIN, np.full_like(LIVELY, 128)])
def test_ends_of_the_scale_stay_within_it(image: np.ndarray, level: float) -> None:
    codec = SpatImco()
    data = codec.encode(image, level=level, importance=EVEN)
    assert 1 / 16 <= codec.inspect(data).levels[1] <= 64
    assert codec.decode(data).shape == image.shape


@pytest.mark.parametrize("strength", [-0.1, 1.1, float("nan")])
def test_strength_out_of_range_is_named(strength: float) -> None:
    with pytest.raises(ValueError, match="aq_strength"):
        SpatImco(aq_strength=strength)
