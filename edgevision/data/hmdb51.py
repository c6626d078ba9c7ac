"""HMDB51: 51 actions in clips from films and the web, with the three official splits.

Source: H. Kuehne, H. Jhuang, E. Garrote, T. Poggio, T. Serre, "HMDB: A Large Video Database for Human Motion
Recognition", ICCV 2011.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from edgevision.data.clips import LabelledClip
from edgevision.data.listing import inner_path, visible
from edgevision.data.video_folder import VideoFiles, check_folder
from edgevision.errors import ClipError, shown
from edgevision.storage.csv_reading import read_text

SPLIT_FOLDER = "testTrainMulti_7030_splits"
HINT = (
    "get hmdb51_org.rar and test_train_splits.rar from "
    "https://serre-lab.clps.brown.edu/resource/hmdb-a-large-human-motion-database/ and unpack them, and the archive "
    f"of each class in the first, so that the folder holds brush_hair/ ... wave/ and {SPLIT_FOLDER}/"
)
CLASSES = 51
_MARKS = {"train": "1", "test": "2"}  # 0: unused in this split
# Official names: video_action_body-parts_camera-motion_people_viewpoint_quality_number.avi
_PROPERTIES = re.compile(r"_[a-z]+_(?:cm|nm)_np\d+_[a-z]{2}_[a-z]{3}_\d+$", re.IGNORECASE)


class HMDB51(VideoFiles):
    """One side of one official split; a group is the film or video that clips were cut from.

    Groups are numbered alike in all splits and on both sides, as all the clips that the lists name are counted.

    Attributes:
        split: 1, 2 or 3.
        subset: ``train`` (70 clips a class) or ``test`` (30).
    """

    def __init__(self, folder: Path, split: int = 1, subset: Literal["train", "test"] = "train") -> None:
        """Read the lists of a split.

        Args:
            folder: holds a folder per class and ``testTrainMulti_7030_splits``.
            split: 1, 2 or 3.
            subset: which clips.

        Raises:
            ClipError: no such split or subset; folders or lists are missing (the message says where to get them); or a
                list is malformed.
        """
        if split not in (1, 2, 3) or subset not in _MARKS:
            raise ClipError(f"split must be 1, 2 or 3 and subset train or test, got {shown(split)} and {shown(subset)}")
        check_folder(folder, HINT)
        ending = f"_test_split{split}.txt"
        lists = visible((folder / SPLIT_FOLDER).glob(f"*{ending}"), folder, ClipError)
        classes = [path.name.removesuffix(ending) for path in lists]
        missing = [name for name in classes if not (folder / name).is_dir()] if classes else [SPLIT_FOLDER]
        if missing:
            raise ClipError(f"no {missing[0]}/ in {str(folder)!r}; {HINT}")
        if len(lists) != CLASSES:
            raise ClipError(
                f"{SPLIT_FOLDER}/ holds {len(lists)} lists of split {split}, not {CLASSES} ({CLASSES - len(lists)} are "
                f"missing); {HINT}"
            )
        rows = [(label, *row) for label, path in enumerate(lists) for row in _read(path)]
        videos = sorted({source_video(name, classes[label]) for label, name, _ in rows})
        group = {video: number for number, video in enumerate(videos)}
        items = [
            LabelledClip(f"{classes[label]}/{name}", label, group[source_video(name, classes[label])])
            for label, name, mark in rows
            if mark == _MARKS[subset]
        ]
        self.split, self.subset = split, subset
        super().__init__(folder, f"hmdb51-split{split}-{subset}", classes, items)


def source_video(name: str, action: str) -> str:
    """The film or video that a clip was cut from, out of the clip's official name.

    A name that does not follow the scheme stands for a video of its own.
    """
    return _PROPERTIES.sub("", name.removesuffix(".avi")).removesuffix(action).rstrip("_")


def _read(path: Path) -> list[tuple[str, str]]:
    """File name and mark (0, 1 or 2) of each clip in a list."""
    rows: dict[str, str] = {}
    for number, line in enumerate(read_text(path, ClipError).splitlines(), 1):
        where = f"{path.name}, line {number}"
        name, _, mark = line.strip().rpartition(" ")
        if mark not in ("0", "1", "2") or "/" in name or "\\" in name:
            raise ClipError(f"{where}: expected a file name and 0, 1 or 2, got {line.strip()!r}")
        file = inner_path(name.strip(), where, ClipError)
        if file in rows:
            raise ClipError(f"{where}: {file!r} is listed twice")
        rows[file] = mark
    return list(rows.items())
