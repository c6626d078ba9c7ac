"""Conventional codecs: round trips at any size, rates, equal bytes, what is counted, malformed streams."""

from __future__ import annotations

import io
import subprocess
import sys
from itertools import pairwise

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.video_formats import (
    H264,
    H265,
    JPEG,
    JPEG_ABBREVIATED,
    REFERENCES,
    ReferenceCodec,
    subsample,
)
from benchmarks.video_formats import motion_jpeg as jpeg
from edgevision.codecs.stae.bitstream import elementary_streams as motion
from edgevision.errors import BitstreamError
from tests.data.videos import moving, numbered, psnr

CODECS = pytest.mark.parametrize("codec", REFERENCES.values(), ids=list(REFERENCES))
MOTION = pytest.mark.parametrize("codec", [H264, H265], ids=["h264", "h265"])


@CODECS
def test_codecs_keep_to_the_interface(codec: ReferenceCodec) -> None:
    assert isinstance(codec, ReferenceCodec)
    assert REFERENCES[codec.name] is codec
    assert any(character.isdigit() for character in codec.version)


@CODECS
@pytest.mark.parametrize(
    ("frames", "height", "width"),
    [(1, 1, 1), (3, 1, 70), (2, 33, 47), (1, 16, 48), (5, 64, 64), (4, 51, 130), (17, 40, 80)],
)
def test_clips_of_any_size_come_back(codec: ReferenceCodec, frames: int, height: int, width: int) -> None:
    clip = moving(frames, height, width)
    decoded = codec.decode(codec.encode(clip, codec.levels[0]))
    assert decoded.shape == clip.shape
    assert decoded.dtype == np.uint8
    assert psnr(clip, decoded) > 30


@CODECS
def test_levels_run_from_large_and_good_to_small_and_bad(codec: ReferenceCodec) -> None:
    noise = np.random.default_rng(0).integers(-20, 20, (6, 96, 112, 3))
    clip = (moving(6, 96, 112) + noise).clip(0, 255).astype(np.uint8)
    streams = [codec.encode(clip, level) for level in codec.levels[::2]]  # neighbours may come out alike
    qualities = [psnr(clip, codec.decode(data)) for data in streams]
    assert all(len(a) > len(b) for a, b in pairwise(streams))
    assert all(a > b for a, b in pairwise(qualities))


@CODECS
def test_frames_come_back_in_order(codec: ReferenceCodec) -> None:
    decoded = codec.decode(codec.encode(numbered(20, 48, 64), codec.levels[0]))
    np.testing.assert_allclose(decoded.mean((1, 2, 3)), 2 * np.arange(20), atol=1.5)


def test_equal_clips_give_equal_bytes_whatever_memory_held_before() -> None:
    program = (
        "import hashlib; from benchmarks.video_formats import REFERENCES; "
        "from tests.data.videos import moving; clips = moving(16, 112, 112), moving(3, 33, 47); "
        "streams = [codec.encode(clip, 30) for codec in REFERENCES.values() for clip in clips]; "
        "print([hashlib.md5(data).hexdigest() for data in streams])"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", program], env={"MALLOC_PERTURB_": fill}, capture_output=True, text=True, check=True
        ).stdout
        for fill in ("0", "85")
    }
    assert len(digests) == 1


@MOTION
def test_only_the_stream_itself_is_counted(codec: motion.MotionCodec) -> None:
    data = codec.encode(moving(16, 96, 112), 51)
    assert data.startswith(b"\0\0\0\1")
    assert b"x264" not in data
    assert b"x265" not in data
    with av.open(io.BytesIO(data), format={"h264": "h264", "h265": "hevc"}[codec.name]) as container:
        frames = list(container.decode(video=0))  # any other decoder reads it
    assert len(frames) == 16
    assert sum(frame.key_frame for frame in frames) == 1
    assert frames[0].format.name == "yuv420p"


def test_abbreviated_files_hold_the_same_pixels_in_fewer_bytes() -> None:
    clip = moving(4, 50, 70)
    for quality in (1, 30, 90):
        whole, short = JPEG.encode(clip, quality), JPEG_ABBREVIATED.encode(clip, quality)
        np.testing.assert_array_equal(JPEG.decode(whole), JPEG_ABBREVIATED.decode(short))
        assert len(short) < len(whole) - 4 * 100
        with pytest.raises(BitstreamError):
            JPEG.decode(short)


@pytest.mark.parametrize(
    ("codec", "level"),
    [*((codec, level) for codec in REFERENCES.values() for level in (-1, 96, float("nan"))), (JPEG, 0.5), (H264, 51.5)],
)
def test_levels_out_of_range_are_refused(codec: ReferenceCodec, level: float) -> None:
    with pytest.raises(ValueError, match="level"):
        codec.encode(moving(1), level)


@CODECS
@pytest.mark.parametrize("clip", [moving(1)[0], moving(1).astype(float), moving(1)[:0]])
def test_what_is_no_clip_is_refused(codec: ReferenceCodec, clip: np.ndarray) -> None:
    with pytest.raises(ValueError, match="clip must"):
        codec.encode(clip, codec.levels[0])


@CODECS
@pytest.mark.parametrize(
    "data", [b"", b"\0", b"\x80", b"\xff\xff", b"\0\0\1", b"\x1e\0\0\0\xff", b"not a stream at all"]
)
def test_what_is_no_stream_is_an_error(codec: ReferenceCodec, data: bytes) -> None:
    with pytest.raises(BitstreamError):
        codec.decode(data)


@CODECS
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_damaged_streams_give_a_clip_or_one_error(codec: ReferenceCodec, data: st.DataObject) -> None:
    whole = codec.encode(moving(3, 32, 48), 40)
    damaged = bytearray(whole[: data.draw(st.integers(0, len(whole)))])
    for place in data.draw(st.lists(st.integers(0, len(whole) - 1), max_size=10)):
        if place < len(damaged):
            damaged[place] = data.draw(st.integers(0, 255))
    try:
        clip = codec.decode(bytes(damaged))
    except BitstreamError:
        return
    assert clip.ndim == 4
    assert clip.shape[3] == 3


@CODECS
def test_streams_beyond_the_limits_are_refused(codec: ReferenceCodec, monkeypatch: pytest.MonkeyPatch) -> None:
    data = codec.encode(moving(3, 64, 64), 40)
    module = motion if isinstance(codec, motion.MotionCodec) else jpeg
    monkeypatch.setattr(module, "MAX_CLIP_FRAMES", 2)
    with pytest.raises(BitstreamError):
        codec.decode(data)
    monkeypatch.setattr(module, "MAX_CLIP_FRAMES", 3)
    monkeypatch.setattr(module, "MAX_CLIP_PIXELS", 3 * 64 * 64 - 1)
    with pytest.raises(BitstreamError):
        codec.decode(data)


def test_subsampling_takes_the_centres_of_equal_segments() -> None:
    clip = numbered(16)
    for frames, expected in ((1, [8]), (2, [4, 12]), (4, [2, 6, 10, 14]), (16, list(range(16)))):
        assert (subsample(clip, frames)[:, 0, 0, 0] // 2).tolist() == expected
    for frames in (0, 17):
        with pytest.raises(ValueError, match="cannot take"):
            subsample(clip, frames)


def test_fewer_frames_cost_fewer_bytes() -> None:
    clip = moving(16, 64, 64)
    sizes = [len(H264.encode(subsample(clip, frames), 30)) for frames in (1, 4, 16)]
    assert sizes == sorted(sizes)
    assert len(set(sizes)) == 3
