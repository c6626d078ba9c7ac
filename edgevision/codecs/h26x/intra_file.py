"""The file of one key frame: a header of nine bytes before an elementary stream.

The stream is a byte stream as in Annex B of ITU-T H.264 and H.265: parameter sets and one slice. Its frame has even
sides, and more where the encoder needs more; the header says what the picture's own sides are.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

from edgevision.codecs.base import MAX_PIXELS
from edgevision.errors import BitstreamError

MAX_SIDE = 8192
_HEADER = struct.Struct(">BHHB3s")  # kind, height, width, level in quarters, checksum
_CHECKSUM = slice(_HEADER.size - 3, _HEADER.size)
_KIND = 0xE0  # then a bit for the standard and one for grey
_START = b"\0\0\1"


@dataclass(frozen=True)
class Standard:
    """HEVC or H.264.

    Attributes:
        code: 0 or 1, its number in the header.
        decoder: FFmpeg's name of the decoder.
        encoder: FFmpeg's name of the encoder.
        parameters: FFmpeg's name of the option that holds ``fixed``.
        fixed: the encoder's own options.
        least: side that frames have at least [pixel], even.
        units: the types of unit that a stream has, in this order; of the last, any.
    """

    code: int
    decoder: str
    encoder: str
    parameters: str
    fixed: str
    least: int
    units: tuple[tuple[int, ...], ...]

    def unit_type(self, unit: bytes) -> int:
        """Type of a unit, which begins after its start code."""
        return unit[0] & 0x1F if self.code else unit[0] >> 1 & 0x3F


@dataclass(frozen=True)
class IntraFile:
    """What the header says, and the stream after it.

    Attributes:
        height: of the picture [pixel].
        width: of the picture [pixel].
        grey: whether it has luminance only.
        level: constant rate factor that it was coded with.
        stream: bytes of the elementary stream.
    """

    height: int
    width: int
    grey: bool
    level: float
    stream: bytes


def pack(file: IntraFile, standard: Standard) -> bytes:
    """The bytes of a file; units that no decoder needs are left out of the stream."""
    wanted = {kind for kinds in standard.units for kind in kinds}
    units = [unit for unit in _units(file.stream) if standard.unit_type(unit) in wanted]
    stream = b"".join(_START + unit for unit in units)
    kind = _KIND | standard.code << 1 | file.grey
    return seal(_HEADER.pack(kind, file.height, file.width, round(4 * file.level), bytes(3)) + stream)


def unpack(data: bytes, standard: Standard) -> IntraFile:
    """Read a file, without decoding it.

    Raises:
        BitstreamError: not a file of this standard, damaged, or more than ``MAX_PIXELS`` pixels.
    """
    if len(data) <= _HEADER.size or not is_intra(data, standard):
        raise BitstreamError(f"not a picture in {standard.decoder}")
    kind, height, width, level, _ = _HEADER.unpack_from(data)
    if not (0 < height * width <= MAX_PIXELS and max(height, width) <= MAX_SIDE):
        raise BitstreamError(f"picture of {height} x {width} pixels; must have 1 to {MAX_PIXELS} (sides <= {MAX_SIDE})")
    if seal(data) != data:
        raise BitstreamError(f"picture in {standard.decoder} is truncated or damaged: its checksum does not fit")
    stream = data[_HEADER.size :]
    types = [standard.unit_type(unit) for unit in _units(stream)]
    if len(types) != len(standard.units) or any(
        found not in kinds for found, kinds in zip(types, standard.units, strict=True)
    ):
        raise BitstreamError(f"picture in {standard.decoder} has other parts than one key frame")
    return IntraFile(height, width, bool(kind & 1), level / 4, stream)


def is_intra(data: bytes, standard: Standard) -> bool:
    """Whether bytes begin as a file of this standard does."""
    return bool(data) and data[0] & 0xFE == _KIND | standard.code << 1


def seal(data: bytes) -> bytes:
    """The file with the checksum that fits its other bytes: the lower three bytes of their CRC-32."""
    blank = data[: _CHECKSUM.start] + data[_CHECKSUM.stop :]
    checksum = zlib.crc32(blank).to_bytes(4, "big")[1:]
    return data[: _CHECKSUM.start] + checksum + data[_CHECKSUM.stop :]


def _units(stream: bytes) -> list[bytes]:
    """Units of a byte stream, without start codes; none ends with a zero byte."""
    return [unit for unit in (part.rstrip(b"\0") for part in stream.split(_START)) if unit]
