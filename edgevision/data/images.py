"""Labelled image folders; unreadable images are named, not fatal, and nothing in a folder is executed."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgevision.arrays import ByteImage
from edgevision.data.image_reading import SUFFIXES, read_image
from edgevision.data.listing import checked_name, file_size, file_state, inner_path, visible
from edgevision.errors import DataSetError, DataSetWarning, shown
from edgevision.storage.csv_reading import read_table
from edgevision.storage.disk_files import sha256

_NAMED = 5  # missing pictures that are named
_LABEL_COLUMNS = ("class_index", "class", "label")


@dataclass(frozen=True)
class LabelledImage:
    """One image of a data set.

    Attributes:
        content_id: its path inside the data set, with forward slashes.
        label: its class as text, a name or a number; `edgevision.data.class_labels` finds a classifier's class for it.
    """

    content_id: str
    label: str


class ImageFolder:
    """Images in a folder with a class each.

    Attributes:
        folder: the folder.
        name: the folder's name.
        labels: the label file, or ``None`` where each sub-folder is a class.
        items: the images, in the label file's order or sorted by class and name.
    """

    def __init__(self, folder: Path, labels: Path | None = None) -> None:
        """Open ``folder``, with classes from ``labels`` or from its sub-folders.

        Warns (``DataSetWarning``) of listed images that do not exist.

        Args:
            folder: where the images are.
            labels: a CSV file with the columns ``file`` (relative to ``folder``) and ``class_index`` (a number) or else
                ``class`` or ``label`` (a name or number), others being ignored. Without it, each sub-folder is a
                class, and its name the label.

        Raises:
            DataSetError: no such folder, a malformed label file, a name that is not UTF-8, or no image at all.
        """
        if not folder.is_dir():
            raise DataSetError(f"no folder at {str(folder)!r}")
        self.folder = folder
        self.name = checked_name(folder.resolve().name, DataSetError)
        self.labels = labels
        self.items: Sequence[LabelledImage] = _read_labels(labels) if labels else _read_subfolders(folder)
        if labels:
            self._warn_of_missing(labels)
        if not self.items:
            hint = "the label file lists none" if labels else "expected one sub-folder per class"
            raise DataSetError(f"no images in {str(folder)!r}: {hint}")

    def _warn_of_missing(self, labels: Path) -> None:
        """Name listed pictures that are not there, before hours of measuring.

        Raises:
            DataSetError: none is there.
        """
        missing = [item.content_id for item in self.items if file_size(self.folder / item.content_id) < 0]
        if not missing:
            return
        more = f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
        said = f"of {len(self.items)} pictures in {labels.name} are not in {str(self.folder)!r}"
        named = f"{', '.join(map(shown, missing[:_NAMED]))}{more}"
        if len(missing) == len(self.items):
            raise DataSetError(f"all {said}: {named}")
        warnings.warn(f"{len(missing)} {said}: {named}", DataSetWarning, stacklevel=3)

    def sample(self, limit: int) -> ImageFolder:
        """The same folder with at most ``limit`` of its images, spread evenly over ``items``."""
        total, chosen = len(self.items), copy.copy(self)
        count = min(limit, total)
        chosen.items = [self.items[position * total // count] for position in range(count)]
        return chosen

    def __len__(self) -> int:
        return len(self.items)

    def load(self, item: LabelledImage) -> ByteImage:
        """Read one image as (H, W, 3) uint8, sRGB; see `edgevision.data.image_reading`.

        Raises:
            UnreadableImageError: names the image and says why.
        """
        return read_image(self.folder / item.content_id, item.content_id)

    def identity(self) -> str:
        """SHA-256 over names, labels and file sizes: for records, as it is the same wherever the data set lies."""
        lines = []
        for item in self.items:
            size = file_size(self.folder / item.content_id)
            lines.append(f"{item.content_id}\0{item.label}\0{size}\n")
        return sha256("".join(lines).encode())

    def fingerprint(self) -> str:
        """SHA-256 over ``identity`` and the times of change of the files: changes when a file is replaced."""
        states = "\n".join(file_state(self.folder / item.content_id) for item in self.items)
        return sha256(f"{self.identity()}\n{states}".encode())


def _read_labels(labels: Path) -> list[LabelledImage]:
    columns, rows = read_table(labels, {"file"}, DataSetError)
    column = next((name for name in _LABEL_COLUMNS if name in columns), None)
    if column is None:
        raise DataSetError(f"{labels.name}: column missing: {' or '.join(_LABEL_COLUMNS)}")
    items = [_labelled(row["file"], column, row[column], f"{labels.name}, line {line}") for line, row in rows]
    if len({item.content_id for item in items}) != len(items):
        raise DataSetError(f"{labels.name}: a file is listed twice")
    return items


def _labelled(file: str, column: str, label: str, where: str) -> LabelledImage:
    path = inner_path(file, where, DataSetError)
    if column == "class_index" and not (label.isascii() and label.isdecimal()):
        raise DataSetError(f"{where}: class_index {shown(label)} is not a whole number >= 0")
    if not label.strip():
        raise DataSetError(f"{where}: {column} is empty")
    return LabelledImage(path, label)


def _read_subfolders(folder: Path) -> list[LabelledImage]:
    classes = visible((path for path in folder.iterdir() if path.is_dir()), folder, DataSetError)
    return [
        LabelledImage(path.relative_to(folder).as_posix(), class_folder.name)
        for class_folder in classes
        for path in visible(_pictures(class_folder), folder, DataSetError)
    ]


def _pictures(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
