"""Labelled clips in video files; those that cannot be read are named, not fatal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from edgevision.arrays import ByteClip
from edgevision.data.clips import FRAMES, SIZE, LabelledClip
from edgevision.data.listing import checked_name, file_state, visible
from edgevision.data.video_decoding import load_frames
from edgevision.errors import ClipError, UnreadableClipError
from edgevision.storage.disk_files import sha256

SUFFIXES = {".avi", ".mp4", ".m4v", ".mov", ".mkv", ".webm", ".mpg", ".mpeg", ".ts", ".ogv", ".flv", ".wmv", ".gif"}


class VideoFiles:
    """A ``ClipSource`` of video files in a folder.

    Attributes:
        folder: the folder.
        name: of the source, for records.
        classes: names of the classes, by index.
        items: the clips; a ``content_id`` is a path inside the folder.
    """

    def __init__(self, folder: Path, name: str, classes: Sequence[str], items: Sequence[LabelledClip]) -> None:
        """Take a list of clips.

        Raises:
            ClipError: the list is empty.
        """
        if not items:
            raise ClipError(f"no videos in {str(folder)!r}")
        self.folder = folder
        self.name = name
        self.classes = tuple(classes)
        self.items: Sequence[LabelledClip] = tuple(items)

    def __len__(self) -> int:
        return len(self.items)

    def load(self, item: LabelledClip, *, frames: int = FRAMES, size: int = SIZE) -> ByteClip:
        """See ``ClipSource.load``, and ``load_frames`` for which frames they are."""
        try:
            return load_frames(self.folder / item.content_id, frames, size)
        except UnreadableClipError as error:
            raise UnreadableClipError(f"{item.content_id}: {error}") from error

    def fingerprint(self) -> str:
        """SHA-256 over classes, and names, labels, sizes and times of change of the files: changes when they do."""
        lines = ["\0".join(self.classes)]
        for item in self.items:
            state = file_state(self.folder / item.content_id)
            lines.append(f"{item.content_id}\0{item.class_index}\0{item.group}\0{state}")
        return sha256("\n".join(lines).encode())


class VideoFolder(VideoFiles):
    """Each sub-folder is a class, numbered in sorted order, and each video in it a clip and a group of its own."""

    def __init__(self, folder: Path) -> None:
        """List the folder's videos, by ending (``SUFFIXES``).

        Raises:
            ClipError: no such folder, a name that is not UTF-8, or no video in its sub-folders.
        """
        check_folder(folder)
        name = checked_name(folder.resolve().name, ClipError)
        classes = visible((path for path in folder.iterdir() if path.is_dir()), folder, ClipError)
        videos = [
            (path, label)
            for label, class_folder in enumerate(classes)
            for path in visible(_videos(class_folder), folder, ClipError)
        ]
        if not videos:
            raise ClipError(f"no videos in {str(folder)!r}: expected one sub-folder per class")
        items = [
            LabelledClip(path.relative_to(folder).as_posix(), label, group)
            for group, (path, label) in enumerate(videos)
        ]
        super().__init__(folder, name, [path.name for path in classes], items)


def _videos(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)


def check_folder(folder: Path, hint: str = "") -> None:
    """Refuse a folder that is not there; ``hint`` says where to get it.

    Raises:
        ClipError: no such folder.
    """
    if not folder.is_dir():
        raise ClipError(f"no folder at {str(folder)!r}" + (f"; {hint}" if hint else ""))
