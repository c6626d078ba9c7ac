"""`ContentRows`: rows of a profile's table for the contents of all users, gathered only when and where they are needed.

An environment scores one entry per user and observes a few. The whole (N, U, K) is for policies, and most of a step's
memory traffic if it is made in every slot.
"""

from __future__ import annotations

from typing import Any

from edgevision.arrays import Array, bounded, entries, library


class ContentRows:
    """Entries of a table (J, K) for contents (N, U); like an array (N, U, K) that is not made yet.

    A table with one row holds for all contents. Arrays may be of any library.
    """

    def __init__(self, table: Array, content: Array) -> None:
        self._table, self._content = table, content

    def __getitem__(self, index: Any) -> ContentRows:
        """The rows of the slots that ``index`` selects along N."""
        return ContentRows(self._table, self._content[index])

    def at(self, point: Array) -> Array:
        """The entries of one point per user, (N, U)."""
        contents, points = self._table.shape
        flat = library(self._table).reshape(self._table, (-1,))
        return entries(flat, point if contents == 1 else self._content * points + point)

    def columns(self, points: list[int]) -> Array:
        """The entries of P points, the same for all users, (P, N, U); (P, 1, 1) if they hold for all contents."""
        xp = library(self._table)
        chosen = self._table[:, points].T
        if len(self._table) == 1:
            return chosen[..., None]
        gathered = xp.take(chosen, xp.reshape(self._content, (-1,)), axis=1)
        return xp.reshape(gathered, (len(points), *self._content.shape))

    def known(self, active: Array, blank: int, limit: float) -> Array:
        """Entries within +-``limit`` of the users where ``active`` (N, U), after blank columns, (N, U, blank + K).

        They are float32, and zero in blank columns and for other users.
        """
        xp, (contents, points) = library(self._table), self._table.shape
        # One gather from a table with a row of zeros, because a mask along a short axis is slow.
        table = xp.zeros((contents + 1, blank + points), dtype=xp.float32, device=self._table.device)
        table[:contents, blank:] = bounded(xp.astype(self._table, xp.float32), -limit, limit)
        row = xp.reshape(xp.where(active, self._content, contents), (-1,))
        return xp.reshape(xp.take(table, row, axis=0), (*active.shape, blank + points))

    def whole(self) -> Array:
        """All entries, (N, U, K); NumPy's are read-only."""
        xp = library(self._table)
        shape = (*self._content.shape, self._table.shape[1])
        if len(self._table) == 1:
            return xp.broadcast_to(self._table[0], shape)
        found = xp.reshape(xp.take(self._table, xp.reshape(self._content, (-1,)), axis=0), shape)
        if hasattr(found, "setflags"):
            found.setflags(write=False)
        return found


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

    def __set__(self, instance: Any, value: Array | ContentRows) -> None:
        vars(instance)[self._name] = value
