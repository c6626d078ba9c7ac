"""Writing quantised coefficients to a JPEG file, and reading them back.

This module writes files itself and reads their entropy-coded data with libjpeg. A *whole* file is a baseline JFIF file
with its tables. An *abbreviated* file (ITU-T T.81, Annex B.4: abbreviated format for compressed image data) has no
quantisation tables, and Huffman tables only if they are its own; the missing tables follow from an application segment
that only this package reads.
"""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import jpeglib
import numpy as np
from numpy.typing import NDArray

from edgevision.arrays import IntArray
from edgevision.codecs.jpeg.huffman import TableSet
from edgevision.codecs.jpeg.markers import DHT, DQT, EOI, SOF0, SOI, SOS, JpegHeader
from edgevision.codecs.jpeg.transform import COLOUR_BLOCKS, GREY_BLOCKS, REGION, ZIGZAG, component_blocks, region_grid
from edgevision.codecs.spat_imco.quantisation import IndexArray
from edgevision.errors import BitstreamError
from edgevision.silence import silenced

JFIF = bytes.fromhex("ffe0 0010 4a46494600 0101 00 0001 0001 00 00")  # version 1.01, square pixels, no thumbnail
_SAMPLING = {GREY_BLOCKS: (0x11,), COLOUR_BLOCKS["4:2:0"]: (0x22, 0x11, 0x11), COLOUR_BLOCKS["4:4:4"]: (0x11,) * 3}
# libjpeg needs quantisation tables; these take the place of those that an abbreviated file leaves out.
_UNIT_TABLES = b"\xff\xdb\x00\x84\x00" + b"\1" * 64 + b"\1" + b"\1" * 64


def write_file(height: int, width: int, blocks: int, parts: Sequence[bytes], scan: bytes) -> bytes:
    """A baseline file of one scan.

    Args:
        height: of the image [pixel].
        width: of the image [pixel].
        blocks: blocks per region, 4, 6 or 12 (see ``transform``).
        parts: marker segments to put before the frame header.
        scan: entropy-coded data.
    """
    sampling = _SAMPLING[blocks]
    numbers = range(len(sampling))
    frame = b"".join(bytes((number + 1, sampling[number], number > 0)) for number in numbers)
    frame = b"\x08" + height.to_bytes(2, "big") + width.to_bytes(2, "big") + bytes((len(sampling),)) + frame
    choice = b"".join(bytes((number + 1, 0x11 * (number > 0))) for number in numbers)
    choice = bytes((len(sampling),)) + choice + bytes((0, 63, 0))
    start, end = bytes((0xFF, SOI)), bytes((0xFF, EOI))
    return b"".join((start, *parts, _segment(SOF0, frame), _segment(SOS, choice), scan, end))


def quantisation_segment(tables: Sequence[IntArray]) -> bytes:
    """One DQT segment for tables (8, 8) with entries 1 to 255."""
    return _segment(DQT, b"".join(bytes((n, *table.reshape(64)[ZIGZAG].tolist())) for n, table in enumerate(tables)))


def read_file(data: bytes, header: JpegHeader, shared: TableSet | None) -> IndexArray:
    """Coefficient indices by region, (rows, columns, B, 64), of an abbreviated file.

    Args:
        data: the file.
        header: its header, as ``read_header`` checked it.
        shared: the Huffman tables to decode it with, or ``None`` if the file has its own.

    Raises:
        BitstreamError: libjpeg cannot read the file, its chroma sampling is neither 4:2:0 nor 4:4:4, or it has Huffman
            tables although ``shared`` is given, or none although it is not.
    """
    count = COLOUR_BLOCKS.get(header.subsampling, 0) if header.components == 3 else GREY_BLOCKS
    if not count:
        raise BitstreamError("JPEG file has a sampling that its level map does not fit")
    if (shared is None) != any(marker == DHT for marker, _, _ in header.segments):
        raise BitstreamError("JPEG file has Huffman tables that it should not have, or lacks its own")
    tables = _UNIT_TABLES + (shared.segment if shared else b"")
    planes = _planes(data[:2] + tables + data[2:], header.components)
    indices = np.zeros((*region_grid(header.height, header.width), count, 64), np.int16)
    for plane, (first, last) in zip(planes, component_blocks(count), strict=True):
        side = math.isqrt(last - first)
        stored = tuple(-(-pixels * side // REGION) for pixels in (header.height, header.width))
        if plane.shape != (*stored, 8, 8):
            raise BitstreamError("JPEG data does not have the size its header says")
        zigzag = np.take(plane.reshape(*stored, 64), ZIGZAG, axis=2)
        for block in range(side * side):  # blocks outside the picture are not stored and stay zero
            part = zigzag[block // side :: side, block % side :: side]
            indices[: part.shape[0], : part.shape[1], first + block] = part
    return indices


def _segment(marker: int, content: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(content) + 2).to_bytes(2, "big") + content


def _planes(data: bytes, components: int) -> list[NDArray[np.int16]]:
    """Blocks of each component, read by libjpeg, (rows, columns, 8, 8)."""
    with _scratch_file() as path:
        path.write_bytes(data)
        try:
            with silenced():
                jpeg = jpeglib.read_dct(str(path))
                jpeg.load()
        except (OSError, ValueError, IndexError) as error:
            raise BitstreamError(f"JPEG data cannot be decoded ({error})") from error
    return [jpeg.Y, jpeg.Cb, jpeg.Cr][:components]


@contextmanager
def _scratch_file() -> Iterator[Path]:
    """A temporary file, in memory if the system can, because jpeglib passes data to libjpeg by file name only."""
    if hasattr(os, "memfd_create"):
        handle = os.memfd_create("edgevision")
        try:
            yield Path(f"/proc/self/fd/{handle}")
        finally:
            os.close(handle)
        return
    with tempfile.TemporaryDirectory(prefix="edgevision-") as folder:
        yield Path(folder) / "image.jpg"
