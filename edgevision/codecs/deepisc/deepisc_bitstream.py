"""DeepISC's bitstream, in which only the latent is entropy-coded, as published (section IV-B).

Layout: ``DI`` and the format version; as varints, the clip's number of frames F, height H and width W, the number a of
kept frames, the budget beta in per cent and the seed of the residual's pixels; the indices of the kept frames, each as
a varint with the number of frames skipped since the one before; the latent, Huffman-coded, as a section; the
segmentation map, one byte per value; the residual of the pixels drawn from the seed, three bytes each, two's
complement; CRC-32 of all bytes before it, big-endian. Each part is ordered by frame; the latent of a frame by channel.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgevision.arrays import BoolArray
from edgevision.checks import checked_bytes
from edgevision.codecs.deepisc.deepisc_budget import (
    LATENT_STRIDE,
    MAX_SEED,
    SEGMENT_STRIDE,
    grid,
    residual_pixels,
    sent_pixels,
)
from edgevision.codecs.deepisc.deepisc_network import DeepIscConfig
from edgevision.codecs.stae.bitstream import prefix
from edgevision.codecs.stae.bitstream.container import MAX_FRAMES, seal
from edgevision.codecs.stae.bitstream.wire import Reader, section, varint
from edgevision.errors import BitstreamError, CodecInputError

MAX_SIDE = 1024  # [pixel]; lower than STAE's, because the networks run on frames of the size that the header states
MAX_PIXELS = 2**24  # of all kept frames together
_MAGIC = b"DI\x01"
_CHECKSUM = 4  # [byte]


@dataclass(frozen=True)
class Header:
    """Header of a bitstream.

    Attributes:
        length: number F of frames of the clip.
        height: H [pixel].
        width: W [pixel].
        frames: indices of the a kept frames, increasing.
        percent: beta, in 1..100 [%].
        seed: of the residual's pixels.
    """

    length: int
    height: int
    width: int
    frames: tuple[int, ...]
    percent: int
    seed: int

    @property
    def size(self) -> tuple[int, int]:
        """H and W."""
        return self.height, self.width

    def check(self) -> None:
        """Check that the header is consistent and within the limits.

        Raises:
            CodecInputError: it is not.
        """
        count = len(self.frames)
        sides_fit = 1 <= self.height <= MAX_SIDE and 1 <= self.width <= MAX_SIDE
        if not (sides_fit and 0 < count * self.height * self.width <= MAX_PIXELS and self.length <= MAX_FRAMES):
            raise CodecInputError(
                f"{count} of {self.length} frames of {self.height} x {self.width} pixels; must be 1 to {MAX_FRAMES} "
                f"frames, sides of up to {MAX_SIDE}, and {MAX_PIXELS} pixels together"
            )
        if self.frames[0] < 0 or self.frames[-1] >= self.length or (np.diff(self.frames) <= 0).any():
            raise CodecInputError(f"kept frames must increase within 0..{self.length - 1}, got {self.frames}")
        if not (1 <= self.percent <= 100 and 0 <= self.seed <= MAX_SEED):
            raise CodecInputError(
                f"pixels must be 1..100 % and the seed 0..{MAX_SEED}, got {self.percent} and {self.seed}"
            )


@dataclass(frozen=True, eq=False)
class Parts:
    """The parts of a clip that are sent.

    Attributes:
        latent: whole numbers (a, L, H / 8, W / 8) int8, with sides rounded up.
        segments: classes (a, H / 4, W / 4) uint8, with sides rounded up.
        residual: residual of the n sent pixels of all frames, ordered by frame and row, (n, 3) int8.
    """

    latent: NDArray[np.int8]
    segments: NDArray[np.uint8]
    residual: NDArray[np.int8]


def sent_mask(header: Header, config: DeepIscConfig) -> BoolArray:
    """The pixels whose residual is sent, (a, H, W).

    Raises:
        CodecInputError: the budget is too small for latent and segmentation.
    """
    count = residual_pixels(header.percent / 100, header.height, header.width, config.latent_channels)
    return sent_pixels(header.seed, len(header.frames), header.height, header.width, count)


def pack(header: Header, parts: Parts, config: DeepIscConfig) -> bytes:
    """Write a bitstream.

    Raises:
        CodecInputError: the header is beyond the limits.
    """
    header.check()
    numbers = (header.length, header.height, header.width, len(header.frames), header.percent, header.seed)
    skipped = np.diff(header.frames, prepend=-1) - 1
    head = _MAGIC + b"".join(map(varint, (*numbers, *skipped.tolist())))
    plain = parts.segments.tobytes() + parts.residual.tobytes()
    return seal(head + latent_section(parts, config) + plain)


def latent_section(parts: Parts, config: DeepIscConfig) -> bytes:
    """The section of a bitstream with the Huffman-coded latent."""
    latent = (parts.latent.astype(np.int16) + config.latent_levels).astype(np.uint8)
    return section(prefix.pack(latent.ravel()))


def read_header(data: bytes) -> Header:
    """Verify a bitstream's checksum and read its header.

    Raises:
        BitstreamError: the bytes are damaged, of another format or beyond the limits.
    """
    return _open(data)[0]


def unpack(data: bytes, config: DeepIscConfig) -> tuple[Header, Parts]:
    """Read a bitstream written by ``pack`` with the same ``config``.

    Raises:
        BitstreamError: the bytes are damaged, of another format or beyond the limits, or the parts do not have the
            sizes that header and networks imply.
    """
    header, reader = _open(data)
    latent_shape = (len(header.frames), config.latent_channels, *grid(header.size, LATENT_STRIDE))
    segments_shape = (len(header.frames), *grid(header.size, SEGMENT_STRIDE))
    try:
        pixels = residual_pixels(header.percent / 100, header.height, header.width, config.latent_channels)
    except ValueError as error:
        raise BitstreamError(str(error)) from None
    latent = prefix.unpack(reader.section(), int(np.prod(latent_shape)))
    segments = np.frombuffer(reader.take(int(np.prod(segments_shape))), np.uint8).copy()
    residual = np.frombuffer(reader.take(3 * pixels * len(header.frames)), np.int8)
    if reader.rest():
        raise BitstreamError("bytes are left after the residual")
    if latent.max() > 2 * config.latent_levels or segments.max() >= config.segments:
        raise BitstreamError("latent or segmentation is out of range; was it made by other networks?")
    centred = (latent.astype(np.int16) - config.latent_levels).astype(np.int8)
    return header, Parts(centred.reshape(latent_shape), segments.reshape(segments_shape), residual.reshape(-1, 3))


def _open(data: bytes) -> tuple[Header, Reader]:
    """The header, and a reader at the first byte after it."""
    data = checked_bytes(data, BitstreamError)
    if data[: len(_MAGIC)] != _MAGIC:
        raise BitstreamError("not a bitstream of DeepISC, or one of another format version")
    if seal(data[:-_CHECKSUM]) != data:
        raise BitstreamError("checksum is wrong: the bitstream is damaged")
    reader = Reader(data[:-_CHECKSUM])
    reader.take(len(_MAGIC))
    length, height, width, kept = (reader.varint(1, most) for most in (MAX_FRAMES, MAX_SIDE, MAX_SIDE, MAX_FRAMES))
    percent, seed = reader.varint(1, 100), reader.varint(0, MAX_SEED)
    frames = np.cumsum([reader.varint(0, MAX_FRAMES) + 1 for _ in range(kept)]) - 1
    header = Header(length, height, width, tuple(frames.tolist()), percent, seed)
    try:
        header.check()
    except ValueError as error:
        raise BitstreamError(str(error)) from None
    return header, reader
