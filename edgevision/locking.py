"""A lock on a folder that only one process may write to at a time."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, BinaryIO

from edgevision.errors import FolderInUseError
from edgevision.storage.disk_files import LOCK, hold, make_folder, naming, remove_unfinished

try:
    import fcntl
except ModuleNotFoundError:  # not on Windows, where two processes are not kept apart
    fcntl = None  # type: ignore[assignment]


@contextmanager
def only_writer(folder: Path, *beside: Path) -> Iterator[None]:
    """Hold the folder's lock, and first remove what a killed process left half written in it.

    The lock is the file ``.lock``, which says who holds it. It is removed at the end of the block. After a kill it
    stays, but the system has freed it, so that the next process can take it.

    Args:
        folder: made if it is missing; if it is removed meanwhile, writing to it is an error.
        beside: further files that only the holder of this lock writes.

    Raises:
        FolderInUseError: another process holds the lock; the message says which.
        OSError: the folder cannot be written to.
    """
    make_folder(folder)
    with _locked(folder / LOCK) as stream, hold(folder):
        with naming(folder / LOCK):
            stream.truncate(0)
            stream.write(f"process {os.getpid()} on {platform.node()}\n".encode())
        for place in (folder, *beside):
            remove_unfinished(place)
        yield


@contextmanager
def _locked(path: Path) -> Iterator[BinaryIO]:
    """The open and locked file ``path``, which is removed in the end."""
    while True:
        with path.open("a+b", buffering=0) as stream:
            if fcntl is not None:
                try:
                    fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    stream.seek(0)
                    holder = stream.read(200).decode(errors="replace").strip() or "another process"
                    raise FolderInUseError(
                        f"{path.parent} is in use by {holder}; wait for it or choose another folder"
                    ) from None
            if not _is_at(stream, path):
                continue  # its last holder has just removed it; a lock on a file that others do not see is none
            try:
                yield stream
            finally:
                with suppress(OSError):
                    if fcntl is not None and _is_at(
                        stream, path
                    ):  # while it is locked, so that nobody else's is removed
                        path.unlink()
        return


def _is_at(stream: IO[bytes], path: Path) -> bool:
    """Whether the open file is the one that ``path`` names."""
    try:
        return os.path.samestat(os.fstat(stream.fileno()), path.stat())
    except FileNotFoundError:
        return False
