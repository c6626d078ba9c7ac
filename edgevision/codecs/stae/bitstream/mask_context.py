"""Coding of masks with an adaptive model of each bit given its neighbours, in diagonal steps of many bits.

The context of a bit is made of six neighbours coded before it in its frame, and five bits around its place in the kept
frame before. The bit at frame f, row r, column c is coded in step c + 2 r + 4 f. Its context lies in earlier steps, so
that all bits of a step are coded at once. ``benchmarks/train_video_models.py`` trained the initial counts.
"""

from __future__ import annotations

import numpy as np

from edgevision.arrays import BoolArray, IntArray
from edgevision.codecs.stae.bitstream.adaptive import AdaptiveBits
from edgevision.codecs.stae.bitstream.learned_tables import MASK_PRIOR
from edgevision.codecs.stae.bitstream.range_coder import Coder

# (frame, row, column) of the context relative to the bit.
_SAME = ((0, 0, -1), (0, 0, -2), (0, -1, 0), (0, -1, -1), (0, -1, 1), (0, -2, 0))
_BEFORE = ((-1, 0, 0), (-1, 0, -1), (-1, 0, 1), (-1, -1, 0), (-1, 1, 0))
CONTEXT = _SAME + _BEFORE
_PRIOR_WEIGHT = 12.0  # number of bits that the prior counts as


def code(mask: BoolArray, coder: Coder) -> BoolArray:
    """Code a mask (a, H, W), and return it; a reader uses only the shape of the argument."""
    frames, height, width = mask.shape
    # Margins: one frame before; two rows above and one below; two columns on each side.
    padded = np.zeros((frames + 1, height + 3, width + 4), np.float32)
    strides = np.array(padded.strides) // padded.itemsize
    offsets = np.array(CONTEXT) @ strides
    places, ends = _steps(mask.shape, strides)
    truth = np.zeros_like(padded)
    truth[1:, 2:-1, 2:-2] = mask
    flat, truth = padded.reshape(-1), truth.reshape(-1)
    bits, powers = AdaptiveBits(MASK_PRIOR, _PRIOR_WEIGHT), 2.0 ** np.arange(len(CONTEXT), dtype=np.float32)
    start = 0
    for end in ends:
        now = places[start:end]
        flat[now] = bits.code(coder, truth[now], (powers @ flat[offsets[:, None] + now]).astype(np.int64))
        start = end
    return padded[1:, 2:-1, 2:-2].astype(np.bool_)


def _steps(shape: tuple[int, ...], strides: IntArray) -> tuple[IntArray, IntArray]:
    """Places of all bits in the padded mask, ordered by step, and the end of each step in this order."""
    frame, row, column = np.indices(shape, np.int32).reshape(3, -1)
    step = column + 2 * row + 4 * frame
    order = np.argsort(step, kind="stable")
    places = (frame + 1) * strides[0] + (row + 2) * strides[1] + (column + 2) * strides[2]
    return places[order], np.cumsum(np.bincount(step))
