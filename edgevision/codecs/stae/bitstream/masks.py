"""Coding of masks: a full mask, bits, coded runs or a context model, with one bit per square block of equal pixels.

The first byte holds the form (lower four bits) and log2 of the blocks' side (upper four bits). Blocks are aligned with
the upper left corner, and as large as possible such that each is either kept or dropped as a whole. The bits of the
blocks follow, coded as the form says.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from edgevision.arrays import BoolArray
from edgevision.codecs.stae.bitstream import mask_context, prefix
from edgevision.codecs.stae.bitstream.adaptive import LEAST_BITS
from edgevision.codecs.stae.bitstream.range_coder import RangeReader, RangeWriter
from edgevision.codecs.stae.bitstream.wire import Reader, section, varint
from edgevision.errors import BitstreamError

Mask = BoolArray
_MAX_LOG_SIDE = 4
_ESCAPE = 255  # stands for 255 bits of a run that continues


class Form(IntEnum):
    """How a mask is stored."""

    FULL = 0
    BITMAP = 1
    RUNS = 2
    RANGE = 3


PLAIN = (Form.BITMAP,)
HUFFMAN = (Form.BITMAP, Form.RUNS)
RANGE = (Form.BITMAP, Form.RUNS, Form.RANGE)


def pack(mask: Mask, forms: Sequence[Form]) -> bytes:
    """Code a mask (a, H, W) in the shortest of ``forms``; a full mask takes one byte."""
    if mask.all():
        return bytes([Form.FULL])
    log_side = next(k for k in range(_MAX_LOG_SIDE, -1, -1) if (_spread(_blocks(mask, k), k, mask.shape) == mask).all())
    blocks = _blocks(mask, log_side)
    packed = (bytes([form | log_side << 4]) + _pack_form(blocks, form) for form in forms)
    return min(packed, key=len)


def unpack(reader: Reader, shape: tuple[int, int, int]) -> Mask:
    """Read a mask (a, H, W) written by ``pack``.

    Raises:
        BitstreamError: the coded mask is malformed.
    """
    head = reader.take(1)[0]
    form, log_side = head & 15, head >> 4
    if head == Form.FULL:
        return np.ones(shape, np.bool_)
    if form not in (Form.BITMAP, Form.RUNS, Form.RANGE) or log_side > _MAX_LOG_SIDE:
        raise BitstreamError(f"form {head} of a mask is unknown")
    small = (shape[0], -(-shape[1] >> log_side), -(-shape[2] >> log_side))
    return _spread(_unpack_form(reader, small, Form(form)), log_side, shape)


def _blocks(mask: Mask, log_side: int) -> Mask:
    return mask[:, :: 1 << log_side, :: 1 << log_side]


def _spread(blocks: Mask, log_side: int, shape: tuple[int, ...]) -> Mask:
    if not log_side:
        return blocks
    rows, columns = (np.arange(size) >> log_side for size in shape[1:])
    return blocks[:, rows[:, None], columns]


def _pack_form(blocks: Mask, form: Form) -> bytes:
    match form:
        case Form.RUNS:
            symbols = _runs(blocks.ravel())
            return varint(len(symbols)) + section(prefix.pack(symbols))
        case Form.RANGE:
            writer = RangeWriter()
            mask_context.code(blocks, writer)
            return section(writer.bytes())
        case _:
            return np.packbits(blocks).tobytes()


def _unpack_form(reader: Reader, shape: tuple[int, int, int], form: Form) -> Mask:
    count = int(np.prod(shape))
    match form:
        case Form.RUNS:
            number = reader.varint(1, count)
            return _from_runs(prefix.unpack(reader.section(), number), count).reshape(shape)
        case Form.RANGE:
            data = reader.section()
            if count * LEAST_BITS > 8 * (len(data) + 8):
                raise BitstreamError(f"{len(data)} bytes cannot state a mask of {count} pixels")
            return mask_context.code(np.zeros(shape, np.bool_), RangeReader(data))
        case _:
            bits = np.frombuffer(reader.take(-(-count // 8)), np.uint8)
            return np.unpackbits(bits, count=count).view(np.bool_).reshape(shape)


def _runs(bits: Mask) -> NDArray[np.uint8]:
    """Lengths of the runs of equal bits, with escapes for long runs; the first run is of dropped pixels, maybe none."""
    changes = np.flatnonzero(np.diff(bits, prepend=False))
    lengths = np.diff(changes, prepend=0, append=len(bits))
    escapes = lengths // _ESCAPE
    ends = np.cumsum(escapes + 1)
    symbols = np.full(ends[-1], _ESCAPE, np.uint8)
    symbols[ends - 1] = lengths % _ESCAPE
    return symbols


def _from_runs(symbols: NDArray[np.uint8], count: int) -> Mask:
    if int(symbols.sum(dtype=np.int64)) != count or symbols[-1] == _ESCAPE:
        raise BitstreamError("runs of a mask do not add up to its pixels")
    run = np.cumsum(np.concatenate(([False], symbols[:-1] != _ESCAPE)))
    return np.repeat(run % 2 == 1, symbols)
