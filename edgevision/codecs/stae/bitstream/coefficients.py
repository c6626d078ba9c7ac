"""Range coding of quantised coefficients: patches of a step together, band after band, bits with adaptive contexts.

A patch's plane says whether any level is not zero. Then, in zigzag order, each band says whether its level is zero; if
not, its magnitude, its sign and whether it was the last. Contexts are the band, what kind of plane and prediction,
levels at about the same band of the patches to the left and above, and the levels just decided in the patch.
Like H.264's CABAC (Marpe et al., 2003), but one band of many patches at a time.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgevision.arrays import FloatArray, IntArray
from edgevision.codecs.stae.bitstream.adaptive import AdaptiveBits
from edgevision.codecs.stae.bitstream.learned_tables import LOSSY_PRIORS
from edgevision.codecs.stae.bitstream.range_coder import Coder, bernoulli_family
from edgevision.codecs.stae.bitstream.transform import BANDS

_BAND_CONTEXTS = 28  # bands from there on share theirs
_UNARY = 14  # magnitudes up to there are coded one bit a step
_EXPONENT = 16  # largest, of what is beyond
_WEIGHT = 24.0  # bits seen, that the priors count for
MAX_LEVEL = _UNARY + (1 << _EXPONENT)
SHAPES = {
    "coded": (2, 2, 3, 3),  # chroma, predicted in time, neighbours coded, other planes of the patch coded
    "zero": (2, 2, _BAND_CONTEXTS, 3, 3),  # chroma, in time, band, neighbours' levels, own levels
    "last": (2, 2, _BAND_CONTEXTS, 3),  # chroma, in time, band, own levels
    "more": (2, 3, 4, _UNARY),  # chroma, band, levels around, magnitude so far
    "beyond": (_EXPONENT,),
}


class LevelCoder:
    """Passes levels through a coder; its contexts learn from all that passed."""

    def __init__(self, coder: Coder) -> None:
        self._coder = coder
        self.bits = {name: AdaptiveBits(LOSSY_PRIORS[name], _WEIGHT) for name in SHAPES}

    def rates(self) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """Average bits by kind of plane and of prediction, (2, 2, ...).

        Returns:
            Of a zero and of another level in each band (64,); of not being the last and of being it (64, 2); of having
            no levels and of having some (2,).
        """
        bands = np.minimum(np.arange(BANDS), _BAND_CONTEXTS - 1)
        coded, zero, last = (self._average(name) for name in ("coded", "zero", "last"))
        zero, last = zero[:, :, bands], last[:, :, bands]
        return -np.log2(zero), -np.log2(1 - zero), _both(last), _both(coded[:, :, 0])

    def _average(self, name: str) -> FloatArray:
        """Chance of a one, over all but the first three axes of contexts."""
        ones, total = (np.reshape(x, (*SHAPES[name][:3], -1)) for x in (self.bits[name].ones, self.bits[name].total))
        if name == "coded":
            ones, total = ones.sum(2, keepdims=True), total.sum(2, keepdims=True)
        return np.clip(ones.sum(-1) / total.sum(-1), 0.002, 0.998)

    def _code(self, name: str, values: NDArray[Any], *context: NDArray[Any]) -> NDArray[np.int32]:
        return self.bits[name].code(self._coder, values, np.ravel_multi_index(context, SHAPES[name]))

    def code(self, levels: IntArray, timed: IntArray, beside: IntArray) -> IntArray:
        """Pass the levels of n patches; a reader takes nothing but their shape.

        Args:
            levels: (n, 3, 64).
            timed: 1 where the prediction is from an earlier frame, (n,).
            beside: magnitudes of the patch to the left and of that above, added, (n, 3, 64).
        """
        patch, plane = np.nonzero(self._code_coded(levels, timed, beside))
        truth, around = levels[patch, plane], _around(beside)[patch, plane]
        chroma, in_time = np.minimum(plane, 1), timed[patch]
        done = np.zeros_like(truth)
        recent = np.zeros(len(patch), np.int64)  # magnitudes just decided, older ones halved
        rows = np.arange(len(patch))
        for band in range(BANDS):
            where = np.full(len(rows), min(band, _BAND_CONTEXTS - 1))
            kind, own = (chroma[rows], in_time[rows], where), np.minimum(recent[rows], 2)
            zero = self._code("zero", truth[rows, band] == 0, *kind, np.minimum(around[rows, band], 2), own) == 1
            recent[rows] //= 2
            if not zero.all():
                found, kind, own = rows[~zero], tuple(part[~zero] for part in kind), own[~zero]
                done[found, band] = self._code_level(truth[found, band], kind, around[found, band] + own)
                recent[found] += 2 * np.abs(done[found, band])
                last = self._code("last", ~np.any(truth[found, band + 1 :], axis=1), *kind, own) == 1
                zero[~zero] = ~last
                rows = rows[zero]
            if not rows.size:
                break
        decided = np.zeros_like(levels)
        decided[patch, plane] = done
        return decided

    def _code_coded(self, levels: IntArray, timed: IntArray, beside: IntArray) -> IntArray:
        """Whether each plane of each patch has levels, (n, 3)."""
        near = np.minimum((beside > 0).any(axis=2) + (beside > 1).any(axis=2), 2)
        coded = np.zeros(levels.shape[:2], np.int64)
        for plane in range(levels.shape[1]):
            kind = np.full(len(levels), min(plane, 1))
            others = coded[:, 0] + coded[:, 1]
            coded[:, plane] = self._code("coded", np.any(levels[:, plane], axis=1), kind, timed, near[:, plane], others)
        return coded

    def _code_level(self, levels: IntArray, kind: tuple[IntArray, ...], around: IntArray) -> IntArray:
        """Pass levels (m,), none of them zero."""
        chroma, _, band = kind
        where, near = np.minimum(band // 3, 2), np.minimum(around, 3)
        magnitude, truth = np.ones(len(levels), np.int64), np.abs(levels)
        rows = np.arange(len(levels))
        for size in range(1, _UNARY):
            step = np.full(len(rows), size)
            more = self._code("more", truth[rows] > size, chroma[rows], where[rows], near[rows], step)
            rows = rows[more == 1]
            if not rows.size:
                break
            magnitude[rows] += 1
        if rows.size:
            magnitude[rows] += self._code_beyond(truth[rows] - _UNARY)
        negative = self._code_even(levels < 0)
        return np.where(negative == 1, -magnitude, magnitude)

    def _code_beyond(self, values: IntArray) -> IntArray:
        """Pass whole numbers >= 0: how many binary digits value + 1 has, then the digits."""
        digits = np.frexp(values + 1.0)[1].astype(np.int64) - 1
        rows, size = np.arange(len(values)), np.zeros(len(values), np.int64)
        for exponent in range(_EXPONENT):
            more = self._code("beyond", digits[rows] > exponent, np.full(len(rows), exponent))
            rows = rows[more == 1]
            size[rows] += 1
        result = np.ones(len(values), np.int64)
        for place in range(int(size.max(initial=0)) - 1, -1, -1):
            rows = np.flatnonzero(size > place)
            result[rows] = 2 * result[rows] + self._code_even((values[rows] + 1) >> place & 1)
        return result - 1

    def _code_even(self, bits: NDArray[Any]) -> NDArray[np.int32]:
        return self._coder.code(bits.astype(np.int32), bernoulli_family(), np.full(len(bits), 0.5))


def _around(magnitudes: IntArray) -> IntArray:
    """Sum over a band and the two on either side, (..., 64), halved (rounded up)."""
    padded = np.pad(magnitudes, ((0, 0), (0, 0), (2, 2)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, 5, axis=-1)
    return (windows.sum(axis=-1) + 1) // 2


def _both(chance: FloatArray) -> FloatArray:
    """Bits of zero and one, (..., 2)."""
    return -np.log2(np.stack((1 - chance, chance), axis=-1))
