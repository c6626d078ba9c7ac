"""Keep what libraries in C print about damaged files off the terminal; the caller's errors say it in one line."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_ERRORS = 2  # number of the process's standard error
_lock = threading.Lock()
_inside: list[int] = []  # a copy of the standard error, once for each caller that is inside


@contextmanager
def silenced() -> Iterator[None]:
    """Discard what is written to the process's standard error; for short calls, as it holds for all threads."""
    with _lock, suppress(OSError):  # OSError: there is no standard error
        _inside.append(_inside[0] if _inside else os.dup(_ERRORS))
        if len(_inside) == 1:
            discarded = os.open(os.devnull, os.O_WRONLY)
            os.dup2(discarded, _ERRORS)
            os.close(discarded)
    try:
        yield
    finally:
        with _lock:
            kept = _inside.pop() if _inside else None
            if kept is not None and not _inside:
                os.dup2(kept, _ERRORS)
                os.close(kept)
