"""Quantised DCT coefficients to the bytes of a ``.jpg`` file and back, through libjpeg."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import jpeglib
import numpy as np
from numpy.typing import NDArray

from edgevision.codecs.markers import APP0
from edgevision.errors import BitstreamError

IndexArray = NDArray[np.int16]


def write_jpeg(
    planes: Sequence[IndexArray], tables: Sequence[NDArray[np.int64]], height: int, width: int, application: bytes
) -> bytes:
    """A baseline 4:2:0 (or grey) file with optimised Huffman tables.

    Args:
        planes: one or three arrays of coefficient indices (rows, columns, 8, 8), whole 16 x 16 regions.
        tables: quantisation tables (8, 8) with entries 1 to 255; of luminance, and of both chroma planes.
        height: [pixel].
        width: [pixel].
        application: a whole application marker segment that takes the place of the JFIF header, or nothing.
    """
    stored = [
        np.ascontiguousarray(plane[:rows, :columns], np.int16)
        for plane, (rows, columns) in zip(planes, _stored_blocks(height, width), strict=False)
    ]
    jpeg = jpeglib.from_dct(*stored, qt=np.ascontiguousarray(np.stack(tables), np.uint16))
    jpeg.height, jpeg.width = height, width
    if len(planes) == 3:  # what jpeglib infers from the shapes is wrong where they are odd
        jpeg.samp_factor = np.array([[2, 2], [1, 1], [1, 1]])
    with _scratch_file() as path:
        jpeg.write_dct(str(path), flags=["+OPTIMIZE_CODING"])
        data = path.read_bytes()
    if not application:
        return data
    start = 2
    if data[2:4] == bytes((0xFF, APP0)):
        start += 2 + int.from_bytes(data[4:6])
    return data[:2] + application + data[start:]


def read_jpeg(data: bytes, grid: tuple[int, int], components: int) -> tuple[IndexArray, ...]:
    """Coefficient indices of a file whose header was checked, padded by zeros to whole regions.

    Args:
        data: the file.
        grid: rows and columns of regions.
        components: 1 or 3.

    Raises:
        BitstreamError: libjpeg cannot read it.
    """
    with _scratch_file() as path:
        path.write_bytes(data)
        try:
            jpeg = jpeglib.read_dct(str(path))
            jpeg.load()
        except (OSError, ValueError, IndexError) as error:
            raise BitstreamError(f"JPEG data cannot be decoded ({error})") from error
    planes = (jpeg.Y,) if components == 1 else (jpeg.Y, jpeg.Cb, jpeg.Cr)
    scales = (2, 1, 1)
    return tuple(_pad(plane, (scale * grid[0], scale * grid[1])) for plane, scale in zip(planes, scales, strict=False))


@contextmanager
def _scratch_file() -> Iterator[Path]:
    """A file to exchange with libjpeg, which jpeglib drives by file names only; in memory where the system can."""
    if hasattr(os, "memfd_create"):
        handle = os.memfd_create("edgevision")
        try:
            yield Path(f"/proc/self/fd/{handle}")
        finally:
            os.close(handle)
        return
    with tempfile.TemporaryDirectory(prefix="edgevision-") as folder:
        yield Path(folder) / "image.jpg"


def _stored_blocks(height: int, width: int) -> tuple[tuple[int, int], ...]:
    """Rows and columns of blocks that a file holds for luminance and, half as fine, both chroma planes."""
    luminance = -(-height // 8), -(-width // 8)
    chroma = -(-height // 16), -(-width // 16)
    return luminance, chroma, chroma


def _pad(plane: IndexArray, shape: tuple[int, int]) -> IndexArray:
    missing = [(0, want - have) for want, have in zip(shape, plane.shape, strict=False)]
    if any(amount < 0 for _, amount in missing):
        raise BitstreamError("JPEG data does not have the size its header says")
    # Blocks beyond the picture's last are not stored; nothing of them is seen.
    return np.pad(plane, [*missing, (0, 0), (0, 0)])
