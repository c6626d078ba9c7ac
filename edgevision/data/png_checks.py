"""What a decoder of PNG leaves unsaid: pixel data that end early, colours that are not in the palette.

Pillow shows both as black.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from edgevision.errors import UnreadableImageError

_SIGNATURE = 8
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by colour type
#: First column and row of each pass of an interlaced picture, and the steps between its columns and rows.
_PASSES = (
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
)
_AT_A_TIME = 2**20


def check_png(data: bytes, name: str, highest: int | None) -> None:
    """Refuse a PNG that has too few pixel data, or colours outside its palette.

    Args:
        data: the file, which a decoder has accepted.
        name: what messages call it.
        highest: largest index into the palette that is used, or ``None`` for a picture without one.

    Raises:
        UnreadableImageError: names the picture and says why.
    """
    chunks = list(_chunks(data))
    if highest is not None:
        entries = sum(len(body) for kind, body in chunks if kind == b"PLTE") // 3
        if highest >= entries:
            raise UnreadableImageError(f"{name}: damaged (it uses colour {highest} of a palette of {entries})")
    width, height, depth, colours, _, _, interlaced = struct.unpack(">IIBBBBB", chunks[0][1][:13])
    needed = _unpacked_bytes(width, height, depth * _CHANNELS[colours], bool(interlaced))
    inflater, found = zlib.decompressobj(), 0
    for kind, body in chunks:
        pending = body if kind == b"IDAT" else b""
        while pending and found < needed:
            found += len(inflater.decompress(pending, _AT_A_TIME))
            pending = inflater.unconsumed_tail
    if found < needed:
        found += len(inflater.flush())
    if found < needed:
        raise UnreadableImageError(f"{name}: damaged (its pixel data end early)")


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and body of each chunk."""
    place = _SIGNATURE
    while place + 8 <= len(data):
        (length,) = struct.unpack_from(">I", data, place)
        yield data[place + 4 : place + 8], data[place + 8 : place + 8 + length]
        place += length + 12


def _unpacked_bytes(width: int, height: int, bits: int, interlaced: bool) -> int:
    """Bytes of all rows, each with the byte that names its filter."""
    passes = _PASSES if interlaced else ((0, 0, 1, 1),)
    total = 0
    for column, row, columns, rows in passes:
        across, down = -(-max(width - column, 0) // columns), -(-max(height - row, 0) // rows)
        total += down * (1 + (across * bits + 7) // 8) if across else 0
    return total
