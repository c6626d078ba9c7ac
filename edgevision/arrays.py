"""Array types that the whole package uses, and functions on arrays of any library of the array-API standard."""

from __future__ import annotations

from typing import Any

import array_api_compat
import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Float32Array = NDArray[np.float32]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
#: A picture, (H, W, 3) or (H, W) for grey, sRGB.
ByteImage = NDArray[np.uint8]
#: A clip, (F, H, W, 3), sRGB.
ByteClip = NDArray[np.uint8]
#: An array of NumPy, PyTorch or another library of the array-API standard.
Array = Any


def library(array: Array) -> Any:
    """The functions of the library of an array, by their names in the array-API standard."""
    # NumPy follows the standard itself, and needs no layer around its functions.
    if isinstance(array, (np.ndarray, np.generic)):
        return np
    if hasattr(array, "detach"):  # a tensor of PyTorch, which torch.compile does not look up as below
        from array_api_compat import torch

        return torch
    return array_api_compat.array_namespace(array)


def entries(table: Array, index: Array) -> Array:
    """Entries of a table (M,) at indices of any shape."""
    if isinstance(table, np.ndarray):
        return table.take(index)
    xp = library(table)
    return xp.reshape(xp.take(table, xp.reshape(index, (-1,))), index.shape)


def sum_of_users(values: Array) -> Array:
    """Sums over the last axis of (.., U)."""
    # Three times as fast as ``sum`` along a short axis.
    return np.einsum("...u->...", values) if isinstance(values, np.ndarray) else library(values).sum(values, axis=-1)


def bounded(values: Array, least: float | None = None, most: float | None = None) -> Array:
    """Values within bounds, as by ``clip``, whose NumPy version is slow for few values."""
    if hasattr(values, "clamp"):  # of a tensor: the compiler of PyTorch does not take the checks of ``clip``
        return values.clamp(least, most)
    if not isinstance(values, np.ndarray):
        return library(values).clip(values, least, most)
    raised = values if least is None else np.maximum(values, least)
    return raised if most is None else np.minimum(raised, most)
