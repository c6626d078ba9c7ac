"""The payload of an AV1 still picture: its units, and the size that its sequence header states.

Source: AV1 Bitstream and Decoding Process Specification, sections 5.3 (units, "OBU") and 5.5 (sequence header).
"""

from __future__ import annotations

from dataclasses import dataclass

from edgevision.codecs.base import MAX_PIXELS
from edgevision.errors import BitstreamError

_SEQUENCE, _DELIMITER, _FRAME = 1, 2, 6
_SRGB_AS_RGB = (1, 13, 0)  # primaries, transfer and matrix that mean RGB planes
MATRICES = (2, 5, 6)  # of colours, that are read: not stated, and the two numbers of BT.601
_MOST_HEADER = 16  # bytes of a sequence header up to its colours; more need not be read


@dataclass(frozen=True)
class StillPicture:
    """A checked payload.

    Attributes:
        units: sequence header and frame, as a decoder takes them.
        width: stated [pixel].
        height: stated [pixel].
        grey: whether it has luminance only.
    """

    units: bytes
    width: int
    height: int
    grey: bool


def read_payload(data: bytes) -> StillPicture:
    """Check a payload, and leave out the temporal delimiter that it may begin with, which a file does not need.

    Raises:
        BitstreamError: not one sequence header and one frame, of a still picture of 8 bits in 4:2:0 or grey, or more
            than ``MAX_PIXELS`` pixels.
    """
    units = _units(data)
    if units and units[0][0] == _DELIMITER:
        units = units[1:]
    if [kind for kind, _, _ in units] != [_SEQUENCE, _FRAME]:
        raise BitstreamError("not an AV1 still picture: one sequence header and one frame are expected")
    (_, start, body), (_, _, _) = units
    width, height, grey = _sequence_header(_Bits(data[body : min(units[1][1], body + _MOST_HEADER)]))
    if width * height > MAX_PIXELS:
        raise BitstreamError(f"AV1 picture of {height} x {width} pixels; must have 1 to {MAX_PIXELS}")
    return StillPicture(data[start:], width, height, grey)


def _units(data: bytes) -> list[tuple[int, int, int]]:
    """Type, first byte, and first byte after the unit's header, of each unit; they fill ``data`` exactly.

    Raises:
        BitstreamError: they do not, or a unit is of another form than encoders of still pictures write.
    """
    found: list[tuple[int, int, int]] = []
    place = 0
    while place < len(data):
        if len(found) > 3:
            raise BitstreamError("AV1 data of too many units for a still picture")
        if data[place] & 0x87 != 0x02:  # forbidden bit, extension, size field, reserved bit
            raise BitstreamError("not AV1 data")
        size, body = _size(data, place + 1)
        if body + size > len(data):
            raise BitstreamError("AV1 data are truncated")
        found.append((data[place] >> 3, place, body))
        place = body + size
    return found


def _size(data: bytes, place: int) -> tuple[int, int]:
    """A number in seven bits a byte (leb128), and the place after it."""
    number = 0
    for step in range(4):  # 2**28 bytes are more than a picture has
        if place + step >= len(data):
            raise BitstreamError("AV1 data are truncated")
        number |= (data[place + step] & 0x7F) << (7 * step)
        if data[place + step] < 0x80:
            return number, place + step + 1
    raise BitstreamError("AV1 data state an impossible size")


class _Bits:
    """Reads numbers of a few bits, most significant first."""

    def __init__(self, data: bytes) -> None:
        self._number, self._left = int.from_bytes(data, "big"), 8 * len(data)

    def take(self, count: int) -> int:
        """The next ``count`` bits.

        Raises:
            BitstreamError: there are not as many.
        """
        self._left -= count
        if self._left < 0:
            raise BitstreamError("AV1 sequence header is truncated")
        return self._number >> self._left & ((1 << count) - 1)


def _sequence_header(bits: _Bits) -> tuple[int, int, bool]:
    """Width, height, and whether the picture is grey."""
    profile, still, reduced = bits.take(3), bits.take(1), bits.take(1)
    if (profile, still, reduced) != (0, 1, 1):
        raise BitstreamError("AV1 data of another kind than still pictures of 8 bits in 4:2:0")
    bits.take(5)  # level
    bits_of_width, bits_of_height = bits.take(4) + 1, bits.take(4) + 1
    width, height = bits.take(bits_of_width) + 1, bits.take(bits_of_height) + 1
    bits.take(6)  # tools
    if bits.take(1):
        raise BitstreamError("AV1 data of more than 8 bits a sample")
    grey = bool(bits.take(1))
    colour = (bits.take(8), bits.take(8), bits.take(8)) if bits.take(1) else (2, 2, 2)
    if colour == _SRGB_AS_RGB or colour[2] not in MATRICES or not bits.take(1):
        raise BitstreamError("AV1 picture in other colours than full-range BT.601, as Pillow writes them")
    return width, height, grey
