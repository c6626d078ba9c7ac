"""The application segment of the ``mapped`` container: levels, level map and a checksum.

Layout after the marker FF E9 and the two bytes of length, all numbers big-endian: ``IMCO``; format version (upper
four bits) and number of levels L (lower four bits); the asked level and the L levels, two bytes each, in units of
1/512; chroma scale and DC scale, one byte each, in units of 1/100; CRC-32 of the whole file without these four
bytes; the level map (see ``level_map``) to the segment's end.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

from edgevision.codecs.dct import region_grid
from edgevision.codecs.level_map import pack, unpack
from edgevision.codecs.markers import JpegHeader
from edgevision.codecs.regions import LevelMap
from edgevision.errors import BitstreamError

_MARKER = 0xE9
_MAGIC = b"IMCO"
_FORMAT = 1
_LEVEL_UNIT = 512
MAX_LEVELS = 8


@dataclass(frozen=True, eq=False)
class LevelPlan:
    """How an image's regions are quantised.

    Attributes:
        target: the asked level; DC coefficients are quantised by it everywhere.
        levels: the levels, most to least compressed, at most 8.
        level_map: index into ``levels`` per region, (rows, columns).
        chroma_scale: factor on the chrominance table.
        dc_scale: factor on the tables' DC entries.
    """

    target: float
    levels: tuple[float, ...]
    level_map: LevelMap
    chroma_scale: float
    dc_scale: float


def wire_level(level: float) -> float:
    """The nearest level that a segment can state."""
    return max(round(level * _LEVEL_UNIT), 1) / _LEVEL_UNIT


def build(plan: LevelPlan) -> bytes:
    """The marker segment for a plan, its checksum still zero (see ``seal``)."""
    units = [round(level * _LEVEL_UNIT) for level in (plan.target, *plan.levels)]
    head = struct.pack(f">4sB{len(units)}H", _MAGIC, _FORMAT << 4 | len(plan.levels), *units)
    scales = bytes((round(plan.chroma_scale * 100), round(plan.dc_scale * 100)))
    content = head + scales + bytes(4) + pack(plan.level_map, len(plan.levels))
    return struct.pack(">BBH", 0xFF, _MARKER, len(content) + 2) + content


def seal(data: bytes) -> bytes:
    """Fill in the checksum of a file that starts with SOI and a segment from ``build``."""
    position = _checksum_position(data, 6)
    return data[:position] + _checksum(data, position) + data[position + 4 :]


def find(data: bytes, header: JpegHeader) -> LevelPlan | None:
    """Read and verify the segment of a file, or ``None`` if it has none.

    Raises:
        BitstreamError: the segment is malformed or the checksum is wrong.
    """
    places = [(a, b) for marker, a, b in header.segments if marker == _MARKER and data[a : a + 4] == _MAGIC]
    if not places:
        return None
    start, end = places[0]
    count = data[start + 4] & 15 if start + 4 < end else 0
    position = _checksum_position(data, start)
    if len(places) > 1 or not 1 <= count <= MAX_LEVELS or position + 4 > end or data[start + 4] >> 4 != _FORMAT:
        raise BitstreamError("level segment is malformed or of a later format")
    if data[position : position + 4] != _checksum(data, position):
        raise BitstreamError("checksum is wrong: the file is damaged")
    units = struct.unpack(f">{count + 1}H", data[start + 5 : start + 7 + 2 * count])
    chroma, direct = data[position - 2 : position]
    if not (all(units) and chroma and direct):
        raise BitstreamError("level segment is malformed or of a later format")
    level_map = unpack(data[position + 4 : end], *region_grid(header.height, header.width), count)
    target, *levels = (unit / _LEVEL_UNIT for unit in units)
    return LevelPlan(target, tuple(levels), level_map, chroma / 100, direct / 100)


def _checksum_position(data: bytes, start: int) -> int:
    return start + 9 + 2 * (data[start + 4] & 15)


def _checksum(data: bytes, position: int) -> bytes:
    return zlib.crc32(data[position + 4 :], zlib.crc32(data[:position])).to_bytes(4, "big")
