"""Videos to clips of a few small frames, with PyAV; whatever the file is, memory and work stay bounded.

A video is decoded twice from beginning to end: once to count the frames that really decode (what containers state is
often wrong, and a file may be cut off), once to pick the wanted ones, each of which is made small at once. Only a
list of ordinary containers is opened, from bytes that Python reads, so that no file can name another file or a
network address. A frame is stretched to a square, averaging over areas: people who interact use the whole width of
a picture, so that a crop would cut them off.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import av
import numpy as np
from av.container import InputContainer
from av.video.reformatter import Interpolation
from av.video.stream import VideoStream

from edgevision.arrays import ByteClip
from edgevision.data.clips import FRAMES, SIZE, check_clip, sample_indices
from edgevision.errors import UnreadableClipError

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


def load_frames(video: Path | bytes, frames: int = FRAMES, size: int = SIZE) -> ByteClip:
    """Read a video as a clip: the centre frames of equal segments (``sample_indices``), made square.

    A video that breaks off or is damaged gives the frames that decode.

    Args:
        video: a file, or the bytes of one, in any of ``CONTAINERS``.
        frames: frames F of the clip.
        size: side of its frames [pixel].

    Returns:
        (frames, size, size, 3) uint8.

    Raises:
        UnreadableClipError: nothing can be decoded, or the video is larger than the limits of this module.
        ValueError: ``frames`` or ``size`` out of range.
    """
    shape = frames, size, size, 3
    check_clip(np.broadcast_to(np.uint8(0), shape))
    clip = np.zeros(shape, np.uint8)
    try:
        total = sum(1 for _ in _decoded(video))
        if not total:
            raise UnreadableClipError("no frame of it can be decoded")
        wanted = sample_indices(total, frames)
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
        ValueError: not a clip.
    """
    check_clip(clip)
    if clip.shape[:3] == (frames, size, size):
        return clip
    chosen = sample_indices(len(clip), frames)
    if clip.shape[1:3] == (size, size):
        return clip[chosen]
    small = {index: _small(av.VideoFrame.from_ndarray(np.ascontiguousarray(clip[index])), size) for index in chosen}
    return np.stack([small[index] for index in chosen])


def _small(frame: av.VideoFrame, size: int) -> ByteClip:
    """Stretch a frame to (size, size, 3), upright where the file says how the camera was held."""
    small = frame.reformat(size, size, "rgb24", interpolation=_SCALING, threads=1)
    return np.rot90(np.asarray(small.to_ndarray()), round(frame.rotation / 90))


def _decoded(video: Path | bytes) -> Iterator[av.VideoFrame]:
    """Frames of the first video stream, without those that damage makes undecodable.

    Raises:
        UnreadableClipError: no such file, no video in it, or beyond a limit.
        av.FFmpegError: no container.
    """
    with _opened(video) as stream, av.open(stream, "r", options={"format_whitelist": CONTAINERS} | _LIMIT) as container:
        if not container.streams.video:
            raise UnreadableClipError("no video in it")
        source = container.streams.video[0]
        if source.codec_context is None:
            raise UnreadableClipError("its video is in no known format")
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


def _opened(video: Path | bytes) -> BinaryIO:
    if isinstance(video, bytes):
        return io.BytesIO(video)
    if not video.is_file():  # a named pipe would block
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
