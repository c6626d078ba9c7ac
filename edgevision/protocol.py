"""The benchmark protocol: which seeds and contents are for training, validation and test.

Episode i of a split has the split's first seed plus i. Splits do not overlap.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from edgevision.arrays import IntArray
from edgevision.checks import whole_number
from edgevision.errors import EvaluationError, shown

#: Splits on which policies are evaluated.
Split = Literal["validation", "test"]

#: Seeds of the episodes of each split.
SEEDS: dict[str, range] = {
    "train": range(10_000),
    "validation": range(10_000, 11_000),
    "test": range(20_000, 21_000),
}

#: Splits of a profile's contents; a profile stores indices into this tuple.
CONTENT_SPLITS = ("train", "validation", "test")
_OF_FIVE = np.array([0, 0, 0, 1, 2], np.int8)


def episode_seeds(split: Split, episodes: int) -> tuple[int, ...]:
    """The first ``episodes`` seeds of a split.

    Raises:
        EvaluationError: no such split, or more episodes than it has seeds.
    """
    if split not in ("validation", "test"):
        raise EvaluationError(f"split must be one of validation, test, got {shown(split)}")
    seeds = SEEDS[split]
    episodes = whole_number(f"episodes, of the seeds of the {split} split,", episodes, 1, len(seeds), EvaluationError)
    return tuple(seeds[:episodes])


def content_split(order: IntArray) -> NDArray[np.int8]:
    """Index into `CONTENT_SPLITS` of each content, or group of contents, by its place in the data set: 3 : 1 : 1."""
    return _OF_FIVE[order % 5]
