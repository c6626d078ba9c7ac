"""NumPy arrays on disk: numbers only, no pickles, and sizes are checked before memory is allocated."""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from edgevision.errors import EdgeVisionError
from edgevision.storage.disk_files import check_file

_ENCRYPTED = 1
_MOST_DEFLATED = 1032  # bytes that one byte of deflated data can become
_END = 22  # length of a zip's last record [byte]
_LOCATOR = 20  # of the record before it, in a zip of more than 4 GiB or 65 535 entries [byte]
_MAX_HEADER = 1000  # largest text before an array's numbers [byte]; NumPy parses a bad one slowly
_MAX_DIRECTORY = 2**20  # largest list of a zip's entries [byte], which zipfile reads at once
MAX_MAPPED_BYTES = 2**42  # takes no memory
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
    try:
        with path.open("rb") as stream:
            return _unpack(stream, path, error, limit, what)
    except OSError as reason:
        raise _unreadable(path, error, what, reason) from None


def map_array(path: Path, error: type[EdgeVisionError]) -> NDArray[Any]:
    """Map the array of an ``.npy`` file into memory, read-only.

    Raises:
        EdgeVisionError: of type ``error``: see ``check_file``, or the file is damaged.
    """
    check_file(path, error, MAX_MAPPED_BYTES)
    try:
        return np.lib.format.open_memmap(path, mode="r", max_header_size=_MAX_HEADER)
    except Exception as reason:
        raise _unreadable(path, error, "array", reason) from None


def _unpack(
    source: BinaryIO, path: Path, error: type[EdgeVisionError], limit: int, what: str
) -> dict[str, NDArray[Any]]:
    try:
        _check_directory(source)
        with zipfile.ZipFile(source) as archive:
            entries = archive.infolist()
            _check_entries(entries, source.seek(0, io.SEEK_END))
            if sum(entry.file_size for entry in entries) <= limit:
                return {entry.filename.removesuffix(".npy"): _read(archive, entry) for entry in entries}
    except Exception as reason:  # zipfile and NumPy raise many types on damaged files
        raise _unreadable(path, error, what, reason) from None
    raise error(f"{path}: unpacks to more than {limit} bytes")  # a zip bomb declares its size


def _check_directory(source: BinaryIO) -> None:
    """Check the size of the list of entries, before zipfile makes an object for each of them.

    Raises:
        ValueError: the list is too long, or the archive does not end as NumPy's do.
    """
    source.seek(max(0, source.seek(0, io.SEEK_END) - _LOCATOR - _END))
    tail = source.read()
    end = tail[-_END:]
    if not end.startswith(b"PK\5\6") or end[-2:] != bytes(2) or tail.startswith(b"PK\6\7"):
        raise ValueError("it does not end as an archive of NumPy does")
    if int.from_bytes(end[12:16], "little") > _MAX_DIRECTORY:
        raise ValueError("it holds too many arrays")


def _check_entries(entries: Sequence[zipfile.ZipInfo], size: int) -> None:
    """Check that ``size`` bytes can hold the entries: they do not overlap, nor become more than deflate allows.

    Raises:
        ValueError: they cannot.
    """
    if sum(entry.compress_size for entry in entries) > size:
        raise ValueError("its arrays overlap")
    if any(entry.file_size > _MOST_DEFLATED * entry.compress_size for entry in entries):
        raise ValueError("it states more numbers than it has data for")
    if len({entry.filename for entry in entries}) < len(entries):
        raise ValueError("two arrays have the same name")


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> NDArray[Any]:
    if entry.flag_bits & _ENCRYPTED:
        raise ValueError(f"{entry.filename} is encrypted")
    if entry.compress_type not in (
        zipfile.ZIP_STORED,
        zipfile.ZIP_DEFLATED,
    ):  # other methods may allocate any amount of memory
        raise ValueError(f"{entry.filename} is compressed by another method than deflate")
    with archive.open(entry) as stream:
        shape, _, dtype = _HEADERS[np.lib.format.read_magic(stream)](stream, max_header_size=_MAX_HEADER)
        if dtype.kind not in "biuf":
            raise ValueError(f"array {entry.filename.removesuffix('.npy')!r} is not numeric")
        if math.prod(shape) * dtype.itemsize != entry.file_size - stream.tell():
            raise ValueError(f"{entry.filename} is not as long as its shape says")
        stream.seek(0)
        return np.lib.format.read_array(stream, allow_pickle=False, max_header_size=_MAX_HEADER)


def _unreadable(path: Path, error: type[EdgeVisionError], what: str, reason: Exception) -> EdgeVisionError:
    said = " ".join(str(reason).split()) or type(reason).__name__
    return error(f"{path}: not a readable {what} ({said})")
