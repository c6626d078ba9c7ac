"""Which files and folders belong to a data set, and how they are named.

What systems and programs leave in people's folders is no class, no picture and no clip: hidden files (``._x``,
``.ipynb_checkpoints``), the second tree of a macOS archive, thumbnails. Names become keys of JSON files, cells of
tables and lines on a terminal, so those that are no text are refused at once.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from edgevision.errors import EdgeVisionError

_CLUTTER = {
    "$recycle.bin",
    "@eadir",
    "__macosx",
    "__pycache__",
    "desktop.ini",
    "ehthumbs.db",
    "lost+found",
    "system volume information",
    "thumbs.db",
}


def visible(paths: Iterable[Path], root: Path, error: type[EdgeVisionError]) -> list[Path]:
    """Those of ``paths`` that belong to the data set in ``root``, sorted.

    Args:
        paths: files or folders inside ``root``, at any depth.
        root: its own name does not matter: a data set may lie in a hidden folder.
        error: what to raise.

    Raises:
        EdgeVisionError: as ``error``: a name is not UTF-8.
    """
    found = sorted(path for path in paths if not any(map(_is_clutter, path.relative_to(root).parts)))
    for path in found:
        checked_name(str(path.relative_to(root)), error)
    return found


def _is_clutter(name: str) -> bool:
    return name.startswith(".") or name.casefold() in _CLUTTER


def checked_name(name: str, error: type[EdgeVisionError]) -> str:
    """The name of a file or folder, which must be text.

    Raises:
        EdgeVisionError: as ``error``: it holds bytes that are not UTF-8, which Python stands for by surrogates.
    """
    try:
        name.encode()
    except UnicodeEncodeError:
        raise error(f"the name {name!r} is not UTF-8; rename it") from None
    return name


def inner_path(name: str, where: str, error: type[EdgeVisionError]) -> str:
    """A file name out of a list as a path inside the data set's folder.

    Raises:
        EdgeVisionError: as ``error``: it is empty or leads out of the folder; ``where`` says in which line it stands.
    """
    path = PurePosixPath(name)
    if not name or path.is_absolute() or ".." in path.parts:
        raise error(f"{where}: file {name!r} must lie inside the data set's folder")
    return str(path)


def file_size(path: Path) -> int:
    """Bytes of a file; -1 where there is none, or can be none of such a name."""
    status = _status(path)
    return status.st_size if status else -1


def file_state(path: Path) -> str:
    """Size and time of change of a file, which tell it from the one that it replaced; empty where there is none."""
    status = _status(path)
    return f"{status.st_size} {status.st_mtime_ns}" if status else ""


def _status(path: Path) -> os.stat_result | None:
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return status if stat.S_ISREG(status.st_mode) else None
