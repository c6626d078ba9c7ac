"""H.264 and H.265 by PyAV, coded by libx264 and libx265. The bytes are the elementary stream, without a container.

Source: ITU-T H.264 and H.265, Annex B (byte stream format).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import cast

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.reformatter import Interpolation

from edgevision.arrays import ByteClip
from edgevision.data.clips import MAX_CLIP_FRAMES, MAX_CLIP_PIXELS, check_clip
from edgevision.data.video_decoding import EXACT
from edgevision.errors import BitstreamError, CodecInputError

MAX_LEVEL = 51.0
MAX_SIDE = 2**13  # of a frame [pixel]
_PADDED = 0x80
_BLOCK = 64  # decoders round sides up to a multiple of a block, at most this [pixel]
_FRAME_TIME = Fraction(1, 25)  # nominal: rate control needs one, the stream does not store it
_CONVERSION = Interpolation.BICUBIC | EXACT
# x264 puts its version and settings, nearly 700 bytes, into an SEI unit (type 6); no decoder needs it.
_SEI = re.compile(rb"\x00?\x00\x00\x01\x06.*?(?=\x00?\x00\x00\x01|\Z)", re.DOTALL)


@dataclass(frozen=True)
class MotionCodec:
    """A codec with motion compensation: 4:2:0, one key frame, one thread (for equal bytes).

    A level is the constant rate factor (CRF), 0 to 51; a larger one compresses more. Chroma at half resolution needs
    even sides, and the encoders have a least size. Other frames are padded by repeating their edge, and two bytes
    before the stream give the number of added rows and columns. Frames without padding need no such bytes, because a
    stream begins with a zero byte.

    Attributes:
        name: ``h264`` or ``h265``.
        encoder: FFmpeg's name of the encoder.
        decoder: FFmpeg's name of the decoder.
        options: the encoder's options besides preset and CRF.
        least: side below which frames are padded [pixel], even and at most 128.
        preset: of the encoder, ``ultrafast`` to ``placebo``; a slower one makes smaller streams.
        levels: least to most compressed.
    """

    name: str
    encoder: str
    decoder: str
    options: Mapping[str, str]
    least: int
    preset: str = "slow"
    levels: tuple[float, ...] = (18.0, 23.0, 28.0, 32.0, 36.0, 40.0, 44.0, 48.0, 51.0)

    @property
    def version(self) -> str:
        """Versions of PyAV and of its FFmpeg."""
        return f"PyAV {av.__version__}, libavcodec {'.'.join(map(str, av.library_versions['libavcodec']))}"

    def encode(self, clip: ByteClip, level: float) -> bytes:
        """Encode a clip, (F, H, W, 3) uint8, with a CRF of ``level``.

        Raises:
            CodecInputError: not a clip, or a level or a side out of range.
        """
        check_clip(clip)
        if not 0 <= level <= MAX_LEVEL:
            raise CodecInputError(f"level (CRF) must be in [0, {MAX_LEVEL:g}], got {level!r}")
        height, width = clip.shape[1:3]
        if max(height, width) > MAX_SIDE:
            raise CodecInputError(f"frames of {width} x {height} pixels; sides must be at most {MAX_SIDE}")
        below, right = self._padding(height), self._padding(width)
        stream = self._stream(np.pad(clip, ((0, 0), (0, below), (0, right), (0, 0)), mode="edge"), level)
        return bytes((_PADDED | below, right)) + stream if below or right else stream

    def _padding(self, side: int) -> int:
        return max(side % 2, self.least - side)

    def _stream(self, clip: ByteClip, level: float) -> bytes:
        height, width = clip.shape[1:3]
        context = cast(VideoCodecContext, VideoCodecContext.create(self.encoder, "w"))
        context.height, context.width, context.pix_fmt = height, width, "yuv420p"
        context.time_base, context.framerate = _FRAME_TIME, 1 / _FRAME_TIME
        context.thread_count = 1
        context.options = {"preset": self.preset, "crf": f"{level:g}", **self.options}
        packets = []
        for number, pixels in enumerate(clip):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), "rgb24")
            frame = frame.reformat(format="yuv420p", interpolation=_CONVERSION, threads=1)
            frame.pts = number
            packets += context.encode(frame)
        return _SEI.sub(b"", b"".join(map(bytes, packets + context.encode(None))))

    def decode(self, data: bytes, shape: tuple[int, int, int] | None = None) -> ByteClip:
        """Decode to (F, H, W, 3) uint8.

        An elementary stream does not store its number of frames: if it is cut between frames, it is a shorter clip.

        Args:
            data: the bytes.
            shape: F, H and W that are expected. Larger streams are refused before they are decoded, so it limits time
                and memory. ``None`` allows whatever a clip may be.

        Raises:
            BitstreamError: ``data`` cannot be decoded, has another shape, or is larger than a clip may be.
        """
        padded = bool(data) and data[0] >= _PADDED
        below, right = (data[0] - _PADDED, int.from_bytes(data[1:2])) if padded else (0, 0)
        try:
            clip = np.stack(self._decoded(data[2:] if padded else data, *self._limits(shape)))
        except BitstreamError:
            raise
        except (av.FFmpegError, ValueError, OSError) as error:  # also: no frame, or frames of unequal size
            raise BitstreamError(f"not a {self.name} stream that can be decoded ({type(error).__name__})") from error
        height, width = clip.shape[1] - below, clip.shape[2] - right
        if height < 1 or width < 1:
            raise BitstreamError(f"{self.name} stream is smaller than its own padding")
        if shape is not None and (len(clip), height, width) != shape:
            raise BitstreamError(f"{self.name} stream of {len(clip)} frames of {height} x {width}, not of {shape}")
        return clip[:, :height, :width]

    def _limits(self, shape: tuple[int, int, int] | None) -> tuple[int, int]:
        """The most frames, and the most pixels of all of them together, that a stream may have."""
        if shape is None:
            return MAX_CLIP_FRAMES, MAX_CLIP_PIXELS
        frames, *sides = shape
        height, width = (side + self._padding(side) + _BLOCK for side in sides)
        return frames, frames * height * width

    def _decoded(self, stream: bytes, most_frames: int, most_pixels: int) -> list[ByteClip]:
        frames: list[ByteClip] = []
        for frame in self._frames(stream, most_frames, most_pixels):
            if len(frames) == most_frames or (len(frames) + 1) * frame.width * frame.height > most_pixels:
                raise BitstreamError(f"{self.name} stream is larger than its clip may be")
            frames.append(np.asarray(frame.to_ndarray(format="rgb24", interpolation=_CONVERSION, threads=1), np.uint8))
        return frames

    def _frames(self, stream: bytes, most_frames: int, most_pixels: int) -> Iterator[av.VideoFrame]:
        context = cast(VideoCodecContext, VideoCodecContext.create(self.decoder, "r"))
        context.thread_count = 1
        context.options = {"err_detect": "explode", "max_pixels": str(most_pixels)}
        packets = [*context.parse(stream), *context.parse(None)]
        # A packet holds a frame. One that is never shown takes as long to decode, so packets are counted, not frames.
        if len(packets) > most_frames:
            raise BitstreamError(f"{self.name} stream has more frames than its clip may have")
        for packet in packets:
            yield from context.decode(packet)
        yield from context.decode(None)


# The result is for classifiers, so psychovisual optimisation (psy) is off.
# Equal bytes: with AVX-512, x264's depend on what its memory held before, and x265's do in frames of less than 96
# pixels; below 64 it even writes beyond its memory (x264 core 165, x265 4.2).
_X264 = "keyint=infinite:scenecut=0:psy=0:asm=sse2"
_X265 = "keyint=-1:scenecut=0:psy-rd=0:psy-rdoq=0:info=0:log-level=none:pools=none:frame-threads=1:wpp=0"
H264 = MotionCodec("h264", "libx264", "h264", {"x264-params": _X264}, least=16)
H265 = MotionCodec("h265", "libx265", "hevc", {"x265-params": _X265}, least=96)
