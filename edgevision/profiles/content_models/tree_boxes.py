"""Boosted trees of scikit-learn as boxes of the feature space, the form of `AccuracyModel`.

Every leaf of a tree is a box: the splits on its path bound the features. Splits on the operating point are carried out
for all points here, so that a box has one value per point. Leaves with the same box are added up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgevision.arrays import FloatArray


@dataclass(frozen=True, eq=False)
class Boxes:
    """L boxes: corners ``lower`` and ``upper``, (L, F), and ``value`` at each operating point, (L, K)."""

    lower: FloatArray
    upper: FloatArray
    value: FloatArray


def boxes_of(trees: Sequence[Any], baseline: float, features: int, points: FloatArray) -> Boxes:
    """The boxes of boosted trees whose first columns are features and whose last describe the operating point.

    Args:
        trees: node tables of scikit-learn's histogram gradient boosting, one for each tree.
        baseline: log-odds before the first tree.
        features: number F of columns that are features.
        points: the other columns at each operating point, (K, A).
    """
    everywhere = np.full(features, -np.inf), np.full(features, np.inf)
    found = {_key(*everywhere): (*everywhere, np.full(len(points), baseline))}
    for nodes in trees:
        for lower, upper, value in _leaves(nodes, features, points):
            before = found.get(_key(lower, upper), (lower, upper, 0.0))[2]
            found[_key(lower, upper)] = lower, upper, before + value
    return Boxes(*(np.stack(column) for column in zip(*found.values(), strict=True)))


def _key(lower: FloatArray, upper: FloatArray) -> bytes:
    return lower.tobytes() + upper.tobytes()


def _leaves(nodes: Any, features: int, points: FloatArray) -> list[tuple[FloatArray, FloatArray, FloatArray]]:
    """Lower corner, upper corner and value (K,) of every leaf of one tree."""
    leaves = []
    waiting = [(0, np.full(features, -np.inf), np.full(features, np.inf), np.ones(len(points), bool))]
    while waiting:
        index, lower, upper, reached = waiting.pop()
        node = nodes[index]
        column, threshold = int(node["feature_idx"]), float(node["num_threshold"])
        if node["is_leaf"]:
            leaves.append((lower, upper, np.where(reached, node["value"], 0.0)))
        elif column >= features:
            left = points[:, column - features] <= threshold
            waiting += [(node["left"], lower, upper, reached & left), (node["right"], lower, upper, reached & ~left)]
        else:
            below, above = upper.copy(), lower.copy()
            below[column], above[column] = min(upper[column], threshold), max(lower[column], threshold)
            waiting += [(node["left"], lower, below, reached), (node["right"], above, upper, reached)]
    return leaves
