"""All clips of a source as one array on disk, decoded once and then mapped into memory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from edgevision.arrays import ByteClip
from edgevision.data.clips import FRAMES, SIZE, ClipSource, LabelledClip
from edgevision.errors import ClipError, UnreadableClipError
from edgevision.progress import Progress
from edgevision.storage.disk_files import new_file, read_json, write_json
from edgevision.storage.storage_arrays import map_array

_VERSION = 3  # changes when another choice or scaling of frames would leave old arrays wrong


@dataclass(frozen=True, eq=False)
class CachedClips:
    """The clips of a source that can be read.

    Attributes:
        clips: read-only, mapped from disk, (n, F, S, S, 3) uint8.
        items: the clip in each row, (n).
        skipped: reason for each clip that cannot be read, by ``content_id``.
    """

    clips: ByteClip
    items: tuple[LabelledClip, ...]
    skipped: dict[str, str]


def cached_clips(
    source: ClipSource, folder: Path, *, frames: int = FRAMES, size: int = SIZE, progress: Progress | None = None
) -> CachedClips:
    """Read all clips of ``source``, from ``folder`` where an earlier call left them there.

    The files are named after the source's fingerprint, so that a changed source is read anew; damaged files are
    made again.

    Args:
        source: the clips.
        folder: for the files, made if missing.
        frames: frames F a clip.
        size: side S of a frame [pixel].
        progress: told of each clip that is decoded.

    Raises:
        ClipError: not one clip can be read.
        OSError: the folder cannot be written.
    """
    stem = f"clips-v{_VERSION}-{source.fingerprint()[:32]}-{frames}x{size}"
    array, description = folder / f"{stem}.npy", folder / f"{stem}.json"
    cached = _read(source, array, description, (frames, size, size, 3))
    if cached is None:
        skipped = _write(source, array, frames, size, progress)
        if len(skipped) == len(source):
            raise ClipError(f"no clip of {source.name} can be read ({next(iter(skipped.values()))})")
        write_json(description, skipped)
        cached = _read(source, array, description, (frames, size, size, 3))
    if cached is None:
        raise OSError(f"{str(array)!r} cannot be read back after writing")
    return cached


def _read(source: ClipSource, array: Path, description: Path, shape: tuple[int, ...]) -> CachedClips | None:
    """What the two files hold, or ``None`` unless they are whole and fit the source."""
    try:
        skipped, clips = read_json(description, ClipError), map_array(array, ClipError)
    except ClipError:
        return None
    if not all(isinstance(reason, str) for reason in skipped.values()):
        return None
    items = tuple(item for item in source.items if item.content_id not in skipped)
    if clips.dtype != np.uint8 or clips.shape != (len(items), *shape):
        return None
    return CachedClips(clips, items, skipped)


def _write(source: ClipSource, array: Path, frames: int, size: int, progress: Progress | None) -> dict[str, str]:
    """Decode clip by clip into a file; returns why clips were skipped. Memory holds one clip at a time."""
    with new_file(array) as stream:
        return _write_clips(stream, source, frames, size, progress)


def _write_clips(
    stream: BinaryIO, source: ClipSource, frames: int, size: int, progress: Progress | None
) -> dict[str, str]:
    skipped: dict[str, str] = {}
    _write_header(stream, (len(source), frames, size, size, 3))
    for done, item in enumerate(source.items, 1):
        try:
            stream.write(source.load(item, frames=frames, size=size).tobytes())
        except UnreadableClipError as error:
            skipped[item.content_id] = str(error)
        if progress:
            progress(done, len(source))
    stream.seek(0)  # NumPy leaves room in the header for any number of rows
    _write_header(stream, (len(source) - len(skipped), frames, size, size, 3))
    return skipped


def _write_header(stream: BinaryIO, shape: tuple[int, ...]) -> None:
    np.lib.format.write_array_header_1_0(stream, {"descr": "|u1", "fortran_order": False, "shape": shape})
