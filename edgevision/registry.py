"""`Registry`: objects by name; an entry's module can stay unimported until its first use."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic, TypeVar, cast

from edgevision.errors import UnknownNameError, UnknownSettingError, unknown_name

Entry = TypeVar("Entry")
Added = TypeVar("Added")
Made = TypeVar("Made")


class Registry(Generic[Entry]):
    """Objects by name, to which users of the package can add their own.

    An entry is an object, or a string ``module:attribute`` that says where the object is; the module is imported at
    the first lookup.

        >>> shapes = Registry[type]("shape")
        >>> shapes.add("fraction", "fractions:Fraction")
        >>> shapes["fraction"](1, 3)
        Fraction(1, 3)
    """

    def __init__(self, kind: str) -> None:
        """Start empty; error messages call an entry a ``kind``."""
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
        """Decorator that adds the decorated object.

        Raises:
            ValueError: the name is taken.
        """

        def decorate(entry: Added) -> Added:
            self.add(name, cast(Any, entry))
            return entry

        return decorate

    def __getitem__(self, name: str) -> Entry:
        """The entry of this name; imports its module if necessary.

        Raises:
            UnknownNameError: there is none.
        """
        if not isinstance(name, str) or name not in self._entries:
            raise self.unknown(name)
        entry = self._entries[name]
        if isinstance(entry, str):
            module, _, attribute = entry.partition(":")
            entry = self._entries[name] = cast(Entry, getattr(importlib.import_module(module), attribute))
        return entry

    def make(self: Registry[Callable[..., Made]], name: str, settings: Mapping[str, Any]) -> Made:
        """Call the entry of this name with settings as keywords.

        Raises:
            UnknownNameError: there is no such entry.
            UnknownSettingError: it takes no such setting.
        """
        entry = self[name]
        known = inspect.signature(entry).parameters.values()
        if not any(parameter.kind is parameter.VAR_KEYWORD for parameter in known):
            for setting in settings:
                if setting not in {parameter.name for parameter in known}:
                    message = unknown_name(f"setting of {self.kind} {name!r}", setting, (one.name for one in known))
                    raise UnknownSettingError(str(message))
        return entry(**settings)

    def unknown(self, name: object) -> UnknownNameError:
        """The error for a name that is not registered; it suggests the nearest match."""
        return unknown_name(self.kind, name, self._entries)

    def names(self) -> tuple[str, ...]:
        """All names, sorted."""
        return tuple(sorted(self._entries))

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        """Iterate over all names in the order of registration."""
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)
