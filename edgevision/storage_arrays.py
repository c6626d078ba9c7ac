"""NumPy arrays on disk: numbers only, no pickles, and sizes are checked before memory is allocated."""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgevision.errors import EdgeVisionError
from edgevision.storage import check_file

_ENCRYPTED = 1
_HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


def pack_arrays(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Bytes of a compressed ``.npz`` archive."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def unpack_arrays(
    payload: bytes, path: Path, error: type[EdgeVisionError], limit: int, what: str = "archive"
) -> dict[str, NDArray[Any]]:
    """The arrays of an ``.npz`` archive.

    Args:
        payload: bytes of the archive.
        path: source of the bytes, for messages.
        error: class of every error.
        limit: largest size of all arrays together [byte].
        what: what the archive should be, for messages.

    Raises:
        EdgeVisionError: of type ``error``: the archive is damaged, too large, or holds something other than numbers.
    """
    return _unpack(io.BytesIO(payload), path, error, limit, what)


def read_arrays(path: Path, error: type[EdgeVisionError], limit: int, what: str = "archive") -> dict[str, NDArray[Any]]:
    """The arrays of an ``.npz`` file; see ``unpack_arrays``. ``limit`` also holds for the file."""
    check_file(path, error, limit)
    return _unpack(path, path, error, limit, what)


def map_array(path: Path, error: type[EdgeVisionError]) -> NDArray[Any]:
    """Map the array of an ``.npy`` file into memory, read-only.

    Raises:
        EdgeVisionError: of type ``error``: the file is missing or damaged.
    """
    try:
        return np.lib.format.open_memmap(path, mode="r")
    except Exception as reason:
        raise _unreadable(path, error, "array", reason) from None


def _unpack(
    source: Path | io.BytesIO, path: Path, error: type[EdgeVisionError], limit: int, what: str
) -> dict[str, NDArray[Any]]:
    try:
        with zipfile.ZipFile(source) as archive:
            entries = archive.infolist()
            if sum(entry.file_size for entry in entries) <= limit:
                return {entry.filename.removesuffix(".npy"): _read(archive, entry) for entry in entries}
    except Exception as reason:  # zipfile and NumPy raise many types on damaged files
        raise _unreadable(path, error, what, reason) from None
    raise error(f"{path}: unpacks to more than {limit} bytes")  # a zip bomb declares its size


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> NDArray[Any]:
    if entry.flag_bits & _ENCRYPTED:
        raise ValueError(f"{entry.filename} is encrypted")
    if entry.compress_type not in (
        zipfile.ZIP_STORED,
        zipfile.ZIP_DEFLATED,
    ):  # other methods may allocate any amount of memory
        raise ValueError(f"{entry.filename} is compressed by another method than deflate")
    with archive.open(entry) as stream:
        shape, _, dtype = _HEADERS[np.lib.format.read_magic(stream)](stream)
        if dtype.kind not in "biuf":
            raise ValueError(f"array {entry.filename.removesuffix('.npy')!r} is not numeric")
        if math.prod(shape) * dtype.itemsize != entry.file_size - stream.tell():
            raise ValueError(f"{entry.filename} is not as long as its shape says")
        stream.seek(0)
        return np.lib.format.read_array(stream, allow_pickle=False)


def _unreadable(path: Path, error: type[EdgeVisionError], what: str, reason: Exception) -> EdgeVisionError:
    said = " ".join(str(reason).split()) or type(reason).__name__
    return error(f"{path}: not a readable {what} ({said})")
