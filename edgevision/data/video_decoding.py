"""Videos to clips of a few small frames, with PyAV; whatever the file is, memory and work stay bounded.

A video is decoded twice from beginning to end: once for the times of the frames that really decode (what containers
state is often wrong, and a file may be cut off), once to pick the wanted ones, each of which is made small at once.
Only a list of ordinary containers is opened, from bytes that Python reads, so that no file can name another file or a
network address. A frame is stretched to a square, averaging over areas: people who interact use the whole width of
a picture, so that a crop would cut them off. So it does not matter whether pixels are square.
"""

from __future__ import annotations

import io
import math
import statistics
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import av
import numpy as np
from av.container import InputContainer
from av.stream import Disposition
from av.video.reformatter import Colorspace, Interpolation
from av.video.stream import VideoStream

from edgevision.arrays import ByteClip, IntArray
from edgevision.checks import whole_number
from edgevision.data.clips import (
    FRAMES,
    MAX_CLIP_FRAMES,
    MAX_CLIP_PIXELS,
    SIZE,
    check_clip,
    indices_at_times,
    sample_indices,
)
from edgevision.errors import CodecInputError, UnreadableClipError

MAX_FRAME_PIXELS = 2**24  # 4096 x 4096; the decoder itself refuses more before it reserves memory
MAX_FRAMES = 2**15  # of a video: 18 minutes at 30 a second
MAX_VIDEO_PIXELS = 2**32  # over all frames: more than a minute of full HD at 30 a second
CONTAINERS = "avi,mov,mp4,matroska,webm,mpeg,mpegts,mpegvideo,ogg,flv,asf,gif,ivf,h264,hevc,m4v,dv,nut,rm"

_LIMIT = {"max_pixels": str(MAX_FRAME_PIXELS)}
# Without all of these, swscale's conversions between colour spaces darken a picture by one or two levels.
EXACT = (
    Interpolation.ACCURATE_RND | Interpolation.BITEXACT | Interpolation.FULL_CHR_H_INT | Interpolation.FULL_CHR_H_INP
)
_SCALING = Interpolation.AREA | EXACT
_UNTAGGED = 2  # FFmpeg's colour space of frames that state none
_HD = 1280, 720  # from this width or height on, such frames are taken for BT.709, as players do
_NO_VIDEO = Disposition.attached_pic | Disposition.timed_thumbnails


def load_frames(video: Path | bytes, frames: int = FRAMES, size: int = SIZE) -> ByteClip:
    """Read a video as a clip: the frames at the centres of equal segments (``indices_at_times``), made square.

    A video that breaks off or is damaged gives the frames that decode.

    Args:
        video: a file, or the bytes of one, in any of ``CONTAINERS``.
        frames: frames F of the clip.
        size: side of its frames [pixel].

    Returns:
        (frames, size, size, 3) uint8.

    Raises:
        UnreadableClipError: nothing can be decoded, or the video is larger than the limits of this module.
        CodecInputError: ``frames`` or ``size`` out of range.
    """
    frames, size = _checked_shape(frames, size)
    clip = np.zeros((frames, size, size, 3), np.uint8)
    try:
        wanted = _wanted([(frame.pts, frame.duration) for frame in _decoded(video)], frames)
        for index, frame in enumerate(_decoded(video)):
            if (rows := wanted == index).any():
                clip[rows] = _small(frame, size)
    except UnreadableClipError:
        raise
    except (OSError, ValueError, av.FFmpegError) as error:  # PyAV's exceptions for damaged files are any of these
        raise UnreadableClipError(f"not a video that can be read ({type(error).__name__})") from error
    return clip


def fit_clip(clip: ByteClip, frames: int = FRAMES, size: int = SIZE) -> ByteClip:
    """A clip of any length and size as ``load_frames`` would make it, (frames, size, size, 3); itself if it is one.

    Raises:
        CodecInputError: not a clip, or ``frames`` or ``size`` out of range.
    """
    check_clip(clip)
    frames, size = _checked_shape(frames, size)
    if clip.shape[:3] == (frames, size, size):
        return clip
    chosen = sample_indices(len(clip), frames)
    if clip.shape[1:3] == (size, size):
        return clip[chosen]
    small = {index: _small(av.VideoFrame.from_ndarray(np.ascontiguousarray(clip[index])), size) for index in chosen}
    return np.stack([small[index] for index in chosen])


def _checked_shape(frames: int, size: int) -> tuple[int, int]:
    frames = whole_number("frames", frames, 1, MAX_CLIP_FRAMES, CodecInputError)
    size = whole_number("size", size, 1, math.isqrt(MAX_CLIP_PIXELS), CodecInputError)
    check_clip(np.broadcast_to(np.uint8(0), (frames, size, size, 3)))
    return frames, size


def _wanted(times: list[tuple[int | None, int]], frames: int) -> IntArray:
    """Which frames a clip is made of, from when and for how long each is shown [tick]; (frames,)."""
    if not times:
        raise UnreadableClipError("no frame of it can be decoded")
    starts = [start for start, _ in times if start is not None]
    if len(starts) < len(times):
        return sample_indices(len(times), frames)
    last = times[-1][1] or round(statistics.median(np.diff(starts).tolist() or [1]))
    return indices_at_times(starts, starts[-1] + last, frames)


def _small(frame: av.VideoFrame, size: int) -> ByteClip:
    """Stretch a frame to (size, size, 3), turned and mirrored as the file says it is to be shown."""
    hd = frame.width >= _HD[0] or frame.height >= _HD[1]
    matrix = Colorspace.ITU709 if hd and frame.colorspace == _UNTAGGED and not frame.format.is_rgb else None
    small = frame.reformat(size, size, "rgb24", src_colorspace=matrix, interpolation=_SCALING, threads=1)
    return _as_shown(np.asarray(small.to_ndarray()), frame)


def _as_shown(pixels: ByteClip, frame: av.VideoFrame) -> ByteClip:
    """Apply a frame's display matrix, which takes column x and row y to a x + c y and b x + d y.

    Of its eight orientations the nearest is taken; the camera's shift and scale are left out.
    """
    matrix = frame.side_data.get("DISPLAYMATRIX")
    if matrix is None:
        return pixels
    a, b, _, c, d, *_ = np.frombuffer(bytes(matrix), np.int32).tolist()
    if abs(a) + abs(d) < abs(b) + abs(c):  # rows become columns
        pixels, a, d = pixels.swapaxes(0, 1), c, b
    return pixels[:: -1 if d < 0 else 1, :: -1 if a < 0 else 1]


def _decoded(video: Path | bytes) -> Iterator[av.VideoFrame]:
    """Frames of the best video stream, without those that damage makes undecodable.

    Raises:
        UnreadableClipError: no such file, no video in it, or beyond a limit.
        av.FFmpegError: no container.
    """
    with _opened(video) as stream, av.open(stream, "r", options={"format_whitelist": CONTAINERS} | _LIMIT) as container:
        source = _best_stream(container)
        source.codec_context.options = _LIMIT
        source.codec_context.thread_count = 1
        number = pixels = 0
        for frame in _frames(container, source):
            number, pixels = number + 1, pixels + frame.width * frame.height
            if number > MAX_FRAMES or pixels > MAX_VIDEO_PIXELS:
                raise UnreadableClipError(
                    f"too long; limits are {MAX_FRAMES} frames and {MAX_VIDEO_PIXELS} pixels over all of them"
                )
            yield frame


def _best_stream(container: InputContainer) -> VideoStream:
    """The largest of the video streams that are shown by default, or of all; cover pictures are none."""
    streams = [stream for stream in container.streams.video if not stream.disposition & _NO_VIDEO]
    if not streams:
        raise UnreadableClipError("no video in it")
    known = [stream for stream in streams if stream.codec_context is not None]
    if not known:
        raise UnreadableClipError("its video is in no known format")
    default = [stream for stream in known if stream.disposition & Disposition.default]
    return max(default or known, key=lambda stream: stream.codec_context.width * stream.codec_context.height)


def _opened(video: Path | bytes) -> BinaryIO:
    if isinstance(video, bytes):
        return io.BytesIO(video)
    if not video.is_file() or not video.stat().st_size:  # a named pipe would block; files of the system have no size
        raise UnreadableClipError("no such file")
    return video.open("rb")


def _frames(container: InputContainer, source: VideoStream) -> Iterator[av.VideoFrame]:
    packets = container.demux(source)
    while True:
        try:
            packet = next(packets, None)
        except av.FFmpegError:
            packet = None  # the container breaks off; frames may still wait in the decoder
        with suppress(av.FFmpegError):  # of a damaged packet: those after it may be whole
            yield from source.decode(packet)
        if packet is None:
            return
