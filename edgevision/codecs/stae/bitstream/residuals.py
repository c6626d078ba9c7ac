"""Predictions of values, classes by expected error, and the models for range coding the residuals.

A value's prediction is a weighted sum of differences of its neighbours. The weights depend on kind, plane and class and
are fitted to the clip; the stream holds their differences from the usual weights. A value's class follows from its
expected error. Each class codes its residuals with one of a bank of distributions, whose number is in the stream.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgevision.arrays import BoolArray, Float32Array, IntArray
from edgevision.codecs.stae.bitstream import learned_tables as models
from edgevision.codecs.stae.bitstream.neighbours import INPUTS, KINDS, PLANES, SIGNS, USED, WEST
from edgevision.codecs.stae.bitstream.range_coder import Coder, Symbols, categorical

CLASSES = 16
SYMBOLS = 512  # residuals -256 .. 255
UNIT = 128  # weights are multiples of 1 / UNIT
SETS = 4  # of weights, for each kind and plane: one for incomplete neighbourhoods, three for ranges of classes
_LIMIT = 127  # largest weight, and largest difference from the usual weight, in units
#: Upper bounds of the expected errors of all classes but the last, in units of 1/16.
_BOUNDS = np.round(16 * 0.5 * 1.28 ** np.arange(CLASSES - 1)).astype(np.float32)
_SET_OF_CLASS = np.array([1] * 4 + [2] * 4 + [3] * 8)
_SHAPES = (0.75, 1.0, 1.4)  # exponents of generalised Gaussians
_SCALES = 0.25 * 2 ** (np.arange(36) / 4)
LEAST_BITS = 0.0033  # smallest cost of a value, which limits how many values a byte can code [bit]


def expected_class(around: Float32Array, group: NDArray[np.int8]) -> NDArray[np.uint8]:
    """Classes (n,) of values with neighbourhoods (K, n) and groups (n,)."""
    weights = models.ERROR_WEIGHTS[group].T
    error = np.einsum("kn,kn->n", weights[1:], np.abs(SIGNS @ around)) + weights[0]
    return np.searchsorted(_BOUNDS, error, side="right").astype(np.uint8)


def weight_set(group: NDArray[np.int8], classes: NDArray[np.uint8], broken: BoolArray) -> IntArray:
    """Number of the set of weights that predicts each value, (n,)."""
    return SETS * group.astype(np.int64) + np.where(broken, 0, _SET_OF_CLASS[classes])


def predict(around: Float32Array, weights: Float32Array, sets: IntArray, group: NDArray[np.int8]) -> Float32Array:
    """Predictions (n,), whole numbers, of values with neighbourhoods (K, n), weights (sets, K) and sets (n,)."""
    sums = np.einsum("kn,kn->n", weights.T[:, sets], around)
    low = np.where(group % PLANES == 0, 0, -255).astype(np.float32)
    return np.clip(np.floor((sums + UNIT / 2) / UNIT), low, 255)


def place_weights(differences: IntArray) -> Float32Array:
    """Weights of the places (sets, K) from weights of the differences (sets, I), both in units."""
    weights = differences.astype(np.float32) @ INPUTS
    weights[:, WEST] += UNIT
    return weights


def code_weights(differences: IntArray, coder: Coder, kinds: int) -> IntArray:
    """Code the weights (sets, I) of the first ``kinds`` kinds, and return them; a reader uses only their shape."""
    used = np.repeat(USED.reshape(KINDS * PLANES, -1), SETS, axis=0)
    used[kinds * PLANES * SETS :] = False
    usual = models.USUAL_WEIGHTS[used]
    # Rounded to whole numbers for the same reason as in ``bank``.
    near = categorical(np.round(2.0 ** (20 - np.abs(np.arange(-_LIMIT, _LIMIT + 1)) / 4)) + 100)
    symbols = np.clip(differences[used] - usual, -_LIMIT, _LIMIT) + _LIMIT
    coded = np.zeros_like(differences)
    coded[used] = np.clip(coder.code(symbols.astype(np.int32), near) + usual - _LIMIT, -_LIMIT, _LIMIT)
    return coded


def bank() -> Float32Array:
    """The bank of B distributions of residuals, as whole numbers proportional to the probabilities, (B, 512).

    Rounding to whole numbers removes the rounding errors of exponentials, which differ between machines.
    """
    away = np.abs(np.arange(SYMBOLS) - SYMBOLS // 2)
    weights = np.stack([np.exp(-((away / scale) ** shape)) for shape in _SHAPES for scale in _SCALES])
    weights /= weights.sum(axis=1, keepdims=True)
    return (np.round(weights * 2**20) + 1).astype(np.float32)


def best_of_bank(symbols: Symbols, classes: NDArray[np.uint8]) -> Symbols:
    """Number of the distribution that codes each class's symbols in the fewest bits, (CLASSES,)."""
    keys = classes.astype(np.int64) * SYMBOLS + symbols
    counts = np.bincount(keys, minlength=CLASSES * SYMBOLS).reshape(CLASSES, SYMBOLS)
    weights = bank().astype(np.float64)
    bits = -np.log2(weights / weights.sum(axis=1, keepdims=True))
    return (counts @ bits.T).argmin(axis=1).astype(np.int32)


def code_choice(choice: Symbols, coder: Coder) -> list[Any]:
    """Code the numbers of the chosen distributions (CLASSES,), and return the models of the classes."""
    weights = bank()
    chosen = coder.code(choice, categorical(np.ones(len(weights))))
    return [categorical(weights[number]) for number in chosen]
