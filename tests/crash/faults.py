"""Faults of the file system: every call that changes something below a folder is counted, and one of them fails.

Covers what Python code can call: ``open`` (also of ``io`` and ``pathlib``, and what is then written to the file), the
functions of ``os`` (which ``pathlib`` and ``shutil`` use) and threads.
"""

# This module replaces functions of ``os``, so that it uses them itself.
# ruff: noqa: PTH109, PTH115, PTH118
from __future__ import annotations

import builtins
import errno
import io
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

#: The process is killed, the disk is full from then on, or one call meets a bad sector.
Kind = Literal["kill", "ENOSPC", "EIO"]

_NEED_SPACE = ("open", "write", "mkdir", "fsync", "truncate")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Faults:
    """Counts calls below a folder; the call with the number ``at`` (from 1) fails.

    Attributes:
        calls: name and path of each call so far.
    """

    def __init__(self, folder: Path, at: int = 0, kind: Kind = "kill") -> None:
        self._folder, self._at, self._kind = os.path.realpath(folder), at, kind
        self._lock = threading.Lock()
        self.calls: list[str] = []

    def concerns(self, path: str) -> bool:
        """Whether a path is the folder or lies below it."""
        return path == self._folder or path.startswith(self._folder + os.sep)

    def call(self, name: str, path: str, half: Callable[[], Any] = lambda: None, *, named: bool = True) -> None:
        """Count a call, before it is made.

        Args:
            name: of the call.
            path: what it changes.
            half: does a part of it, as a disk does when it becomes full.
            named: whether the system's error names the path; those of calls on open files do not.
        """
        if not self.concerns(path):
            return
        with self._lock:
            self.calls.append(f"{name} {os.path.relpath(path, self._folder)}")
            number = len(self.calls)
        first, full = number == self._at, self._kind == "ENOSPC" and self._at and name in _NEED_SPACE
        if not first and not (full and number > self._at):
            return
        if first:
            half()
        if self._kind == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        code = getattr(errno, self._kind)
        raise OSError(code, os.strerror(code), *([path] if named else []))

    def install(self) -> None:
        """Watch this process from now on."""
        builtins.open = io.open = self._open_function()  # type: ignore[assignment]
        for name, paths in (("mkdir", 1), ("rmdir", 1), ("unlink", 1), ("remove", 1), ("rename", 2), ("replace", 2),
                            ("link", 2), ("symlink", 2), ("chmod", 1), ("utime", 1)):  # fmt: skip
            setattr(os, name, self._on_path(name, getattr(os, name), paths))
        for name in ("fsync", "fdatasync", "ftruncate", "sendfile", "posix_fallocate"):
            setattr(os, name, self._on_descriptor(name, getattr(os, name)))
        os.open = self._descriptor_function(os.open)  # type: ignore[assignment]
        os.write = self._write_function(os.write)
        truncate = os.truncate
        os.truncate = lambda path, length: (self.call("truncate", _place(path)), truncate(path, length))[1]  # type: ignore[assignment]

    def _on_path(self, name: str, call: Callable[..., Any], paths: int) -> Callable[..., Any]:
        def counted(*arguments: Any, **more: Any) -> Any:
            folder = more.get("dir_fd", more.get("dst_dir_fd"))
            self.call("unlink" if name == "remove" else name, _place(arguments[paths - 1], folder))
            return call(*arguments, **more)

        return counted

    def _on_descriptor(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(descriptor: Any, *arguments: Any) -> Any:
            number = descriptor if isinstance(descriptor, int) else descriptor.fileno()
            self.call(name.replace("ftruncate", "truncate"), _place(number), named=False)
            return call(descriptor, *arguments)

        return counted

    def _descriptor_function(self, call: Callable[..., int]) -> Callable[..., int]:
        def counted(path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
            if flags & _WRITING:
                self.call("open", _place(path, dir_fd))
            return call(path, flags, mode, dir_fd=dir_fd)

        return counted

    def _write_function(self, call: Callable[..., int]) -> Callable[..., int]:
        def counted(descriptor: int, data: Any) -> int:
            view = memoryview(data).cast("B")
            self.call("write", _place(descriptor), lambda: call(descriptor, view[: len(view) // 2]), named=False)
            return call(descriptor, data)

        return counted

    def _open_function(self) -> Callable[..., Any]:
        original = io.open

        def counted(
            file: Any, mode: str = "r", buffering: int = -1, encoding: str | None = None, errors: str | None = None,
            newline: str | None = None, closefd: bool = True, opener: Any = None,
        ) -> Any:  # fmt: skip
            if not set(mode) & set("wax+") or not self.concerns(_place(file)):
                return original(file, mode, buffering, encoding, errors, newline, closefd, opener)
            if not isinstance(file, int):
                self.call("open", _place(file))
            raw = _File(self, _place(file), file, mode.replace("b", "").replace("t", ""), closefd, opener)
            if buffering == 0:
                return raw
            stream = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
            return stream if "b" in mode else io.TextIOWrapper(stream, encoding, errors, newline)

        return counted


class _File(io.FileIO):
    """A file whose changes are counted."""

    def __init__(self, faults: Faults, path: str, *arguments: Any) -> None:
        self._faults, self._path = faults, path
        super().__init__(*arguments)

    def write(self, data: Any) -> int:
        view = memoryview(data).cast("B")
        half = super().write
        self._faults.call("write", self._path, lambda: half(view[: len(view) // 2]), named=False)
        return super().write(data)

    def truncate(self, size: int | None = None) -> int:
        self._faults.call("truncate", self._path, named=False)
        return super().truncate(size)


def _place(file: Any, folder: int | None = None) -> str:
    """The absolute path of a file, given as a path (relative to an open folder) or a descriptor."""
    if isinstance(file, int):
        return os.readlink(f"/proc/self/fd/{file}").removesuffix(" (deleted)")
    start = os.getcwd() if folder is None else _place(folder)
    return os.path.normpath(os.path.join(start, os.fsdecode(file)))
