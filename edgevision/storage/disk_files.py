"""Reading and writing files: atomic writes, limits on size, and checksums; damage raises the caller's error class."""

from __future__ import annotations

import errno
import glob
import hashlib
import json
import math
import os
import secrets
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from edgevision.errors import EdgeVisionError, FolderRemovedError

#: Largest JSON file [byte]. Parsed JSON can take about twenty times as much memory.
MAX_JSON_BYTES = 16 * 2**20
#: Most lists and objects inside each other in a document. Python writes, copies and prints values by recursion.
MAX_DEPTH = 32

#: Name of the file in a folder that one process at a time may lock; see ``edgevision.locking``.
LOCK = ".lock"
_UNFINISHED = ".unfinished"
_STEM_BYTES = 100  # file systems allow names of 255 bytes, and a letter of Hangul takes three
#: Folders that this process alone writes to, and what they were when it began.
_held: list[tuple[Path, os.stat_result]] = []


@contextmanager
def hold(folder: Path) -> Iterator[None]:
    """While the block runs, refuse to write below ``folder`` if it is removed; it would otherwise be made again."""
    held = folder.absolute(), folder.stat()
    _held.append(held)
    try:
        yield
    except FileNotFoundError:
        _check_held(*held)
        raise
    finally:
        _held.remove(held)


def make_folder(folder: Path) -> None:
    """Create a folder and its parents.

    Raises:
        FolderRemovedError: a folder that this process holds is among them, and was removed.
        OSError: the folder cannot be created.
    """
    for held, before in _held:
        if folder.absolute().is_relative_to(held):
            _check_held(held, before)
    if not folder.is_dir():
        for part in (folder, *folder.parents):
            if part.exists() and not part.is_dir():
                raise NotADirectoryError(errno.ENOTDIR, "not a folder", str(part))
        folder.mkdir(parents=True, exist_ok=True)


def _check_held(held: Path, before: os.stat_result) -> None:
    if not (held.is_dir() and os.path.samestat(held.stat(), before)):
        raise FolderRemovedError(f"{held} was removed while this process wrote to it; run the command again") from None


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """A stream to a file that takes the place of ``path`` when the block ends without an error, and then in one step.

    Creates parent folders and follows links.

    Raises:
        FolderRemovedError: see ``make_folder``.
        OSError: names the file, when the disk is full too; or ``path`` is a folder, a device or a pipe.
    """
    if path.is_symlink():
        try:
            path = path.resolve()
        except RuntimeError:  # a link that leads to itself
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path)) from None
    if path.exists() and not path.is_file():  # replacing a device such as /dev/null would remove it
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    make_folder(path.parent)
    temporary = path.parent / f".{_stem(path)}.{secrets.token_hex(4)}{_UNFINISHED}"
    try:
        with naming(path, temporary):
            with temporary.open("xb") as stream:  # with the permissions that the user's umask leaves
                yield stream
                stream.flush()
                os.fsync(stream.fileno())
            temporary.replace(path)
    except BaseException:
        with suppress(OSError):  # what remains is removed by the next process that holds the folder
            temporary.unlink(missing_ok=True)
        raise


def _stem(path: Path) -> str:
    """The beginning of a file's name, short enough to leave room for the rest of a temporary file's name."""
    return path.name.encode(errors="ignore")[:_STEM_BYTES].decode(errors="ignore")


@contextmanager
def naming(path: Path, temporary: Path | None = None) -> Iterator[None]:
    """Let errors of the system name ``path`` if they name no file, as those of writing, or the ``temporary`` one."""
    try:
        yield
    except OSError as error:
        if error.errno is None or error.filename not in (None, str(temporary)):
            raise
        raise OSError(error.errno, error.strerror, str(path)) from None


def write_atomically(path: Path, payload: bytes) -> None:
    """Write a file in one step, so that it is never half written; see ``new_file``."""
    with new_file(path) as stream:
        stream.write(payload)


def remove_unfinished(place: Path) -> None:
    """Remove what ``new_file`` left of a file, or of all files below a folder, when its process was killed.

    Only for the process that alone writes there. Folders below that have a lock of their own are left as they are.
    """
    if not place.is_dir():
        for path in place.parent.glob(f".{glob.escape(_stem(place))}.????????{_UNFINISHED}"):
            path.unlink(missing_ok=True)
        return
    for path in place.iterdir():
        if path.is_dir() and not path.is_symlink():
            if not (path / LOCK).exists():
                remove_unfinished(path)
        elif path.name.startswith(".") and path.name.endswith(_UNFINISHED):
            path.unlink(missing_ok=True)


def is_unused(folder: Path, *besides: str) -> bool:
    """Whether a folder holds only a lock, what ``new_file`` left when its process was killed, and files ``besides``."""
    allowed = (LOCK, *besides)
    return all(path.name in allowed or path.name.endswith(_UNFINISHED) for path in folder.iterdir())


def write_json(path: Path, value: Any) -> None:
    """Write a JSON value, atomically."""
    write_atomically(path, (json.dumps(value, indent=1) + "\n").encode())


def write_pair(path: Path, payload: bytes, description: Mapping[str, Any]) -> None:
    """Write ``payload``, then ``description`` (with its checksum as the entry ``sha256``) as ``.json`` beside it."""
    write_atomically(path, payload)
    write_json(path.with_suffix(".json"), description)


def without_nan(value: Any) -> Any:
    """JSON values with ``None`` in place of NaN, which JSON does not have."""
    if isinstance(value, dict):
        return {key: without_nan(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [without_nan(item) for item in value]
    return None if isinstance(value, float) and math.isnan(value) else value


def sha256(payload: bytes) -> str:
    """SHA-256 of bytes, 64 hexadecimal digits."""
    return hashlib.sha256(payload).hexdigest()


def check_file(path: Path, error: type[EdgeVisionError], limit: int) -> int:
    """Check that a path is a regular file of at most ``limit`` bytes; returns its size.

    Raises:
        EdgeVisionError: of type ``error``: there is no such file, it is a folder or a device, or it is too large.
    """
    try:
        found = path.stat()
    except (OSError, ValueError) as reason:  # ValueError: a null byte in the name
        missing = isinstance(reason, FileNotFoundError | NotADirectoryError)
        raise error(f"{str(path)!r} cannot be read: {'there is no such file' if missing else reason}") from None
    if not stat.S_ISREG(found.st_mode):
        raise error(f"{str(path)!r} cannot be read: it is not a file")
    if found.st_size > limit:
        raise error(f"{path}: larger than {limit} bytes, refusing to load")
    return found.st_size


def read_bytes(path: Path, error: type[EdgeVisionError], limit: int) -> bytes:
    """Read a file of at most ``limit`` bytes.

    Raises:
        EdgeVisionError: of type ``error``: see ``check_file``, or the system refuses to read it.
    """
    size = check_file(path, error, limit)
    try:
        with path.open("rb") as stream:
            payload = stream.read(size + 1)
    except OSError as reason:
        raise error(f"{str(path)!r} cannot be read: {reason.strerror}") from None
    if len(payload) > size:  # as do files of the system that state no size
        raise error(f"{str(path)!r} cannot be read: it grows while it is read")
    return payload


def read_json(path: Path, error: type[EdgeVisionError]) -> dict[str, Any]:
    """Read a JSON object from a file of at most ``MAX_JSON_BYTES``.

    Raises:
        EdgeVisionError: of type ``error``: see ``read_bytes``, or the file is not JSON in UTF-8, holds characters that
            are no text, is nested too deeply, or holds no object.
    """
    payload = read_bytes(path, error, MAX_JSON_BYTES)
    try:
        value = json.loads(payload.decode("utf-8"))
        if b"\\u" in payload:
            json.dumps(value, ensure_ascii=False).encode()  # refuses half a character, which no file or terminal takes
        check_depth(value)
    except RecursionError:
        raise error(f"{path}: not valid JSON (nested too deeply)") from None
    except ValueError as reason:
        raise error(f"{path}: not valid JSON ({reason})") from None
    if not isinstance(value, dict):
        raise error(f"{path}: must hold an object")
    return value


def check_depth(value: Any) -> None:
    """Check that lists and dictionaries are nested at most ``MAX_DEPTH`` deep.

    Raises:
        RecursionError: they are nested deeper.
    """
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return
    raise RecursionError


def read_pair(
    path: Path, error: type[EdgeVisionError], limit: int, version: Mapping[str, int]
) -> tuple[dict[str, Any], bytes]:
    """Read the description and the payload that ``write_pair`` wrote.

    Args:
        path: file of the payload.
        error: class of every error.
        limit: largest payload [byte].
        version: entries that the description must have for this version to read it.

    Raises:
        EdgeVisionError: of type ``error``: a file is missing, too large or damaged, or the checksum does not match.
    """
    payload = read_bytes(path, error, limit)
    sidecar = path.with_suffix(".json")
    description = read_json(sidecar, error)
    for key, value in version.items():
        if description.get(key) != value:
            raise error(f"{sidecar}: not a description that this version can read ({key} must be {value})")
    if description.get("sha256") != sha256(payload):
        raise error(f"{path} does not match its checksum in {sidecar.name}; copy or make both files again")
    return description, payload
