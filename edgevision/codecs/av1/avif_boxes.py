"""Where the AV1 payload is in an AVIF file.

Sources: ISO/IEC 14496-12 (boxes), ISO/IEC 23008-12 (items of pictures), and AV1 Image File Format 1.1.
"""

from __future__ import annotations

from edgevision.codecs.av1.av1_payload import MATRICES
from edgevision.errors import BitstreamError

_BRANDS = (b"avif", b"avis")


def is_avif(data: bytes) -> bool:
    """Whether bytes begin as an AVIF file does."""
    return data[4:8] == b"ftyp" and data[8:12] in _BRANDS


def payload_of(data: bytes) -> bytes:
    """The AV1 payload of an AVIF file with one picture, whole and without transparency.

    Raises:
        BitstreamError: not such a file, or truncated.
    """
    if not is_avif(data):
        raise BitstreamError("not an AVIF file")
    boxes = _boxes(data)
    if b"meta" not in boxes or boxes[b"meta"][:4] != bytes(4):
        raise BitstreamError("AVIF file without a description of its picture")
    meta = _boxes(boxes[b"meta"][4:])
    for kind, content in _listed(_boxes(meta.get(b"iprp", b"")).get(b"ipco", b"")):
        if kind in (b"irot", b"imir", b"clap"):
            raise BitstreamError("AVIF file whose picture is turned or cut for display, which is not read")
        if kind == b"colr" and not _full_range_bt601(content):
            raise BitstreamError(
                "AVIF file with an ICC profile, or in other colours than full-range BT.601, is not read"
            )
    start, length = _location(meta.get(b"iloc", b""))
    if start + length > len(data):
        raise BitstreamError("AVIF file is truncated")
    return data[start : start + length]


def _boxes(data: bytes) -> dict[bytes, bytes]:
    """Contents of the boxes that fill ``data`` exactly, by type; no type comes twice."""
    listed = _listed(data)
    found = dict(listed)
    if len(found) < len(listed):
        raise BitstreamError("AVIF file with more boxes than one picture needs")
    return found


def _listed(data: bytes) -> list[tuple[bytes, bytes]]:
    """Type and contents of each box; together they fill ``data`` exactly."""
    found = []
    place = 0
    while place < len(data):
        size, kind = int.from_bytes(data[place : place + 4], "big"), data[place + 4 : place + 8]
        if not 8 <= size <= len(data) - place:
            raise BitstreamError("AVIF file is truncated or damaged")
        found.append((kind, data[place + 8 : place + size]))
        place += size
    return found


def _full_range_bt601(colours: bytes) -> bool:
    """Whether the contents of a box ``colr``, which viewers follow, say what ``av1_payload`` demands of the payload."""
    return colours[:4] == b"nclx" and int.from_bytes(colours[8:10], "big") in MATRICES and colours[10:11] >= b"\x80"


def _location(box: bytes) -> tuple[int, int]:
    """Offset in the file and length of the only item, from the contents of the box ``iloc``.

    Only one form is read, which libavif writes: version 0, numbers of four bytes, no base, one piece.
    """
    count, pieces = int.from_bytes(box[6:8], "big"), int.from_bytes(box[12:14], "big")
    if len(box) != 22 or box[:4] != bytes(4) or box[4:6] != b"\x44\x00" or (count, pieces) != (1, 1):
        raise BitstreamError("AVIF file of more than one plain still picture, which is not read")
    return int.from_bytes(box[14:18], "big"), int.from_bytes(box[18:22], "big")
