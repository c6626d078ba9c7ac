"""Similarity of importance maps, measured by rank correlation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgevision.arrays import FloatArray

Maps = NDArray[np.floating]


def rank_correlation(first: Maps, second: Maps) -> FloatArray:
    """Spearman's rank correlation of each pair of maps (B, h, w), (B,).

    Equal values get their mean rank; the correlation with a constant map is 0.
    """
    ranks = [_centred_ranks(maps.reshape(len(maps), -1)) for maps in (first, second)]
    norm = np.sqrt((ranks[0] ** 2).sum(1) * (ranks[1] ** 2).sum(1))
    product: FloatArray = (ranks[0] * ranks[1]).sum(1)
    return np.divide(product, norm, out=np.zeros_like(product), where=norm > 0)


def _centred_ranks(rows: Maps) -> FloatArray:
    ranks = np.empty(rows.shape, np.float64)
    for index, row in enumerate(rows):
        ordered = np.sort(row)
        ranks[index] = np.searchsorted(ordered, row, "left") + np.searchsorted(ordered, row, "right")
    return ranks - ranks.mean(1, keepdims=True)
