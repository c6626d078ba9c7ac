"""Names for files that hold what some settings and weights gave, so that no run takes up another's."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from torch import nn


def digest(settings: Any, networks: Iterable[nn.Module] = (), arrays: Iterable[ArrayLike] = ()) -> str:
    """16 hexadecimal digits that change when a setting, a weight or a value of an array does.

    Args:
        settings: JSON values.
        networks: in an order that counts.
        arrays: taken one at a time; may be mapped from a file.
    """
    found = hashlib.sha256(json.dumps(settings).encode())
    for network in networks:
        state = network.state_dict()
        found.update(json.dumps({name: list(value.shape) for name, value in state.items()}).encode())
        for value in state.values():
            found.update(value.cpu().numpy().tobytes())
    for array in arrays:
        found.update(np.asarray(array).tobytes())
    return found.hexdigest()[:16]
