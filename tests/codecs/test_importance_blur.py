"""The blur that steers: as strong as asked where the picture matters little, nothing where it matters most."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFilter

from edgevision.codecs.steered.importance_blur import blur, box_radius
from tests.codecs.pictures import picture


@given(variance=st.floats(0.02, 30.0))
def test_a_box_has_the_variance_that_was_asked_for(variance: float) -> None:
    row = np.zeros((1, 101), np.float64)
    inner = int(box_radius(variance))
    edge = box_radius(variance) - inner
    row[0, 50 - inner : 51 + inner] = 1
    row[0, [49 - inner, 51 + inner]] = edge
    place = np.arange(101) - 50
    assert (row * place**2).sum() / row.sum() == pytest.approx(variance, rel=1e-9)


@pytest.mark.parametrize("variance", [0.3, 2.0, 4.4])
def test_pillows_box_filter_reads_the_radius_so(variance: float) -> None:
    point = np.zeros((61, 61), np.uint8)
    point[20:41, 20:41] = 255  # a square's edge spreads as a point does, without its rounding
    spread = np.asarray(Image.fromarray(point).filter(ImageFilter.BoxBlur(box_radius(variance)))).astype(np.float64)
    edge = -np.diff(spread[30, 30:])
    place = np.arange(len(edge))
    mean = (edge * place).sum() / edge.sum()
    assert (edge * (place - mean) ** 2).sum() / edge.sum() == pytest.approx(variance, rel=0.1)


def test_important_regions_keep_every_pixel_and_others_are_blurred() -> None:
    image = picture(96, 128)
    ranks = np.zeros((6, 8))
    ranks[:, 4:] = 1
    found = blur(image, ranks, 16, 1.5)
    np.testing.assert_array_equal(found[:, 80:], image[:, 80:])
    copy = np.asarray(Image.fromarray(image).filter(ImageFilter.BoxBlur(box_radius(1.5**2))))
    np.testing.assert_array_equal(found[:, :48], copy[:, :48])
    half = blur(image, np.full((6, 8), 0.5), 16, 1.5).astype(np.float64)
    np.testing.assert_allclose(half, (image.astype(np.float64) + copy) / 2, atol=1.5)


def test_no_strength_no_blur() -> None:
    image = picture(40, 50)
    assert blur(image, np.zeros((3, 4)), 16, 0.0) is image
