"""The clip bitstream: what goes in comes out, parts add up, limits hold."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edgevision.codecs.stae.bitstream import LOSSLESS, Coding, container, inspect, pack, residuals, unpack
from edgevision.codecs.stae.selection import Selection, top
from edgevision.errors import BitstreamError

_settings = settings(max_examples=25, deadline=None)


def made_clip(random: np.random.Generator, shape: tuple[int, int, int]) -> NDArray[np.uint8]:
    """Something between noise and smooth pictures, (F, H, W, 3)."""
    walk = random.normal(0, 4, (*shape, 3)).cumsum(axis=1).cumsum(axis=2) / 3 + 128
    return (walk + random.normal(0, random.uniform(0, 40), walk.shape)).clip(0, 255).astype(np.uint8)


def made_selection(random: np.random.Generator, shape: tuple[int, int, int], share: float) -> Selection:
    kept = int(random.integers(1, shape[0] + 1))
    frames = np.sort(random.permutation(shape[0])[:kept])
    return Selection(frames, random.random((kept, *shape[1:])) < share, shape[0])


@st.composite
def cases(draw: st.DrawFn) -> tuple[NDArray[np.uint8], Selection]:
    shape = (draw(st.integers(1, 20)), draw(st.integers(1, 24)), draw(st.integers(1, 24)))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    return made_clip(random, shape), made_selection(random, shape, draw(st.sampled_from((0.0, 0.1, 0.6, 1.0))))


@_settings
@given(cases(), st.sampled_from(LOSSLESS))
def test_round_trip_is_exact(case: tuple[NDArray[np.uint8], Selection], coding: Coding) -> None:
    clip, selection = case
    received = unpack(pack(clip, selection, coding))
    np.testing.assert_array_equal(received.frames, selection.frames)
    np.testing.assert_array_equal(received.mask, selection.mask)
    assert received.length == len(clip)
    np.testing.assert_array_equal(received.clip, np.where(selection.mask[..., None], clip[selection.frames], 0))


@_settings
@given(cases(), st.sampled_from(LOSSLESS))
def test_round_trip_in_segments_is_exact(case: tuple[NDArray[np.uint8], Selection], coding: Coding) -> None:
    clip, selection = case
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(container, "SEGMENT_PIXELS", 16 * 24)
        data = pack(clip, selection, coding)
        assert inspect(data).total == len(data)
        received = unpack(data)
    np.testing.assert_array_equal(received.frames, selection.frames)
    np.testing.assert_array_equal(received.mask, selection.mask)
    np.testing.assert_array_equal(received.clip, np.where(selection.mask[..., None], clip[selection.frames], 0))


@given(st.integers(1, 300), st.integers(1, container.MAX_SIDE), st.integers(1, container.MAX_SIDE))
def test_segments_cover_each_row_of_each_frame_once(count: int, height: int, width: int) -> None:
    assume(count * height * width <= container.MAX_PIXELS)
    seen = np.zeros((count, height), np.int64)
    for rows, lines in container.segments(count, height, width):
        part = seen[rows, lines]
        part += 1
        assert part.size * width <= container.SEGMENT_PIXELS
        assert lines.start % 16 == 0
    assert (seen == 1).all()


@pytest.mark.parametrize(("shape", "share"), [((3, 1200, 1600), 1.0), ((2, 48, container.MAX_SIDE), 0.5)])
def test_large_clips(shape: tuple[int, int, int], share: float) -> None:
    random = np.random.default_rng(0)
    clip = random.integers(0, 256, (*shape, 3), np.uint8)
    mask = random.random(shape, np.float32) < share
    data = pack(clip, Selection(np.arange(shape[0]), mask, shape[0]), Coding.plain)
    if mask.size > container.SEGMENT_PIXELS:
        with pytest.raises(BitstreamError, match="raise max_pixels"):
            unpack(data)
    received = unpack(data, max_pixels=mask.size)
    np.testing.assert_array_equal(received.mask, mask)
    np.testing.assert_array_equal(received.clip, np.where(mask[..., None], clip, 0))
    assert inspect(data, max_pixels=mask.size).values == 3 * np.count_nonzero(mask)


@pytest.mark.parametrize("coding", LOSSLESS)
def test_flat_clips(coding: Coding) -> None:
    """Each value takes hardly any bits, which must not be taken for a false claim."""
    clip = np.full((4, 112, 112, 3), 7, np.uint8)
    whole = Selection(np.arange(4), np.ones(clip.shape[:3], np.bool_), 4)
    np.testing.assert_array_equal(unpack(pack(clip, whole, coding)).clip, clip)


def test_no_distribution_takes_fewer_bits_than_the_least() -> None:
    weights = residuals.bank().astype(np.float64)
    least = -np.log2((weights.max(axis=1) / weights.sum(axis=1)).max())
    assert 0.9 * least < residuals.LEAST_BITS < least


@pytest.mark.parametrize("coding", LOSSLESS)
@pytest.mark.parametrize("value", [0, 255])
def test_extreme_values(coding: Coding, value: int) -> None:
    clip = np.full((3, 20, 20, 3), value, np.uint8)
    clip[1, ::2, ::2, 1] = 255 - value
    selection = Selection(np.arange(3), np.ones((3, 20, 20), np.bool_), 3)
    np.testing.assert_array_equal(unpack(pack(clip, selection, coding)).clip, clip)


@_settings
@given(cases(), st.sampled_from(LOSSLESS))
def test_parts_add_up(case: tuple[NDArray[np.uint8], Selection], coding: Coding) -> None:
    data = pack(*case, coding)
    sizes = inspect(data)
    assert sizes.coding == coding
    assert sizes.total == len(data)
    assert sizes.header < 20
    if coding == Coding.plain:
        assert sizes.values == 3 * np.count_nonzero(case[1].mask)


def test_range_beats_huffman_beats_plain() -> None:
    random = np.random.default_rng(3)
    clip = made_clip(random, (1, 40, 40)).repeat(6, axis=0)
    selection = Selection(np.arange(6), np.ones((6, 40, 40), np.bool_), 6)
    plain, huffman, ranged = (len(pack(clip, selection, coding)) for coding in LOSSLESS)
    assert plain > huffman > 2 * ranged


def test_header_of_one_frame_is_small() -> None:
    clip = np.zeros((16, 112, 112, 3), np.uint8)
    selection = Selection(np.array([9]), np.ones((1, 112, 112), np.bool_), 16)
    sizes = inspect(pack(clip, selection, Coding.range))
    assert sizes.header + sizes.indices + sizes.mask < 20


def test_streams_of_unknown_codings_are_refused() -> None:
    """Among them 3, a lossy coding of earlier versions."""
    clip = made_clip(np.random.default_rng(1), (2, 8, 8))
    selection = Selection(np.arange(2), np.ones((2, 8, 8), np.bool_), 2)
    content = pack(clip, selection, Coding.range)[:-4]
    for number in set(range(16)) - set(Coding):
        with pytest.raises(BitstreamError, match=f"coding {number} is unknown"):
            unpack(container.seal(content[:2] + bytes([0x10 | number]) + content[3:]))


def test_pack_refuses_what_does_not_fit() -> None:
    clip = np.zeros((4, 8, 8, 3), np.uint8)
    selection = Selection(np.array([1]), np.ones((1, 8, 8), np.bool_), 4)
    with pytest.raises(ValueError, match="uint8"):
        pack(clip.astype(np.float32), selection, Coding.plain)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="does not fit"):
        pack(clip[:3], selection, Coding.plain)
    with pytest.raises(ValueError, match="at most"):
        pack(
            np.zeros((1, container.MAX_SIDE + 1, 1, 3), np.uint8),
            Selection(np.array([0]), np.ones((1, container.MAX_SIDE + 1, 1), np.bool_), 1),
            Coding.plain,
        )


@pytest.mark.parametrize("coding", LOSSLESS)
def test_every_damaged_byte_is_noticed(coding: Coding) -> None:
    clip = made_clip(np.random.default_rng(0), (2, 8, 8))
    data = pack(clip, Selection(np.array([1]), np.ones((1, 8, 8), np.bool_), 2), coding)
    for place in range(len(data)):
        with pytest.raises(BitstreamError):
            unpack(data[:place] + bytes([data[place] ^ 4]) + data[place + 1 :])
    for length in range(len(data)):
        with pytest.raises(BitstreamError):
            unpack(data[:length])


@pytest.mark.parametrize("coding", LOSSLESS)
def test_claims_are_checked_before_memory_is_taken(coding: Coding) -> None:
    def claimed(frames: int, height: int, width: int, mask: bytes) -> bytes:
        numbers = b"".join(container.varint(number) for number in (frames, height, width, frames))
        return container.seal(b"ST" + bytes([0x10 | coding]) + numbers + mask + bytes(40))

    for claim in ((1, 2048, 2048, b"\0"), (64, 256, 256, b"\3\4abcd"), (4096, 4096, 4096, b"\0")):
        with pytest.raises(BitstreamError):
            unpack(claimed(*claim))


def test_sealed_garbage_is_refused_or_decoded() -> None:
    random = np.random.default_rng(8)
    clip = made_clip(random, (3, 10, 12))
    mask = top(random.random((3, 120)), 70).reshape(3, 10, 12)
    refused = 0
    for number in range(48):
        content = bytearray(pack(clip, Selection(np.arange(3), mask, 3), LOSSLESS[number % len(LOSSLESS)])[:-4])
        for place in random.integers(3, len(content), 3):
            content[place] = random.integers(256)
        try:
            received = unpack(container.seal(bytes(content)))
            assert received.clip.shape == (*received.mask.shape, 3)
        except BitstreamError:
            refused += 1
    assert refused > 8


def test_same_input_same_bytes() -> None:
    random = np.random.default_rng(4)
    clip = made_clip(random, (4, 16, 16))
    selection = Selection(np.arange(4), random.random((4, 16, 16)) < 0.5, 4)
    for coding in LOSSLESS:
        assert pack(clip, selection, coding) == pack(clip.copy(), dataclasses.replace(selection), coding)
