"""Kept frames as H.264 and H.265 in the clip bitstream: shape, quality, limits, hostile bytes."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgevision.codecs.stae.bitstream import MOTION, Coding, container, inspect, pack, unpack
from edgevision.codecs.stae.selection import Selection
from edgevision.codecs.stae.stae_codec import StaeCodec
from edgevision.errors import BitstreamError, CodecInputError
from tests.codecs.stae.tiny import action_clips, tiny_models
from tests.data.videos import moving, psnr

CODINGS = pytest.mark.parametrize("coding", list(MOTION), ids=lambda coding: coding.name)


def whole(kept: list[int], length: int, height: int, width: int) -> Selection:
    return Selection(np.array(kept), np.ones((len(kept), height, width), np.bool_), length)


@CODINGS
@pytest.mark.parametrize(("length", "height", "width"), [(1, 1, 1), (3, 24, 40), (5, 33, 17), (16, 112, 112)])
def test_kept_frames_come_back_nearly_as_they_were(coding: Coding, length: int, height: int, width: int) -> None:
    clip = moving(length, height, width)
    kept = list(range(0, length, 2))
    data = pack(clip, whole(kept, length, height, width), coding, crf=8.0)
    received, sizes = unpack(data), inspect(data)
    assert received.frames.tolist() == kept and received.length == length and received.mask.all()
    assert psnr(clip[kept], received.clip) > 30
    assert sizes.coding == coding and sizes.total == len(data) and sizes.mask == 1


@CODINGS
def test_more_quality_costs_more_bytes(coding: Coding) -> None:
    clip = moving(4, 112, 112)
    streams = [pack(clip, whole([0, 1, 2, 3], 4, 112, 112), coding, crf=crf) for crf in (8.0, 20.0, 32.0)]
    assert all(len(first) > len(second) for first, second in pairwise(streams))
    assert streams[0] == pack(clip.copy(), whole([0, 1, 2, 3], 4, 112, 112), coding, crf=8.0)
    quality = [psnr(clip, unpack(data).clip) for data in streams]
    assert all(first > second for first, second in pairwise(quality))


@CODINGS
def test_large_frames_are_coded_in_parts(coding: Coding, monkeypatch: pytest.MonkeyPatch) -> None:
    clip = moving(3, 96, 112)
    monkeypatch.setattr(container, "SEGMENT_PIXELS", 40 * 112)  # strips of 32 rows
    data = pack(clip, whole([0, 2], 3, 96, 112), coding, crf=12.0)
    assert inspect(data).total == len(data)
    assert psnr(clip[[0, 2]], unpack(data, max_pixels=clip.size).clip) > 30


def test_a_codec_sends_and_classifies_videos() -> None:
    codec = StaeCodec(tiny_models(), Coding.h265)
    clip = action_clips(1).clips[0]
    data = codec.encode(clip, frames=2, crf=10.0)
    frames, mask = codec.decode(data)
    assert mask.all() and psnr(clip[codec.select(clip, 2, 1.0).frames], frames) > 30
    assert codec.scores(data).shape == (len(codec.models.classes),)


@CODINGS
def test_what_a_video_cannot_code_is_refused(coding: Coding) -> None:
    clip, part = moving(2, 32, 32), whole([1], 2, 32, 32)
    part.mask[0, 3, 4] = False
    with pytest.raises(CodecInputError, match="keep all pixels"):
        pack(clip, part, coding)
    with pytest.raises(CodecInputError, match="CRF"):
        pack(clip, whole([1], 2, 32, 32), coding, crf=52.0)


@CODINGS
def test_a_stream_must_be_of_the_frames_that_its_header_states(coding: Coding) -> None:
    clip = moving(8, 32, 48)
    few, many = (pack(clip[:count], whole(list(range(count)), count, 32, 48), coding) for count in (2, 8))
    start = inspect(few).total - inspect(few).values - 4  # all frames are kept, so that header and mask come first
    with pytest.raises(BitstreamError, match="more frames"):
        unpack(container.seal(few[:start] + many[start:-4]))
    with pytest.raises(BitstreamError, match="not of"):
        unpack(container.seal(many[:start] + few[start:-4]))
    large = pack(moving(2, 256, 256), whole([0, 1], 2, 256, 256), coding)
    with pytest.raises(BitstreamError):
        unpack(container.seal(few[:start] + large[len(large) - inspect(large).values - 4 : -4]))


@CODINGS
def test_a_mask_with_gaps_is_refused(coding: Coding) -> None:
    clip = moving(1, 8, 8)
    data = bytearray(pack(clip, whole([0], 1, 8, 8), Coding.plain)[:-4])
    start = len(data) - 3 * 64 - 1
    data[2] = 0x10 | coding
    with pytest.raises(BitstreamError, match="leaves out pixels"):
        unpack(container.seal(bytes(data[:start]) + b"\1" + bytes(8) + b"\0\0\0\1"))


@CODINGS
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_damaged_streams_give_a_clip_of_the_stated_shape_or_one_error(coding: Coding, data: st.DataObject) -> None:
    content = pack(moving(3, 32, 48), whole([0, 1, 2], 3, 32, 48), coding, crf=30.0)[:-4]
    damaged = bytearray(content[: data.draw(st.integers(9, len(content)))])
    for place in data.draw(st.lists(st.integers(9, len(content) - 1), max_size=8)):
        if place < len(damaged):
            damaged[place] = data.draw(st.integers(0, 255))
    try:
        received = unpack(container.seal(bytes(damaged)))
    except BitstreamError:
        return
    assert received.clip.shape == (*received.mask.shape, 3) == (3, 32, 48, 3)
