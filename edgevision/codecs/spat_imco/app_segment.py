"""The application segment of the ``mapped`` container: levels, table set, level map and a checksum.

It is the first segment after SOI. After the marker FF E9 and two bytes of length, which count themselves, follow (all
numbers big-endian):

- ``SI``
- format version (upper four bits) and number of levels L (lower four bits), one byte
- number of the shared Huffman table set, 0 if the file has its own, one byte
- the requested level in units of 1/512, two bytes
- L factors on it in units of 1/128, most to least compressed, one byte each
- chroma scale and DC scale in units of 1/100, one byte each
- CRC-32 of the whole file without these four bytes
- the level map (see ``level_map_coding``), up to the segment's end
"""

from __future__ import annotations

import struct
import zlib

from edgevision.codecs.jpeg.markers import JpegHeader
from edgevision.codecs.jpeg.transform import region_grid
from edgevision.codecs.spat_imco.level_map_coding import unpack
from edgevision.codecs.spat_imco.level_plan import FACTOR_UNIT, LEVEL_UNIT, SCALE_UNIT, LevelPlan, in_units
from edgevision.errors import BitstreamError

_MARKER = 0xE9
_MAGIC = b"SI"
_FORMAT = 2
MAX_LEVELS = 8


def build(plan: LevelPlan, packed_map: bytes) -> bytes:
    """The marker segment for a plan and its coded level map, with a checksum of zero that ``seal`` replaces."""
    version = _FORMAT << 4 | len(plan.factors)
    head = struct.pack(">2sBBH", _MAGIC, version, plan.table_set, in_units(plan.target, LEVEL_UNIT))
    factors = bytes(in_units(factor, FACTOR_UNIT) for factor in plan.factors)
    scales = bytes(in_units(scale, SCALE_UNIT) for scale in (plan.chroma_scale, plan.dc_scale))
    content = head + factors + scales + bytes(4) + packed_map
    return struct.pack(">BBH", 0xFF, _MARKER, len(content) + 2) + content


def seal(data: bytes) -> bytes:
    """Write the checksum into a file that starts with SOI and a segment from ``build``."""
    position = _checksum_position(data, 6)
    return data[:position] + _checksum(data, position) + data[position + 4 :]


def find(data: bytes, header: JpegHeader) -> LevelPlan | None:
    """Read and verify the segment of a file; ``None`` if it has none.

    Raises:
        BitstreamError: the segment is malformed or the checksum is wrong.
    """
    places = [(a, b) for marker, a, b in header.segments if marker == _MARKER and data[a : a + 2] == _MAGIC]
    if not places:
        return None
    malformed = BitstreamError("level segment is malformed or of another format")
    start, end = places[0]
    count = data[start + 2] & 15 if start + 2 < end else 0
    position = start + 8 + count
    if len(places) > 1 or not 1 <= count <= MAX_LEVELS or position + 4 > end or data[start + 2] >> 4 != _FORMAT:
        raise malformed
    if data[position : position + 4] != _checksum(data, position):
        raise BitstreamError("checksum is wrong: the file is damaged")
    table_set, target = struct.unpack(">BH", data[start + 3 : start + 6])
    *factors, chroma, direct = data[start + 6 : position]
    if not (target and all(factors) and chroma and direct):
        raise malformed
    return LevelPlan(
        target=target / LEVEL_UNIT,
        factors=tuple(factor / FACTOR_UNIT for factor in factors),
        level_map=unpack(data[position + 4 : end], *region_grid(header.height, header.width), count),
        chroma_scale=chroma / SCALE_UNIT,
        dc_scale=direct / SCALE_UNIT,
        table_set=table_set,
    )


def _checksum_position(data: bytes, start: int) -> int:
    return start + 8 + (data[start + 2] & 15)


def _checksum(data: bytes, position: int) -> bytes:
    return zlib.crc32(data[position + 4 :], zlib.crc32(data[:position])).to_bytes(4, "big")
