"""The benchmark protocol: which seeds and which contents serve which purpose.

An episode's seed is the first of its purpose plus its index. Nothing is ever tested on what it was trained or tuned on.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from edgevision.arrays import IntArray
from edgevision.errors import EvaluationError

#: What an evaluation is for.
Split = Literal["validation", "test"]

#: Seeds of episodes by purpose.
SEEDS: dict[str, range] = {
    "train": range(10_000),
    "validation": range(10_000, 11_000),
    "test": range(20_000, 21_000),
}

#: Splits of a profile's contents; a profile stores indices into it.
CONTENT_SPLITS = ("train", "validation", "test")
_OF_FIVE = np.array([0, 0, 0, 1, 2], np.int8)


def episode_seeds(split: Split, episodes: int) -> tuple[int, ...]:
    """The first ``episodes`` seeds of a split.

    Raises:
        EvaluationError: no such split, or more episodes than it has seeds.
    """
    if split not in ("validation", "test"):
        raise EvaluationError(f"split must be one of validation, test, got {split!r}")
    seeds = SEEDS[split]
    if not 1 <= episodes <= len(seeds):
        raise EvaluationError(f"episodes must be 1..{len(seeds)} (the seeds of the {split} split), got {episodes}")
    return tuple(seeds[:episodes])


def content_split(order: IntArray) -> NDArray[np.int8]:
    """Split of each content by its place, or the place of its group, in the data set: of five, 3 train, 1, 1 test."""
    return _OF_FIVE[order % 5]
