"""A strict reader of JPEG's marker segments, which checks untrusted bytes before a decoder sees them.

It accepts only the kind of file that this package writes: baseline, one interleaved scan, no restart markers. With a
few kilobytes, a progressive or multi-scan file could keep a decoder busy for hours. Tables may be missing, as in an
abbreviated file (Annex B.4). Source: ITU-T T.81, Annex B.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from edgevision.arrays import IntArray
from edgevision.codecs.base import MAX_PIXELS
from edgevision.codecs.jpeg.transform import ZIGZAG
from edgevision.errors import BitstreamError

SOI, EOI, SOS, DQT, DHT, SOF0, APP0 = 0xD8, 0xD9, 0xDA, 0xDB, 0xC4, 0xC0, 0xE0
_ALLOWED = {DQT, DHT, SOF0, SOS, 0xFE, *range(APP0, 0xF0)}  # 0xFE: comment
_KINDS = {  # what the other markers of Table B.1 in a header say of a file
    0xC1: "is extended sequential",
    0xC2: "is progressive",
    0xC3: "is lossless",
    **dict.fromkeys((0xC5, 0xC6, 0xC7, 0xCD, 0xCE, 0xCF, 0xDE, 0xDF), "is hierarchical"),
    **dict.fromkeys((0xC9, 0xCA, 0xCB, 0xCC), "is arithmetic-coded"),
    0xDC: "states its height after the picture",
    0xDD: "has restart markers",
}
_SAVE_AGAIN = "save it as baseline JPEG"
_SAMPLINGS = {
    (0x11,): "",
    (0x22, 0x11, 0x11): "4:2:0",
    (0x21, 0x11, 0x11): "4:2:2",
    (0x11, 0x11, 0x11): "4:4:4",
}


@dataclass(frozen=True, eq=False)
class JpegHeader:
    """The parts of a JPEG file's header that this package reads.

    Attributes:
        width: of the image [pixel].
        height: of the image [pixel].
        sampling: sampling factors per component, horizontal in the upper four bits.
        table_numbers: number of each component's quantisation table.
        defined_tables: the quantisation tables in the file, (8, 8) each, by number.
        segments: marker, first byte of the content and byte after the content of each segment, in file order.
    """

    width: int
    height: int
    sampling: tuple[int, ...]
    table_numbers: tuple[int, ...]
    defined_tables: Mapping[int, IntArray]
    segments: tuple[tuple[int, int, int], ...]

    @property
    def components(self) -> int:
        """1 (grey) or 3 (colour)."""
        return len(self.sampling)

    @property
    def subsampling(self) -> str:
        """Subsampling of the chroma planes, such as ``4:2:0``; empty for grey."""
        return _SAMPLINGS[self.sampling]

    @property
    def tables(self) -> tuple[IntArray, ...]:
        """Quantisation table per component, each (8, 8).

        Raises:
            BitstreamError: a table is missing, as it may be in an abbreviated file (Annex B.4).
        """
        try:
            return tuple(self.defined_tables[number] for number in self.table_numbers)
        except KeyError:
            raise BitstreamError("JPEG file uses a quantisation table that it does not define") from None


def read_header(data: bytes) -> JpegHeader:
    """Check the structure of a JPEG file and read its header.

    Raises:
        BitstreamError: not a baseline JPEG file of the accepted structure, or more than ``MAX_PIXELS`` pixels.
    """
    segments = _walk(data)
    frames = [data[start:end] for marker, start, end in segments if marker == SOF0]
    if len(frames) != 1:
        raise BitstreamError(f"JPEG file has {len(frames)} frame headers, must have 1")
    frame = frames[0]
    if len(frame) < 9 or len(frame) != 6 + 3 * frame[5] or frame[0] != 8:
        raise BitstreamError("JPEG frame header is malformed")
    height, width = int.from_bytes(frame[1:3]), int.from_bytes(frame[3:5])
    if not 0 < height * width <= MAX_PIXELS:
        raise BitstreamError(f"JPEG file of {height} x {width} pixels; must have 1 to {MAX_PIXELS}")
    sampling = tuple(frame[7::3])
    if sampling not in _SAMPLINGS:
        raise BitstreamError("JPEG file has an unsupported number of components or sampling")
    _check_scan(data, segments, frame)
    _check_length(len(data) - 2 - segments[-1][2], height, width, sampling)
    return JpegHeader(width, height, sampling, tuple(frame[8::3]), _tables(data, segments), segments)


def _walk(data: bytes) -> tuple[tuple[int, int, int], ...]:
    if not data:
        raise BitstreamError("the file is empty")
    if data[:2] != bytes((0xFF, SOI)):
        raise BitstreamError("not a JPEG file: it does not start with FF D8")
    segments: list[tuple[int, int, int]] = []
    position = 2
    while not segments or segments[-1][0] != SOS:
        if position + 4 > len(data) or data[position] != 0xFF:
            raise BitstreamError("JPEG header is truncated or damaged")
        marker, length = data[position + 1], int.from_bytes(data[position + 2 : position + 4])
        if marker in _KINDS:
            raise BitstreamError(f"JPEG file {_KINDS[marker]}, which is not supported; {_SAVE_AGAIN}")
        if marker not in _ALLOWED:
            raise BitstreamError(f"JPEG header is damaged (marker FF {marker:02X})")
        if length < 2 or position + 2 + length > len(data):
            raise BitstreamError("JPEG header is truncated or damaged")
        segments.append((marker, position + 4, position + 2 + length))
        position += 2 + length
    return tuple(segments)


def _check_scan(data: bytes, segments: tuple[tuple[int, int, int], ...], frame: bytes) -> None:
    """Check that there is one scan with all components, and that its data ends at the only EOI, the file's end."""
    _, start, end = segments[-1]
    scan = data[start:end]
    components = frame[5]
    if len(scan) != 4 + 2 * components or scan[0] != components or scan[1:-3:2] != frame[6::3]:
        raise BitstreamError(f"JPEG file has several scans or lacks a component, which is not supported; {_SAVE_AGAIN}")
    if scan[-3:] != bytes((0, 63, 0)):
        raise BitstreamError("JPEG scan is not a baseline scan")
    marker = re.compile(rb"\xff[^\x00]").search(data, end)
    if marker is None:
        raise BitstreamError("JPEG data is truncated")
    if marker.group()[1] != EOI:
        kind = "restart markers" if marker.group()[1] in range(0xD0, 0xD8) else "another segment inside, such as a scan"
        raise BitstreamError(f"JPEG data has {kind}, which is not supported; {_SAVE_AGAIN}")
    if marker.end() != len(data):
        raise BitstreamError(
            f"{len(data) - marker.end()} bytes follow the end of the JPEG picture, such as a second picture or a video "
            f"of a phone's camera; {_SAVE_AGAIN}"
        )


def _check_length(length: int, height: int, width: int, sampling: tuple[int, ...]) -> None:
    """Check that the data is long enough for the picture: each block takes at least two Huffman codes of one bit."""
    across, down = sampling[0] >> 4, sampling[0] & 15
    units = -(-width // (8 * across)) * -(-height // (8 * down))
    if 8 * length < 2 * units * (across * down + len(sampling) - 1):
        raise BitstreamError("JPEG data is too short for the size its header says")


def _tables(data: bytes, segments: tuple[tuple[int, int, int], ...]) -> dict[int, IntArray]:
    tables: dict[int, IntArray] = {}
    for marker, start, end in segments:
        if marker != DQT:
            continue
        if (end - start) % 65:
            raise BitstreamError("JPEG quantisation table is malformed")
        for position in range(start, end, 65):
            table = np.zeros(64, np.int64)
            table[ZIGZAG] = np.frombuffer(data, np.uint8, 64, position + 1)
            if data[position] > 3 or not table.all():
                raise BitstreamError("JPEG quantisation table is malformed")
            tables[data[position]] = table.reshape(8, 8)
    return tables
