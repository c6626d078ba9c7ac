"""Labelled image folders; unreadable images are named, not fatal, and nothing in a folder is executed."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from edgevision.arrays import ByteImage
from edgevision.data.image_reading import SUFFIXES, read_image
from edgevision.errors import DataSetError
from edgevision.storage import sha256


@dataclass(frozen=True)
class LabelledImage:
    """One image of a data set.

    Attributes:
        content_id: its path inside the data set, with forward slashes.
        class_index: index of its class.
    """

    content_id: str
    class_index: int


class ImageFolder:
    """Images in a folder with a class each.

    Attributes:
        folder: the folder.
        name: the folder's name.
        items: the images, in the label file's order or sorted by class and name.
    """

    def __init__(self, folder: Path, labels: Path | None = None) -> None:
        """Open ``folder``, with classes from ``labels`` or from its sub-folders.

        Args:
            folder: where the images are.
            labels: a CSV file with the columns ``file`` (relative to ``folder``) and ``class_index``, others being
                ignored. Without it, each sub-folder is a class, numbered in sorted order.

        Raises:
            DataSetError: no such folder, a malformed label file, or no image at all.
        """
        if not folder.is_dir():
            raise DataSetError(f"no folder at {str(folder)!r}")
        self.folder = folder
        self.name = folder.resolve().name
        self.items: Sequence[LabelledImage] = _read_labels(labels) if labels else _read_subfolders(folder)
        if not self.items:
            hint = "the label file lists none" if labels else "expected one sub-folder per class"
            raise DataSetError(f"no images in {str(folder)!r}: {hint}")

    def __len__(self) -> int:
        return len(self.items)

    def load(self, item: LabelledImage) -> ByteImage:
        """Read one image as (H, W, 3) uint8, sRGB; see `edgevision.data.image_reading`.

        Raises:
            UnreadableImageError: names the image and says why.
        """
        return read_image(self.folder / item.content_id, item.content_id)

    def fingerprint(self) -> str:
        """SHA-256 over names, classes and file sizes: changes when the data set does."""
        lines = []
        for item in self.items:
            path = self.folder / item.content_id
            size = path.stat().st_size if path.is_file() else -1
            lines.append(f"{item.content_id}\0{item.class_index}\0{size}\n")
        return sha256("".join(lines).encode())


def _read_labels(labels: Path) -> list[LabelledImage]:
    try:
        with labels.open(newline="", encoding="utf-8") as stream:
            reader = csv.DictReader(stream)
            missing = {"file", "class_index"} - set(reader.fieldnames or ())
            if missing:
                raise DataSetError(f"{labels.name}: column missing: {', '.join(sorted(missing))}")
            items = [_labelled(row, f"{labels.name}, line {reader.line_num}") for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataSetError(f"{str(labels)!r} is not a readable CSV file ({error})") from error
    if len({item.content_id for item in items}) != len(items):
        raise DataSetError(f"{labels.name}: a file is listed twice")
    return items


def _labelled(row: dict[str, str], where: str) -> LabelledImage:
    name, index = row["file"] or "", row["class_index"] or ""
    path = PurePosixPath(name)
    if not name or path.is_absolute() or ".." in path.parts:
        raise DataSetError(f"{where}: file {name!r} must lie inside the image folder")
    if not index.isdecimal():
        raise DataSetError(f"{where}: class_index {index!r} is not a whole number >= 0")
    return LabelledImage(str(path), int(index))


def _read_subfolders(folder: Path) -> list[LabelledImage]:
    classes = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    return [
        LabelledImage(path.relative_to(folder).as_posix(), index)
        for index, class_folder in enumerate(classes)
        for path in sorted(class_folder.rglob("*"))
        if path.suffix.lower() in SUFFIXES
    ]
