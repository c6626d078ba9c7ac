"""UT-Interaction: six interactions of two people, cut into clips, with the sequence each was cut from.

Source: M. S. Ryoo, J. K. Aggarwal, "UT-Interaction Dataset, ICPR contest on Semantic Description of Human
Activities (SDHA)", 2010.
"""

from __future__ import annotations

from pathlib import Path

from edgevision.data.clips import LabelledClip
from edgevision.data.listing import inner_path
from edgevision.data.video_folder import VideoFiles, check_folder
from edgevision.errors import ClipError
from edgevision.storage.csv_reading import read_table

_COLUMNS = ("file", "sequence", "class_index", "name")
_HINT = (
    "expected clips of UT-Interaction (https://cvrc.ece.utexas.edu/SDHA2010/Human_Interaction.html) and labels.csv "
    f"with the columns {','.join(_COLUMNS)}"
)


class UTInteraction(VideoFiles):
    """The clips that ``labels.csv`` lists; a group is a sequence, which shows the same people in the same place."""

    def __init__(self, folder: Path) -> None:
        """Read ``folder / "labels.csv"``.

        Raises:
            ClipError: no such folder or list, or a malformed one.
        """
        check_folder(folder, _HINT)
        if not (folder / "labels.csv").is_file():
            raise ClipError(f"no labels.csv in {str(folder)!r}; {_HINT}")
        names: dict[int, str] = {}
        _, rows = read_table(folder / "labels.csv", _COLUMNS, ClipError)
        items = [_item(row, line, names) for line, row in rows]
        if sorted(names) != list(range(len(names))):
            raise ClipError(f"labels.csv: class_index must count from 0 without gaps, got {sorted(names)}")
        if len({item.content_id for item in items}) != len(items):
            raise ClipError("labels.csv: a file is listed twice")
        super().__init__(folder, "ut-interaction", [names[index] for index in sorted(names)], items)


def _item(row: dict[str, str], line: int, names: dict[int, str]) -> LabelledClip:
    """One row's clip; its class is noted in ``names``."""
    where = f"labels.csv, line {line}"
    file, sequence, index, name = (row[column] for column in _COLUMNS)
    for column, value in (("sequence", sequence), ("class_index", index)):
        if not (value.isascii() and value.isdecimal() and len(value) < 10):
            raise ClipError(f"{where}: {column} {value!r} is not a whole number >= 0")
    if not name:
        raise ClipError(f"{where}: class {index} has no name")
    if names.setdefault(int(index), name) != name:
        raise ClipError(f"{where}: class {index} is called {name!r}, and {names[int(index)]!r} before")
    return LabelledClip(inner_path(file, where, ClipError), int(index), int(sequence))
