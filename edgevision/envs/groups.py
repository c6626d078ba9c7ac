"""`by_groups`: a pure function of slots, applied to groups of slots whose arrays fit the cache of a core."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

Result = TypeVar("Result")

#: Users of a group; each of its arrays then has 64 KiB.
MOST_USERS = 8192


def by_groups(function: Callable[..., Result], users: int, *batches: Any) -> Result:
    """``function(*batches)``, a dictionary or dataclass of NumPy arrays, computed for one group of slots at a time.

    Args:
        function: takes the batches, or the same rows of each.
        users: users of a slot; 0 leaves all slots in one group.
        batches: what has slots along its first axis; ``None`` stays ``None``.
    """
    slots = len(batches[0])
    size = max(1, MOST_USERS // users) if users else slots
    if slots <= size:
        return function(*batches)
    parts: list[Any] = []
    for start in range(0, slots, size):
        rows = slice(start, start + size)
        parts.append(function(*(None if batch is None else batch[rows] for batch in batches)))
    joined: Result = _joined(parts)
    return joined


def _joined(parts: list[Any]) -> Any:
    first = parts[0]
    if isinstance(first, dict):
        return {key: np.concatenate([part[key] for part in parts]) for key in first}
    return type(first)(**{key: np.concatenate([vars(part)[key] for part in parts]) for key in vars(first)})
