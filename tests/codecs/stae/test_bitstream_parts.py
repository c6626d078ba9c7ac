"""Parts of the clip bitstream: prefix code, masks, neighbourhoods."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgevision.codecs.stae.bitstream import masks, neighbours, prefix, residuals
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


def test_neighbourhoods_lie_in_earlier_steps() -> None:
    for plane, frame, row, column in neighbours.PLACES:
        assert column + 2 * row + 4 * frame + 4 * plane < 0


def test_models_ask_only_for_planes_and_frames_that_exist() -> None:
    missing = ~neighbours.SIGNS_USED.reshape(6, -1)
    assert not residuals.models.ERROR_WEIGHTS[:, 1:][missing].any()
    unused = ~neighbours.USED.reshape(6, -1).repeat(residuals.SETS, axis=0)
    assert not residuals.models.USUAL_WEIGHTS[unused].any()
