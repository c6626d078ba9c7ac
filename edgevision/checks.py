"""Checks of numbers and bytes that callers pass in: each becomes a plain Python value, or an error in one line."""

from __future__ import annotations

import math
import numbers
from typing import Any

import numpy as np

from edgevision.errors import shown


def real_number(name: str, value: Any, low: float, high: float, error: type[Exception]) -> float:
    """``value`` as a float in [low, high]; accepts numbers of Python and NumPy, but no strings or booleans.

    Raises:
        error: ``value`` is not a real number, not finite, or out of range.
    """
    given = _scalar(value)
    try:
        found = float(given) if isinstance(given, numbers.Real) else math.nan
    except OverflowError:
        found = math.inf
    if not low <= found <= high or math.isinf(found):
        raise error(f"{name} must be a number from {low:g} to {high:g}, got {shown(value)}")
    return found


def whole_number(name: str, value: Any, low: int, high: int, error: type[Exception]) -> int:
    """``value`` as an int in [low, high]; accepts integers of Python and NumPy, but no floats or booleans.

    Raises:
        error: ``value`` is not an integer or out of range.
    """
    given = _scalar(value)
    if not isinstance(given, numbers.Integral) or not low <= int(given) <= high:
        raise error(f"{name} must be a whole number from {low} to {high}, got {shown(value)}")
    return int(given)


def checked_bytes(data: Any, error: type[Exception]) -> bytes:
    """``data`` as bytes, from bytes, a bytearray or a memoryview.

    Raises:
        error: ``data`` is something else.
    """
    if not isinstance(data, bytes | bytearray | memoryview):
        raise error(f"bytes are expected, got {shown(data)}")
    return bytes(data)


def _scalar(value: Any) -> Any:
    """The value, taken out of a zero-dimensional array; ``None`` for a boolean."""
    given = value.item() if isinstance(value, np.ndarray) and value.ndim == 0 else value
    return None if isinstance(given, bool) else given
