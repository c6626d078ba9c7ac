"""The parts of steering: ranks of regions, blur, rectangles, strengths, and maps from files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from edgevision.codecs.h26x.rectangles import rectangles
from edgevision.codecs.importance_file import read_importance
from edgevision.codecs.steered import strengths
from edgevision.codecs.steered.importance_blur import blur
from edgevision.codecs.steered.region_ranks import MOST, REGION, region_ranks, region_side
from edgevision.codecs.steered.strengths import Strength, Strengths
from edgevision.errors import CodecInputError, EdgeVisionError
from tests.codecs.pictures import picture


@given(
    weights=arrays(np.float64, st.tuples(st.integers(1, 90), st.integers(1, 90)), elements=st.floats(-1e6, 1e6)),
    scale=st.sampled_from((1e-3, 1.0, 1e3)),
)
def test_ranks_lie_evenly_between_0_and_1_in_any_scale(weights: np.ndarray, scale: float) -> None:
    ranks = region_ranks(weights, 16)
    assert ranks.shape == (-(-weights.shape[0] // 16), -(-weights.shape[1] // 16))
    assert ranks.min() >= 0
    assert ranks.max() <= 1
    assert ranks.mean() == pytest.approx(0.5)
    if np.ptp(weights) > 1e-3:
        np.testing.assert_allclose(region_ranks(weights * scale, 16), ranks, atol=2 / ranks.size)


def test_regions_of_equal_weight_share_their_rank() -> None:
    weights = np.zeros((32, 64))
    weights[:16, :16] = 5
    np.testing.assert_allclose(region_ranks(weights, 16)[0], [1, 3 / 7, 3 / 7, 3 / 7])
    assert (region_ranks(np.ones((16, 50)), 16) == 0.5).all()


@given(st.integers(1, 65500), st.integers(1, 65500))
def test_no_picture_has_too_many_regions(height: int, width: int) -> None:
    side = region_side(height, width)
    assert side % REGION == 0
    assert max(height, width) <= MOST * side
    assert side == REGION or max(height, width) > MOST * (side - REGION)


@given(arrays(np.int64, st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=st.integers(-2, 2)))
def test_rectangles_cover_each_number_once(numbers: np.ndarray) -> None:
    found = np.zeros_like(numbers)
    for row, column, rows, columns, number in rectangles(numbers):
        part = found[row : row + rows, column : column + columns]
        assert part.shape == (rows, columns)
        assert not part.any()
        part[:] = number
    np.testing.assert_array_equal(found, numbers)
    assert len(rectangles(np.full((5, 7), 3))) == 1


@pytest.mark.parametrize("grey", [False, True])
def test_blur_follows_the_ranks(grey: bool) -> None:
    image = picture(96, 64, grey=grey)
    ranks = np.repeat(np.array([0.0, 0.0, 0.5, 1.0, 1.0, 1.0])[:, None], 4, axis=1)
    assert blur(image, ranks, 16, 0.0) is image
    blurred = blur(image, ranks, 16, 1.5)
    assert blurred.shape == image.shape
    np.testing.assert_array_equal(blurred[64:], image[64:])
    rough = [np.abs(np.diff(part[:, ..., :].astype(int), axis=0)).mean() for part in (blurred[:24], image[:24])]
    assert rough[0] < 0.6 * rough[1]
    flat = np.full((40, 30, 3), 90, np.uint8)
    np.testing.assert_array_equal(blur(flat, np.zeros((3, 2)), 16, 2.0), flat)


def test_strengths_are_interpolated() -> None:
    table = Strengths(((10.0, Strength(0.0, 4.0)), (20.0, Strength(1.0, 8.0))))
    assert [table.at(level) for level in (0, 15, 99)] == [Strength(0, 4), Strength(0.5, 6), Strength(1, 8)]
    with pytest.raises(ValueError, match="must increase"):
        Strengths(((10.0, Strength(0.0)), (10.0, Strength(1.0))))


@pytest.mark.parametrize("table", [strengths.AVIF, strengths.HEVC, strengths.H264])
def test_nothing_is_blurred_at_high_quality(table: Strengths) -> None:
    assert table.at(0).blur == 0
    assert table.at(100).blur > 0


def test_maps_are_read_from_grey_pictures_and_numbers(tmp_path: Path) -> None:
    weights = np.linspace(0, 1, 12).reshape(3, 4)
    np.save(tmp_path / "map.npy", weights.astype(np.float32))
    Image.fromarray(np.rint(255 * weights).astype(np.uint8)).save(tmp_path / "map.png")
    for name in ("map.npy", "map.png"):
        np.testing.assert_allclose(read_importance(tmp_path / name), weights, atol=0.5 / 255)


@pytest.mark.parametrize(
    ("stored", "message"),
    [
        (np.zeros((2, 2, 2)), "two dimensions"),
        (np.zeros((2, 2), np.int64), "floating-point"),
        (np.zeros((0, 2)), "1 to"),
        (np.full((2, 2), np.nan), "from 0 to 1"),
        (np.full((2, 2), 1.5), "from 0 to 1"),
        (np.array([[{}]], object), "not a readable array"),
    ],
    ids=["3-d", "whole", "empty", "nan", "large", "objects"],
)
def test_other_numbers_are_refused(stored: np.ndarray, message: str, tmp_path: Path) -> None:
    np.save(tmp_path / "map.npy", stored, allow_pickle=True)
    with pytest.raises(CodecInputError, match=message):
        read_importance(tmp_path / "map.npy")


def test_other_files_are_refused_in_one_line(tmp_path: Path) -> None:
    Image.fromarray(picture(8, 8)).save(tmp_path / "colour.png")
    (tmp_path / "noise.png").write_bytes(b"\x89PNG noise")
    (tmp_path / "noise.npy").write_bytes(b"\x93NUMPY\x01\x00\xff\xff" + b"x" * 50)
    (tmp_path / "huge.npy").write_bytes(
        b"\x93NUMPY\x01\x00\x76\x00" + b"{'descr': '<f8', 'fortran_order': False, 'shape': (900000, 900000)}".ljust(118)
    )
    (tmp_path / "map.jpg").write_bytes(b"\xff\xd8")
    for name in ("colour.png", "noise.png", "noise.npy", "huge.npy", "map.jpg", "missing.npy", "missing.png"):
        with pytest.raises(EdgeVisionError) as refused:
            read_importance(tmp_path / name)
        assert "\n" not in str(refused.value)
        assert name in str(refused.value)
