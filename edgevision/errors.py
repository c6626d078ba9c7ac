"""The package's own exceptions: one class per kind of mistake, each a subclass of the built-in it refines."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class ProfileError(ValueError):
    """An operating-point profile is missing, damaged or inconsistent."""


class ScenarioError(ValueError):
    """A scenario's settings contradict each other or break a stated rule."""


class InvalidActionError(ValueError):
    """An action has the wrong shape, lies outside [-1, 1] or is not finite."""


class AllocationError(ValueError):
    """An allocation breaks one of the constraints C1..C5."""


class SlotProblemError(ValueError):
    """A slot problem's arrays do not fit together, are not finite or are out of range."""


class UnknownNameError(ValueError):
    """A policy, profile, preset, algorithm or codec that does not exist was asked for by name."""


class BitstreamError(ValueError):
    """Bytes that claim to be an encoded image or clip are not one that can be decoded."""


class MissingExtraError(ImportError):
    """An optional dependency is not installed; the message names the extra that brings it."""


def unknown_name(kind: str, name: str, known: Iterable[str]) -> UnknownNameError:
    """Build the error for a name that is not in ``known``, with the nearest match as a suggestion."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    return UnknownNameError(f"unknown {kind} {name!r}{hint} (known: {', '.join(names)})")
