"""Range coding of how patches are predicted: in time or not, moved or not, from where, by which mode."""

from __future__ import annotations

import numpy as np

from edgevision.arrays import BoolArray, FloatArray, IntArray
from edgevision.codecs.stae.bitstream.adaptive import AdaptiveBits
from edgevision.codecs.stae.bitstream.intra import MODES
from edgevision.codecs.stae.bitstream.learned_tables import LOSSY_PRIORS
from edgevision.codecs.stae.bitstream.motion import REACH
from edgevision.codecs.stae.bitstream.range_coder import Coder, categorical, categorical_family

Here = tuple[IntArray, IntArray, IntArray]
STILL, MOVED = MODES, MODES + 1  # numbers of the modes in time, after those from the pixels around
_OUTSIDE = MODES + 2
_WEIGHT = 24.0  # bits seen, that the priors count for
_DIFFERENCES = 0.8 ** np.abs(np.arange(-2 * REACH, 2 * REACH + 1)) + 0.004  # of vectors from the expected one


class ModeCoder:
    """Passes modes and motion vectors; its contexts learn from all that passed.

    Attributes:
        timed: bits that say whether a patch is predicted in time.
        moved: whether from elsewhere, if so.
        counts: of modes, by the left patch's, (modes + 3, modes).
    """

    def __init__(self, coder: Coder, size: tuple[int, int, int]) -> None:
        self._coder = coder
        self._modes = np.full(size, _OUTSIDE)
        self._vectors = np.zeros((*size, 2), np.int64)
        self.timed = AdaptiveBits(LOSSY_PRIORS["timed"], _WEIGHT)
        self.moved = AdaptiveBits(LOSSY_PRIORS["moved"], _WEIGHT)
        self.counts = _WEIGHT * LOSSY_PRIORS["mode"]

    def bits(self, here: Here, repeatable: BoolArray, vectors: IntArray) -> FloatArray:
        """What each mode would cost, (n, modes + 2), for given vectors (n, 2)."""
        timed, moved, left = self._contexts(here)
        in_time = np.clip(self.timed.ones[timed] / self.timed.total[timed], 0.01, 0.99)
        elsewhere = np.clip(self.moved.ones[moved] / self.moved.total[moved], 0.01, 0.99)
        counts = self.counts[left]
        around = -np.log2(counts / counts.sum(axis=1, keepdims=True))
        around -= np.where(repeatable, np.log2(1 - in_time), 0)[:, None]
        shares = -np.log2(_DIFFERENCES / _DIFFERENCES.sum())
        vector_bits = shares[vectors - self._expected(here) + 2 * REACH].sum(axis=1)
        still = -np.log2(in_time) - np.log2(1 - elsewhere)
        move = -np.log2(in_time) - np.log2(elsewhere) + vector_bits
        in_time_bits = np.where(repeatable[:, None], np.stack((still, move), axis=1), np.inf)
        return np.concatenate((around, in_time_bits), axis=1)

    def code(self, modes: IntArray, vectors: IntArray, here: Here, repeatable: BoolArray) -> tuple[IntArray, IntArray]:
        """Pass modes (n,) and vectors (n, 2) of patches ``here``; in time only where ``repeatable``."""
        timed, moved, left = self._contexts(here)
        expected = self._expected(here)
        coded, found = np.full(len(modes), STILL), np.zeros_like(vectors)
        allowed = np.flatnonzero(repeatable)
        in_time = np.zeros(len(modes), np.bool_)
        in_time[allowed] = self.timed.code(self._coder, modes[allowed] >= STILL, timed[allowed]) == 1
        timed_rows, others = np.flatnonzero(in_time), np.flatnonzero(~in_time)
        coded[timed_rows] += self.moved.code(self._coder, modes[timed_rows] == MOVED, moved[timed_rows])
        if others.size:
            counts = self.counts[left[others]]
            coded[others] = self._coder.code(modes[others].astype(np.int32), categorical_family(), counts)
            np.add.at(self.counts, (left[others], coded[others]), 1.0)
        elsewhere = np.flatnonzero(coded == MOVED)
        symbols = (vectors[elsewhere] - expected[elsewhere] + 2 * REACH).ravel().astype(np.int32)
        differences = self._coder.code(symbols, categorical(_DIFFERENCES)).reshape(-1, 2) - 2 * REACH
        found[elsewhere] = np.clip(expected[elsewhere] + differences, -REACH, REACH)
        self._modes[here], self._vectors[here] = coded, found
        return coded, found

    def _contexts(self, here: Here) -> tuple[IntArray, IntArray, IntArray]:
        frame, row, column = here
        left, above = self._modes[frame, row, column - 1], self._modes[frame, row - 1, column]
        timed = ((left == STILL) | (left == MOVED)) + 1 * ((above == STILL) | (above == MOVED))
        return timed, (left == MOVED) + 1 * (above == MOVED), left

    def _expected(self, here: Here) -> IntArray:
        """The left patch's vector, or, if it has none, that of the patch above, (n, 2)."""
        frame, row, column = here
        left, above = self._vectors[frame, row, column - 1], self._vectors[frame, row - 1, column]
        return np.where(left.any(axis=1, keepdims=True), left, above)
