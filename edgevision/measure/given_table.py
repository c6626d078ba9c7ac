"""A profile from a table of numbers that were measured elsewhere: a CSV file with a row for each content and point."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgevision.errors import ProfileError, shown
from edgevision.measure.given_numbers import NEEDED, SHAPES, profile_of
from edgevision.profiles.profile import OperatingPointProfile
from edgevision.protocol import CONTENT_SPLITS
from edgevision.storage.csv_reading import read_table

#: ``content`` and ``point`` are names or numbers; ``split`` is a name; the others are as in ``given_numbers``.
COLUMNS = ("content", *SHAPES)
_TRUTH = {"0": 0.0, "1": 1.0, "false": 0.0, "true": 1.0}

Row = tuple[int, dict[str, str]]


def profile_from_csv(path: Path, name: str) -> OperatingPointProfile:
    """A profile from a CSV file with the columns ``content``, ``point``, ``bytes``, ``correct``, and optional others.

    Raises:
        ProfileError: it is no such table; the message names the line, or the content and point.
    """
    header, rows = read_table(path, ("content", "point", *NEEDED), ProfileError)
    for column in header:
        if column not in COLUMNS:
            raise ProfileError(f"{path.name}: column {shown(column)} is not known (known: {', '.join(COLUMNS)})")
    contents, points, ordered = _ordered(path.name, rows)
    arrays: dict[str, NDArray[Any]] = {"point": _point_numbers(points)}
    for column in header:
        if column not in ("content", "point"):
            table = np.reshape([_cell(path.name, row, column) for row in ordered], (len(contents), len(points)))
            arrays[column] = _same(path.name, table, column, contents) if SHAPES[column] == ("J",) else table
    return profile_of(name, arrays, tuple(contents), {"source": path.name, "points": points})


def _ordered(file: str, rows: Sequence[Row]) -> tuple[list[str], list[str], list[Row]]:
    """Contents, points, and the rows of all their pairs in row-major order.

    Raises:
        ProfileError: there is no row, or a pair is given twice or not at all.
    """
    where: dict[tuple[str, str], Row] = {}
    for line, row in rows:
        key = row["content"], row["point"]
        if not all(key):
            raise ProfileError(f"{file}, line {line}: content or point is empty")
        if key in where:
            raise ProfileError(f"{file}, line {line}: content and point are those of line {where[key][0]}")
        where[key] = line, row
    contents = list(dict.fromkeys(content for content, _ in where))
    points = list(dict.fromkeys(point for _, point in where))
    if not rows:
        raise ProfileError(f"{file}: there is no row below the header")
    for content in contents:
        for point in points:
            if (content, point) not in where:
                raise ProfileError(f"{file}: content {shown(content)} has no row for point {shown(point)}")
    return contents, points, [where[content, point] for content in contents for point in points]


def _point_numbers(points: Sequence[str]) -> NDArray[Any]:
    """Points as numbers, or 0, 1, .. if one of them is a name."""
    try:
        return np.array([_number(point) for point in points])
    except ValueError:
        return np.arange(float(len(points)))


def _cell(file: str, row: Row, column: str) -> float:
    line, cells = row
    try:
        return _READ.get(column, _number)(cells[column])
    except ValueError as error:
        raise ProfileError(f"{file}, line {line}: {column} must be {error}, got {shown(cells[column])}") from None


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = np.nan
    if not np.isfinite(value) or "_" in text:
        raise ValueError("a number")
    return value


def _truth(text: str) -> float:
    if text.lower() not in _TRUTH:
        raise ValueError("0 or 1")
    return _TRUTH[text.lower()]


def _split(text: str) -> int:
    if text not in CONTENT_SPLITS:
        raise ValueError(f"one of {', '.join(CONTENT_SPLITS)}")
    return CONTENT_SPLITS.index(text)


_READ: dict[str, Callable[[str], float]] = {"correct": _truth, "split": _split}


def _same(file: str, table: NDArray[Any], column: str, contents: Sequence[str]) -> NDArray[Any]:
    """The value of each content, (J,), from a table (J, K).

    Raises:
        ProfileError: it is not the same in all rows of a content.
    """
    changes = (table != table[:, :1]).any(axis=1)
    if changes.any():
        raise ProfileError(
            f"{file}: {column} of content {shown(contents[int(changes.argmax())])} is not always the same"
        )
    return table[:, 0]
