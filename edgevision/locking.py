"""A lock on a folder that only one process may write to at a time."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edgevision.errors import FolderInUseError
from edgevision.storage import remove_unfinished

try:
    import fcntl
except ModuleNotFoundError:  # not on Windows, where two processes are not kept apart
    fcntl = None  # type: ignore[assignment]

_NAME = ".lock"


@contextmanager
def only_writer(folder: Path) -> Iterator[None]:
    """Hold the folder's lock, and first remove what a killed process left half written in it.

    The system frees the lock when the process ends, however it ends.

    Raises:
        FolderInUseError: another process holds it; the message says which.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / _NAME).open("a+", encoding="utf-8") as stream:
        if fcntl is not None:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                stream.seek(0)
                holder = stream.read(200).strip() or "another process"
                raise FolderInUseError(
                    f"{folder} is in use by {holder}; wait for it or choose another folder"
                ) from None
        stream.seek(0)
        stream.truncate()
        stream.write(f"process {os.getpid()} on {platform.node()}\n")
        stream.flush()
        remove_unfinished(folder)
        yield
