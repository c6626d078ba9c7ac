"""`Registry`: things by name, which need not be imported before they are asked for."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar, cast

from edgevision.errors import UnknownNameError, unknown_name

Entry = TypeVar("Entry")
Added = TypeVar("Added")


class Registry(Generic[Entry]):
    """Entries by name.

    An entry is an object, or a text ``module:attribute`` that says where it is; that module is imported when the entry
    is first asked for. Anyone may add entries.

        >>> shapes = Registry[type]("shape")
        >>> shapes.add("fraction", "fractions:Fraction")
        >>> shapes["fraction"](1, 3)
        Fraction(1, 3)
    """

    def __init__(self, kind: str) -> None:
        """Start empty; ``kind`` is what messages call an entry."""
        self.kind = kind
        self._entries: dict[str, Entry | str] = {}

    def add(self, name: str, entry: Entry | str) -> None:
        """Add an entry.

        Raises:
            ValueError: the name is taken.
        """
        if name in self._entries:
            raise ValueError(f"a {self.kind} named {name!r} is already registered; choose another name")
        self._entries[name] = entry

    def register(self, name: str) -> Callable[[Added], Added]:
        """Decorator that adds what it decorates; raises as ``add``."""

        def decorate(entry: Added) -> Added:
            self.add(name, cast(Any, entry))
            return entry

        return decorate

    def __getitem__(self, name: str) -> Entry:
        """The entry of this name, imported if need be.

        Raises:
            UnknownNameError: there is none.
        """
        if name not in self._entries:
            raise self.unknown(name)
        entry = self._entries[name]
        if isinstance(entry, str):
            module, _, attribute = entry.partition(":")
            entry = self._entries[name] = cast(Entry, getattr(importlib.import_module(module), attribute))
        return entry

    def unknown(self, name: str) -> UnknownNameError:
        """The error for a name that is not here, with the nearest one as a suggestion."""
        return unknown_name(self.kind, name, self._entries)

    def names(self) -> tuple[str, ...]:
        """All names, sorted."""
        return tuple(sorted(self._entries))

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        """All names, in the order in which they were added."""
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)
