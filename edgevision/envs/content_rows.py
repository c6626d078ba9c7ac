"""`ContentRows`: rows of a profile's table for the contents of all users, gathered only when and where they are needed.

An environment scores one entry per user and observes a few. The whole (N, U, K) is for policies, and most of a step's
memory traffic if it is made in every slot.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from edgevision.arrays import BoolArray, FloatArray, IntArray


class ContentRows:
    """Entries of a table (J, K) for contents (N, U); like an array (N, U, K) that is not made yet."""

    def __init__(self, table: FloatArray, content: IntArray) -> None:
        self._table, self._content = table, content

    def __getitem__(self, index: slice | BoolArray | IntArray) -> ContentRows:
        """The rows of the slots that ``index`` selects along N."""
        return ContentRows(self._table, self._content[index])

    def at(self, point: IntArray) -> FloatArray:
        """The entries of one point per user, (N, U)."""
        return np.asarray(self._table[self._content, point])

    def columns(self, points: IntArray | list[int]) -> FloatArray:
        """The entries of P points, the same for all users, (N, U, P)."""
        return _rows(self._table[:, points], self._content)

    def whole(self) -> FloatArray:
        """All entries, (N, U, K), read-only."""
        found = _rows(self._table, self._content)
        found.setflags(write=False)
        return found


def _rows(table: FloatArray, content: IntArray) -> FloatArray:
    """Rows of a table (J, K) by content (N, U), as (N, U, K); the only row of a closed form as a view."""
    if len(table) == 1:
        return np.broadcast_to(table[0], (*content.shape, table.shape[1]))
    return table.take(content, axis=0)


class GatheredField:
    """A field of a frozen dataclass that takes an array or `ContentRows`, and is an array when it is read."""

    def __init__(self, name: str) -> None:
        self._name = f"_{name}"

    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            return self
        value = vars(instance)[self._name]
        if isinstance(value, ContentRows):
            value = vars(instance)[self._name] = value.whole()
        return value

    def __set__(self, instance: Any, value: FloatArray | ContentRows) -> None:
        vars(instance)[self._name] = value
