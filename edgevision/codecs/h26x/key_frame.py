"""Coding planes as one key frame with PyAV, with quantisation that differs between regions, and decoding it."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import cast

import av
import av.filter
import numpy as np
from av.video.codeccontext import VideoCodecContext

from edgevision.arrays import IntArray
from edgevision.codecs.h26x.intra_file import IntraFile, Standard
from edgevision.codecs.h26x.rectangles import rectangles
from edgevision.codecs.planes import Planes, planes_of_frame
from edgevision.errors import BitstreamError

_TIME = Fraction(1, 25)  # rate control needs a nominal duration; the stream does not store it
_QP_RANGE = 51
_ALIGNED = 64  # decoders reserve whole blocks


def encode_frame(
    planes: Planes, standard: Standard, preset: str, level: float, offsets: IntArray | None = None, side: int = 16
) -> bytes:
    """The elementary stream of a picture as one key frame.

    Args:
        planes: of the picture, see ``to_planes``.
        standard: HEVC or H.264.
        preset: the encoder's preset.
        level: constant rate factor.
        offsets: added to the quantisation parameter of each region, (rows, columns); ``None`` for none.
        side: of a region [pixel].
    """
    frame = _with_regions(_frame(planes, standard), offsets, side)
    context = cast(VideoCodecContext, VideoCodecContext.create(standard.encoder, "w"))
    context.width, context.height, context.pix_fmt = frame.width, frame.height, frame.format.name
    context.time_base, context.framerate = _TIME, 1 / _TIME
    context.thread_count = 1
    context.options = {"preset": preset, "crf": f"{level:g}", standard.parameters: standard.fixed}
    return b"".join(map(bytes, [*context.encode(frame), *context.encode(None)]))


def decode_frame(file: IntraFile, standard: Standard) -> Planes:
    """The planes of a picture.

    Raises:
        BitstreamError: the stream is damaged, or its frame does not have the size that the file states.
    """
    height, width = (_padded(side, standard) for side in (file.height, file.width))
    context = cast(VideoCodecContext, VideoCodecContext.create(standard.decoder, "r"))
    context.thread_count = 1
    most = math.prod(-(-side // _ALIGNED) * _ALIGNED for side in (height, width))
    context.options = {"err_detect": "explode", "max_pixels": str(most)}
    try:
        frames = [*context.decode(av.Packet(file.stream)), *context.decode(None)]
    except (av.FFmpegError, ValueError) as error:
        raise BitstreamError(f"picture in {standard.decoder} cannot be decoded ({type(error).__name__})") from error
    if len(frames) != 1 or (frames[0].height, frames[0].width) != (height, width) or frames[0].is_corrupt:
        raise BitstreamError(f"picture in {standard.decoder} is damaged, or not of the size that it states")
    return tuple(
        plane[: -(-file.height // step), : -(-file.width // step)]
        for plane, step in zip(planes_of_frame(frames[0], grey=file.grey), (1, 2, 2), strict=False)
    )


def _padded(side: int, standard: Standard) -> int:
    return max(side + side % 2, standard.least)


def _frame(planes: Planes, standard: Standard) -> av.VideoFrame:
    """The planes as a frame, padded by repeating the edge."""
    height, width = (_padded(side, standard) for side in planes[0].shape)
    padded = []
    for plane, step in zip(planes, (1, 2, 2), strict=False):
        missing = (height // step - plane.shape[0], width // step - plane.shape[1])
        padded.append(np.pad(plane, ((0, missing[0]), (0, missing[1])), mode="edge"))
    stacked = np.concatenate([plane.ravel() for plane in padded]).reshape(-1, width)
    frame = av.VideoFrame.from_ndarray(stacked, "gray" if len(planes) == 1 else "yuv420p")
    frame.pts, frame.time_base = 0, _TIME
    return frame


def _with_regions(frame: av.VideoFrame, offsets: IntArray | None, side: int) -> av.VideoFrame:
    """The frame with a region of interest for each rectangle of equal offsets."""
    regions = [] if offsets is None else rectangles(offsets)
    if not regions:
        return frame
    graph = av.filter.Graph()
    last = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=_TIME)
    for row, column, rows, columns, offset in regions:
        box = (column * side, row * side, columns * side, rows * side)
        region = graph.add("addroi", f"{':'.join(map(str, box))}:{offset}/{_QP_RANGE}")
        last.link_to(region)
        last = region
    last.link_to(graph.add("buffersink"))
    graph.configure()
    graph.push(frame)
    return cast(av.VideoFrame, graph.pull())
