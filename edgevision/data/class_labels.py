"""Labels of a data set, which are text, as class numbers of a classifier."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Sequence

from edgevision.errors import DataSetError, shown

_NEAREST = 3  # names that are suggested for one that is not known


def class_indices(labels: Iterable[str], classes: int, names: Sequence[Sequence[str]] | None = None) -> list[int]:
    """The class that each label means: a number if it is all digits, or else one of the names.

    Names are compared without regard to case, and to spaces, underscores and hyphens.

    Args:
        labels: of the items of a data set.
        classes: how many the classifier knows.
        names: those that mean each class, (classes); ``None`` where only numbers are known.

    Returns:
        Class numbers, 0 to ``classes`` - 1, in the labels' order.

    Raises:
        DataSetError: a number out of range, or a name that means no class or several.
    """
    by_name: dict[str, dict[int, None]] = {}
    for index, accepted in enumerate(names or ()):
        for name in accepted:
            by_name.setdefault(_plain(name), {})[index] = None
    known: dict[str, int] = {}
    found = []
    for label in labels:
        if label not in known:
            known[label] = _number(label, classes) if _is_number(label) else _named(label, classes, by_name, names)
        found.append(known[label])
    return found


def _plain(name: str) -> str:
    """A name without what does not matter; macOS stores accents as letters of their own."""
    return re.sub(r"[\s_-]+", " ", unicodedata.normalize("NFKC", name).casefold()).strip()


def _is_number(label: str) -> bool:
    return label.isascii() and label.isdecimal()


def _number(label: str, classes: int) -> int:
    digits = label.lstrip("0") or "0"
    if len(digits) > len(str(classes)) or int(digits) >= classes:
        raise DataSetError(f"label {label[:40]!r} is no class of this classifier, which has numbers 0 to {classes - 1}")
    return int(digits)


def _named(label: str, classes: int, by_name: dict[str, dict[int, None]], names: Sequence[Sequence[str]] | None) -> int:
    if names is None:
        raise DataSetError(
            f"label {shown(label)} is a name, and this classifier's classes have only numbers, 0 to {classes - 1}"
        )
    meant = list(by_name.get(_plain(label), ()))
    if not meant:
        near = difflib.get_close_matches(_plain(label), by_name, n=_NEAREST)
        hint = f"; the nearest are {', '.join(map(repr, near))}" if near else ""
        raise DataSetError(f"label {shown(label)} is no class of this classifier, by name or number{hint}")
    if len(meant) > 1:
        choices = " or ".join(f"{index} ({', '.join(names[index])})" for index in meant)
        raise DataSetError(f"label {shown(label)} means several classes; write the number or another name: {choices}")
    return meant[0]
