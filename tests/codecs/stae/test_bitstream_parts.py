"""Parts of the clip bitstream: prefix code, masks, patch selection, transform."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgevision.codecs.stae.bitstream import intra, masks, motion, neighbours, prefix, residuals, transform
from edgevision.codecs.stae.bitstream.patches import patch_mask
from edgevision.codecs.stae.bitstream.wire import Reader, section, varint
from edgevision.errors import BitstreamError

_settings = settings(max_examples=30, deadline=None)


@given(st.integers(0, 2**34))
def test_varint_round_trip(number: int) -> None:
    reader = Reader(varint(number) + b"x")
    assert reader.varint(0, 2**35) == number
    assert reader.rest() == b"x"


def test_reader_never_reads_past_the_end() -> None:
    for data, call in (
        (b"", lambda r: r.take(1)),
        (b"\x80", lambda r: r.varint(0, 9)),
        (b"\5ab", lambda r: r.section()),
    ):
        with pytest.raises(BitstreamError):
            call(Reader(data))
    assert Reader(section(b"abc")).section() == b"abc"


@_settings
@given(st.binary(min_size=0, max_size=3000), st.integers(0, 3))
def test_prefix_code_round_trip(data: bytes, bits: int) -> None:
    values = np.frombuffer(data, np.uint8) >> bits
    np.testing.assert_array_equal(prefix.unpack(prefix.pack(values), len(values)), values)


def test_prefix_code_is_near_the_entropy() -> None:
    values = np.minimum(np.random.default_rng(0).geometric(0.3, 50_000), 255).astype(np.uint8)
    share = np.bincount(values) / len(values)
    entropy = -(share[share > 0] * np.log2(share[share > 0])).sum()
    assert 8 * len(prefix.pack(values)) < 1.05 * entropy * len(values)


@_settings
@given(st.binary(max_size=300), st.integers(1, 3000))
def test_prefix_code_survives_garbage(data: bytes, count: int) -> None:
    with contextlib.suppress(BitstreamError):
        assert len(prefix.unpack(data, count)) == count


@_settings
@given(
    st.tuples(st.integers(1, 5), st.integers(1, 40), st.integers(1, 40)),
    st.floats(0, 1),
    st.integers(0, 2**32),
    st.sampled_from((1, 2, 8)),
    st.sampled_from((masks.PLAIN, masks.HUFFMAN, masks.RANGE)),
)
def test_mask_round_trip(
    shape: tuple[int, int, int], share: float, seed: int, block: int, forms: tuple[masks.Form, ...]
) -> None:
    small = np.random.default_rng(seed).random((shape[0], -(-shape[1] // block), -(-shape[2] // block))) < share
    mask = small.repeat(block, axis=1).repeat(block, axis=2)[:, : shape[1], : shape[2]]
    reader = Reader(masks.pack(mask, forms))
    np.testing.assert_array_equal(masks.unpack(reader, shape), mask)
    assert not reader.rest()


def test_each_form_of_mask_wins_somewhere() -> None:
    random = np.random.default_rng(0)
    noise = random.random((1, 64, 64)) < 0.5
    blob = np.hypot(*np.mgrid[-32:32, -32:32])[None] < 20
    patches = (random.random((1, 8, 8)) < 0.5).repeat(8, axis=1).repeat(8, axis=2)
    sizes = [len(masks.pack(mask, masks.RANGE)) for mask in (noise, blob, patches, np.ones_like(noise))]
    assert sizes[0] <= 64 * 64 // 8 + 1
    assert sizes[1] < len(masks.pack(blob, masks.HUFFMAN)) < len(masks.pack(blob, masks.PLAIN))
    assert sizes[2] <= 9
    assert sizes[3] == 1


@pytest.mark.parametrize("beta", [0.4, 0.75, 1.0, 0.001])
@pytest.mark.parametrize("size", [(112, 112), (20, 13)])
def test_patch_mask_keeps_the_budget_in_whole_patches(beta: float, size: tuple[int, int]) -> None:
    mask = patch_mask(np.random.default_rng(0).random((3, *size)), beta)
    grid = mask[:, ::8, ::8]
    whole = grid.repeat(8, axis=1).repeat(8, axis=2)[:, : size[0], : size[1]]
    np.testing.assert_array_equal(mask, whole)
    expected = max(1, round(beta * grid[0].size))
    assert (np.count_nonzero(grid, axis=(1, 2)) == expected).all()


def test_patch_mask_keeps_the_best_and_checks_arguments() -> None:
    scores = np.zeros((1, 16, 16))
    scores[0, 9, 2] = 1
    kept = patch_mask(scores, 0.25)
    assert kept[0, 8:, :8].all()
    assert kept.sum() == 64
    with pytest.raises(ValueError, match="pixels must be"):
        patch_mask(scores, 0.0)
    with pytest.raises(ValueError, match="at least 1"):
        patch_mask(scores, 0.5, patch=0)


def test_transform_is_orthonormal_and_its_inverse_whole() -> None:
    np.testing.assert_allclose(transform.BASIS @ transform.BASIS.T, np.eye(64), atol=1e-12)
    pixels = np.random.default_rng(0).integers(0, 256, (50, 64)).astype(np.float64)
    np.testing.assert_array_equal(transform.inverse(np.round(transform.forward(pixels))), pixels)
    np.testing.assert_allclose(transform.whole_forward(pixels), transform.forward(pixels), atol=3)


def test_colours_there_and_back() -> None:
    colours = np.random.default_rng(0).integers(0, 256, (4000, 3)).astype(np.uint8)
    back = transform.to_rgb(np.round(transform.to_ycc(colours)))
    assert np.abs(back.astype(int) - colours).max() <= 2


def test_modes_predict_flat_patches() -> None:
    predicted = intra.predict(np.full((1, 3, intra.BORDER), 90.0))
    np.testing.assert_array_equal(predicted[..., 0], 90 * 8 * transform.UNIT)
    assert not predicted[..., 1:].any()


def test_motion_is_found() -> None:
    random = np.random.default_rng(0)
    big = random.normal(128, 40, (60, 60)).cumsum(axis=0) / 4
    clip = np.stack((big[8:40, 8:40], big[5:37, 12:44]))
    vectors = motion.search(clip)
    assert not vectors[0].any()
    assert (vectors[1, 1:-1, 1:-1] == (-6, 8)).all()


def test_neighbourhoods_lie_in_earlier_steps() -> None:
    for plane, frame, row, column in neighbours.PLACES:
        assert column + 2 * row + 4 * frame + 4 * plane < 0


def test_models_ask_only_for_planes_and_frames_that_exist() -> None:
    missing = ~neighbours.SIGNS_USED.reshape(6, -1)
    assert not residuals.models.ERROR_WEIGHTS[:, 1:][missing].any()
    unused = ~neighbours.USED.reshape(6, -1).repeat(residuals.SETS, axis=0)
    assert not residuals.models.USUAL_WEIGHTS[unused].any()
