"""Videos as cameras and programs write them: mirrored, at a variable rate, in HD colours, with several streams."""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.stream import Disposition
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edgevision.data.clips import indices_at_times, sample_indices
from edgevision.data.video_decoding import load_frames
from edgevision.errors import UnreadableClipError
from tests.data.videos import moving, numbered, write

# Where the picture's first row and column go, as FFmpeg's matrix a, b, c, d, and what NumPy does for it.
ORIENTATIONS = {
    "as it is": ((1, 0, 0, 1), lambda frame: frame),
    "left to right": ((-1, 0, 0, 1), lambda frame: frame[:, ::-1]),
    "top to bottom": ((1, 0, 0, -1), lambda frame: frame[::-1]),
    "half a turn": ((-1, 0, 0, -1), lambda frame: frame[::-1, ::-1]),
    "a quarter clockwise": ((0, 1, -1, 0), lambda frame: np.rot90(frame, -1)),
    "a quarter back": ((0, -1, 1, 0), lambda frame: np.rot90(frame)),
    "along the diagonal": ((0, 1, 1, 0), lambda frame: frame.swapaxes(0, 1)),
    "along the other diagonal": ((0, -1, -1, 0), lambda frame: frame[::-1, ::-1].swapaxes(0, 1)),
}


def with_matrix(mp4: bytes, a: int, b: int, c: int, d: int) -> bytes:
    """Put a display matrix into the track header of an MP4 file (ISO/IEC 14496-12, version 0)."""
    start = mp4.index(b"tkhd") + 4 + 40
    one = 1 << 16
    matrix = struct.pack(">9i", a * one, b * one, 0, c * one, d * one, 0, 0, 0, 1 << 30)
    return mp4[:start] + matrix + mp4[start + 36 :]


@pytest.mark.parametrize("name", ORIENTATIONS)
def test_frames_are_shown_as_the_display_matrix_says(tmp_path: Path, name: str) -> None:
    matrix, expected = ORIENTATIONS[name]
    data = write(tmp_path / "c.mp4", moving(2, 64, 64), "libx264").read_bytes()
    (stored,) = load_frames(data, 1, 64)
    (shown,) = load_frames(with_matrix(data, *matrix), 1, 64)
    np.testing.assert_array_equal(shown, expected(stored))


def at_times(path: Path, times: Sequence[int], ticks: int = 1000) -> Path:
    """Write a numbered video whose frames are first shown at ``times`` [1/ticks s]."""
    kind, codec = {".mkv": ("matroska", "ffv1"), ".mp4": ("mp4", "libx264")}[path.suffix]
    with av.open(str(path), "w", format=kind) as container:
        stream = container.add_stream(codec, rate=Fraction(25), options={"qp": "0", "bf": "0"} if kind == "mp4" else {})
        stream.height, stream.width, stream.pix_fmt = 32, 40, "yuv420p"
        stream.codec_context.time_base = Fraction(1, ticks)
        packets = []
        for time, pixels in zip(times, numbered(len(times)), strict=True):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), "rgb24")
            frame.pts, frame.time_base = time, Fraction(1, ticks)
            packets += stream.encode(frame)
        for packet in packets + stream.encode(None):
            packet.duration = 1100  # MP4 says it of the last one
            container.mux(packet)
    return path


@pytest.mark.parametrize("ending", [".mp4", ".mkv"])
def test_frames_at_a_variable_rate_are_chosen_by_time(tmp_path: Path, ending: str) -> None:
    times = [*range(0, 1200, 40), *range(1200, 10_000, 1100)]  # 30 frames in 1.2 s, then 8 in 8.8 s
    clip = load_frames(at_times(tmp_path / f"c{ending}", times), 8, 8)
    centres = (np.arange(8) + 0.5) * 10_000 / 8
    expected = [max(i for i, time in enumerate(times) if time <= centre) for centre in centres]
    chosen = clip.mean((1, 2, 3)) / 2
    np.testing.assert_allclose(chosen, expected, atol=0.6)
    assert sum(times[index] < 1200 for index in expected) == 1


@given(total=st.integers(1, 300), frames=st.integers(1, 40), rate=st.fractions(5, 200), start=st.integers(-999, 999))
def test_a_constant_rate_is_chosen_from_by_number(total: int, frames: int, rate: Fraction, start: int) -> None:
    ticks = 1000  # as Matroska counts; 29.97 frames a second are at 0, 33, 67, 100 ..
    starts = [start + round(ticks * number / rate) for number in range(total)]
    end = start + round(ticks * total / rate)
    np.testing.assert_array_equal(indices_at_times(starts, end, frames), sample_indices(total, frames))


@given(gaps=st.lists(st.integers(1, 5000), min_size=1, max_size=60), frames=st.integers(1, 20), start=st.integers())
def test_each_frame_is_on_show_at_its_centre(gaps: list[int], frames: int, start: int) -> None:
    starts = [start + sum(gaps[:number]) for number in range(len(gaps))]
    end = start + sum(gaps)
    found = indices_at_times(starts, end, frames)
    assert (np.diff(found) >= 0).all()
    tick = 1 + 1e-9  # nearly constant rates are taken for constant, which moves a frame by up to a tick
    for number, index in enumerate(found):
        centre = (2 * number + 1) * sum(gaps) / (2 * frames)
        assert starts[index] - start - tick <= centre <= starts[index] - start + gaps[index] + tick


@pytest.mark.parametrize("starts", [[0, 5, 3, 9], [0, 0, 0, 0], [9, 6, 3, 0], [0, 2**62, 2**61, 7]])
def test_times_that_do_not_increase_are_left_aside(starts: list[int]) -> None:
    np.testing.assert_array_equal(indices_at_times(starts, 10, 3), sample_indices(4, 3))


RED = 200, 80, 40
BT601, BT709 = (0.299, 0.114), (0.2126, 0.0722)
_TAG = {"untagged": 2, "tagged BT.709": 1, "tagged BT.601": 6}


def coded(weights: tuple[float, float], full: bool) -> list[int]:
    """Y, Cb, Cr of ``RED``, 8 bits, from the weights of red and blue."""
    (red, green, blue), (kr, kb) = (value / 255 for value in RED), weights
    luma = kr * red + (1 - kr - kb) * green + kb * blue
    chroma = (blue - luma) / (2 * (1 - kb)), (red - luma) / (2 * (1 - kr))
    spans = (255, 0, 255) if full else (219, 16, 224)
    return [round(spans[0] * luma + spans[1]), *(round(spans[2] * value + 128) for value in chroma)]


def flat(height: int, width: int, colour: Sequence[int], space: int, colour_range: int) -> bytes:
    """A video of one colour (Y, Cb, Cr), with the tags that FFmpeg numbers so."""
    planes = [np.full(height * width // share, value, np.uint8) for share, value in zip((1, 4, 4), colour, strict=True)]
    picture: NDArray[np.uint8] = np.concatenate(planes).reshape(height * 3 // 2, width)
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=Fraction(25), options={"crf": "1", "preset": "ultrafast"})
        stream.height, stream.width, stream.pix_fmt = height, width, "yuv420p"
        stream.codec_context.colorspace, stream.codec_context.color_range = space, colour_range
        frame = av.VideoFrame.from_ndarray(picture, "yuv420p")
        frame.colorspace, frame.color_range = space, colour_range
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return buffer.getvalue()


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize(
    ("height", "width", "tag", "weights"),
    [
        (576, 720, "untagged", BT601),
        (720, 960, "untagged", BT709),
        (544, 1280, "untagged", BT709),
        (64, 64, "tagged BT.709", BT709),
        (64, 64, "tagged BT.601", BT601),
        (720, 1280, "tagged BT.709", BT709),
        (720, 1280, "tagged BT.601", BT601),
    ],
)
def test_colours_are_those_of_the_tags_and_of_hd_without(
    height: int, width: int, tag: str, weights: tuple[float, float], full: bool
) -> None:
    clip = load_frames(flat(height, width, coded(weights, full), _TAG[tag], 2 if full else 1), 1, 8)
    np.testing.assert_allclose(clip, np.broadcast_to(np.array(RED, np.uint8), clip.shape), atol=3)


def streams(path: Path, videos: Sequence[tuple[int, int, Disposition]], codec: str = "mpeg4") -> Path:
    """A Matroska file of several video streams: grey level, side, disposition."""
    with av.open(str(path), "w", format="matroska") as container:
        made = []
        for _, side, disposition in videos:
            stream = container.add_stream(codec, rate=Fraction(25))
            stream.height = stream.width = side
            stream.pix_fmt, stream.disposition = "yuvj420p" if codec == "mjpeg" else "yuv420p", disposition
            made.append(stream)
        for (level, side, _), stream in zip(videos, made, strict=True):
            frame = av.VideoFrame.from_ndarray(np.full((side, side, 3), level, np.uint8), "rgb24")
            container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    return path


NONE, DEFAULT = Disposition(0), Disposition.default


@pytest.mark.parametrize(
    ("videos", "level"),
    [
        ([(50, 32, NONE), (150, 64, NONE)], 150),
        ([(50, 64, NONE), (150, 32, NONE)], 50),
        ([(50, 64, NONE), (150, 32, DEFAULT)], 150),
        ([(50, 32, DEFAULT), (100, 48, DEFAULT), (150, 64, NONE)], 100),
    ],
)
def test_of_several_streams_the_best_is_taken(
    tmp_path: Path, videos: list[tuple[int, int, Disposition]], level: int
) -> None:
    clip = load_frames(streams(tmp_path / "c.mkv", videos), 1, 8)
    np.testing.assert_allclose(clip, level, atol=3)


def with_cover(path: Path, *, video: bool) -> Path:
    """An MP4 file with a large cover picture, before a small video or alone."""
    cover = io.BytesIO()
    with av.open(cover, "w", format="mjpeg") as container:
        stream = container.add_stream("mjpeg", rate=Fraction(25))
        stream.height = stream.width = 128
        stream.pix_fmt = "yuvj420p"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(np.full((128, 128, 3), 200, np.uint8), "rgb24")))
        container.mux(stream.encode(None))
    with av.open(io.BytesIO(cover.getvalue())) as source, av.open(str(path), "w", format="mp4") as container:
        picture = container.add_stream_from_template(source.streams.video[0])
        picture.disposition = Disposition.attached_pic
        audio = container.add_stream("aac", rate=8000)
        stream = container.add_stream("mpeg4", rate=Fraction(25)) if video else None
        if stream is not None:
            stream.height, stream.width, stream.pix_fmt = 32, 40, "yuv420p"
        for packet in source.demux():
            if packet.size:
                packet.stream = picture
                container.mux(packet)
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        sound.sample_rate = 8000
        container.mux(audio.encode(sound))
        container.mux(audio.encode(None))
        if stream is not None:
            for pixels in numbered(3):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), "rgb24")))
            container.mux(stream.encode(None))
    return path


def test_a_cover_picture_is_no_video(tmp_path: Path) -> None:
    assert load_frames(with_cover(tmp_path / "both.mp4", video=True), 1, 8).max() < 20
    with pytest.raises(UnreadableClipError, match="no video in it"):
        load_frames(with_cover(tmp_path / "cover.mp4", video=False), 1, 8)


@pytest.mark.parametrize("shape", [Fraction(1), Fraction(16, 11), Fraction(1, 2)])
def test_the_shape_of_pixels_does_not_matter_to_a_square(tmp_path: Path, shape: Fraction) -> None:
    clips = []
    for number, ratio in enumerate((Fraction(1), shape)):
        path = tmp_path / f"{number}.mp4"
        with av.open(str(path), "w") as container:
            stream = container.add_stream("mpeg4", rate=Fraction(25))
            stream.height, stream.width, stream.pix_fmt = 48, 64, "yuv420p"
            stream.codec_context.sample_aspect_ratio = ratio
            for pixels in moving(2):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), "rgb24")))
            container.mux(stream.encode(None))
        clips.append(load_frames(path, 2, 16))
    np.testing.assert_array_equal(*clips)
