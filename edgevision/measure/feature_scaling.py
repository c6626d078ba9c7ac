"""Standardising the features of contents over the train split of a profile."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgevision.arrays import BoolArray, FloatArray


def standardised(
    raw: FloatArray, names: Sequence[str], train: BoolArray
) -> tuple[FloatArray, dict[str, dict[str, float]]]:
    """Features shifted and scaled to mean 0 and standard deviation 1 over the contents of the train split.

    Args:
        raw: features before standardisation, (contents, features).
        names: of the features.
        train: which contents are in the train split, (contents,).

    Returns:
        The standardised features, and mean and scale of each feature by name, for a profile's metadata.
    """
    mean, scale = raw[train].mean(axis=0), raw[train].std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    metadata = {
        "feature_mean": dict(zip(names, mean.tolist(), strict=True)),
        "feature_scale": dict(zip(names, scale.tolist(), strict=True)),
    }
    return (raw - mean) / scale, metadata
