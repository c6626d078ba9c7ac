"""Huffman tables of baseline JPEG: optimal tables for given symbol counts, and the sets shipped with this package.

A *table set* holds the four tables of a picture in the order of ``CLASSES``: luminance DC and AC, chrominance DC and
AC. Symbol s of table t has index 256 t + s in every array over a set. The shared sets in ``weights/huffman.json`` were
trained by ``benchmarks/train_huffman.py``; the file names the training data. Set 1 is for the finest quantisation.
Each shared set has a code for every symbol of baseline JPEG, so any of them can code any picture.
Source: ITU-T T.81, Annexes C, F.1.2 and K.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from edgevision.arrays import IntArray

CLASSES = (0x00, 0x10, 0x01, 0x11)  # table class and number, as in a DHT segment
SYMBOLS = 256 * len(CLASSES)
_LONGEST = 16  # code [bit]
_NEVER = 1 << 40  # weight of symbols without a code; 2^16 times this still fits into 64 bits
# All symbols of baseline JPEG: DC categories 0 .. 11; end of block, sixteen zeros, and AC runs with categories 1 .. 10.
DC_SYMBOLS = tuple(range(12))
AC_SYMBOLS = (0x00, 0xF0, *(run << 4 | size for run in range(16) for size in range(1, 11)))


@dataclass(frozen=True, eq=False)
class TableSet:
    """Huffman codes of the symbols of one picture.

    Attributes:
        lengths: length of each symbol's code, 0 for no code [bit], (1024,).
        codes: each symbol's code, in the lower ``lengths`` bits, (1024,).
        segment: the DHT marker segment with these codes.
    """

    lengths: IntArray
    codes: NDArray[np.uint64]
    segment: bytes

    @classmethod
    def from_lengths(cls, lengths: IntArray) -> TableSet:
        """The canonical codes (Annex C) for code lengths (1024,); codes of one length are ordered by symbol."""
        codes = np.zeros(SYMBOLS, np.uint64)
        content = b""
        for table, by_symbol in enumerate(lengths.reshape(-1, 256)):
            order = np.argsort(by_symbol, kind="stable")[256 - np.count_nonzero(by_symbol) :]
            used = by_symbol[order]
            if not used.size:
                continue
            shares = 1 << (_LONGEST - used)  # number of longest codes that begin with each code
            codes[256 * table + order] = (np.cumsum(shares) - shares) >> (_LONGEST - used)
            counts = np.bincount(used, minlength=_LONGEST + 1)[1:]
            content += bytes((CLASSES[table], *counts.tolist(), *order.tolist()))
        segment = b"\xff\xc4" + (len(content) + 2).to_bytes(2, "big") + content
        return cls(lengths, codes, segment)


def optimal_set(counts: IntArray) -> TableSet:
    """The tables that code symbols which occur ``counts`` (1024,) times in the fewest bits."""
    return TableSet.from_lengths(optimal_lengths(counts.reshape(-1, 256)).ravel())


def optimal_lengths(counts: IntArray) -> IntArray:
    """Code lengths of optimal prefix codes of at most 16 bits, without the all-ones code, (T, S) [bit].

    Package-merge (Larmore and Hirschberg, 1990, "A fast algorithm for optimal length-limited Huffman codes") on all
    tables at once. Where the limit of 16 bits matters, the method of T.81, Annex K.2, may need more bits. JPEG forbids
    the all-ones code; an extra symbol that never occurs takes it.

    Args:
        counts: how often each symbol occurs, (T, S) for T tables; unused symbols get length 0.
    """
    order = np.argsort(np.where(counts > 0, counts, _NEVER), axis=1, kind="stable")
    used = np.count_nonzero(counts, axis=1)
    order = order[:, : used.max(initial=0)]
    weights = np.take_along_axis(np.where(counts > 0, counts, _NEVER), order, axis=1)
    # Weights are doubled, so that the last bit can mark packages.
    leaves = 2 * np.concatenate((np.zeros((len(counts), 1), np.int64), weights), axis=1)
    rounds = [leaves]
    for _ in range(_LONGEST - 1):
        even = rounds[-1].shape[1] // 2 * 2
        pairs = (rounds[-1][:, :even:2] | 1) + (rounds[-1][:, 1:even:2] | 1) - 1
        rounds.append(np.sort(np.concatenate((leaves, pairs), axis=1), axis=1))
    lengths = np.zeros_like(leaves)
    taken = 2 * used
    for packages in reversed(rounds):
        chosen = np.count_nonzero((packages & 1 == 0) & (np.arange(packages.shape[1]) < taken[:, None]), axis=1)
        lengths += np.arange(lengths.shape[1]) < chosen[:, None]
        taken = 2 * (taken - chosen)
    by_symbol = np.zeros_like(counts)
    np.put_along_axis(by_symbol, order, lengths[:, 1:], axis=1)
    return by_symbol


def choose(counts: IntArray, candidates: Sequence[TableSet]) -> tuple[int, TableSet]:
    """The table set that needs the fewest bytes for symbols which occur ``counts`` (1024,) times.

    A candidate's DHT segment is not sent; the segment of an optimal set is, and counts.

    Returns:
        The number of a candidate, from 1, or 0 for an optimal set; and the set.
    """
    bits = np.array([candidate.lengths @ counts for candidate in candidates])
    best = int(bits.argmin())
    # No code needs fewer bits than the entropy. Comparing it first often avoids computing the optimal set.
    by_table = counts.reshape(-1, 256)
    totals = np.maximum(by_table.sum(axis=1), 1)
    entropy = totals @ np.log2(totals) - counts @ np.log2(np.maximum(counts, 1))
    used = np.count_nonzero(by_table, axis=1)
    segment_bits = 8 * (4 + int((used + 17 * (used > 0)).sum()))
    if entropy + segment_bits < bits[best]:
        own = optimal_set(counts)
        if own.lengths @ counts + segment_bits < bits[best]:
            return 0, own
    return best + 1, candidates[best]


@functools.cache
def shared_sets() -> tuple[TableSet, ...]:
    """The table sets shipped with this package, number 1 first."""
    file = resources.files("edgevision.codecs").joinpath("weights/huffman.json")
    sets = json.loads(file.read_text(encoding="utf-8"))["sets"]
    return tuple(TableSet.from_lengths(_lengths(tables)) for tables in sets)


def _lengths(tables: Sequence[dict[str, list[int]]]) -> IntArray:
    """Code lengths (1024,) from BITS and HUFFVAL of each table."""
    lengths = np.zeros((len(CLASSES), 256), np.int64)
    for row, table in zip(lengths, tables, strict=True):
        row[table["huffval"]] = np.repeat(np.arange(1, _LONGEST + 1), table["bits"])
    return lengths.ravel()
