"""A Huffman code of bytes, sent with its table, in pieces that are decoded in parallel.

Source: section II of the STAE paper mentions entropy coding without details; its figures fit a code of the byte values.
Layout: the largest value that occurs (1 byte); the code lengths of all values up to it, 5 bits each, 0 for no code; the
number of bits of each piece of 1024 symbols, 2 bytes each, big-endian; the codes, most significant bit first.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgevision.arrays import IntArray
from edgevision.codecs.jpeg.huffman import SYMBOLS, TableSet, optimal_lengths
from edgevision.codecs.stae.bitstream.wire import Reader
from edgevision.errors import BitstreamError

_PIECE = 1024  # symbols
_LONGEST = 16  # code [bit]
_FIELD = 5  # bits of a code length


def pack(values: NDArray[np.uint8]) -> bytes:
    """Code byte values (n,); ``unpack`` needs n."""
    if not values.size:
        return b""
    lengths = optimal_lengths(np.bincount(values, minlength=256)[None])[0]
    codes = TableSet.from_lengths(np.pad(lengths, (0, SYMBOLS - 256))).codes
    bits_each = lengths[values]
    starts = np.arange(0, len(values), _PIECE)
    pieces = np.add.reduceat(bits_each, starts).astype(">u2").tobytes()
    # Each code is a row of 16 bits, right-aligned; the bits in use are then taken in the order of the values.
    rows = np.unpackbits(codes[:256].astype(">u2").view(np.uint8).reshape(256, 2), axis=1)
    in_use = np.arange(_LONGEST) >= _LONGEST - lengths[:, None]
    bits = rows[values][in_use[values]]
    last = int(values.max())
    table = np.unpackbits(lengths[: last + 1, None].astype(np.uint8), axis=1)[:, 8 - _FIELD :]
    return bytes([last]) + np.packbits(table).tobytes() + pieces + np.packbits(bits).tobytes()


def unpack(data: bytes, count: int) -> NDArray[np.uint8]:
    """Read ``count`` byte values coded by ``pack``.

    Raises:
        BitstreamError: the table or the codes are malformed, or there are too few or too many codes.
    """
    if not count:
        return np.zeros(0, np.uint8)
    reader = Reader(data)
    last = reader.take(1)[0]
    fields = np.frombuffer(reader.take(-(-_FIELD * (last + 1) // 8)), np.uint8)
    lengths = _numbers(np.unpackbits(fields), last + 1)
    pieces = np.frombuffer(reader.take(2 * -(-count // _PIECE)), ">u2").astype(np.int64)
    codes = reader.rest()
    if int(pieces.sum()) < count or len(codes) != -(-int(pieces.sum()) // 8):
        raise BitstreamError("coded values are shorter or longer than stated")
    return _read(codes, pieces, _lookup(lengths), count)


def _numbers(bits: NDArray[np.uint8], count: int) -> IntArray:
    return bits[: count * _FIELD].reshape(count, _FIELD) @ (1 << np.arange(_FIELD)[::-1])


def _lookup(lengths: IntArray) -> NDArray[np.int32]:
    """For each 16 bits, 256 times the length plus the value of the code that they begin with, or 0, (65536,)."""
    shares = np.where(lengths > 0, 1 << np.maximum(_LONGEST - lengths, 0), 0)
    if lengths.max() > _LONGEST or shares.sum() > 1 << _LONGEST:
        raise BitstreamError("table of codes is malformed")
    order = np.argsort(lengths, kind="stable")
    entries = np.repeat((lengths << 8 | np.arange(len(lengths)))[order], shares[order])
    return np.pad(entries, (0, (1 << _LONGEST) - len(entries))).astype(np.int32)


def _read(codes: bytes, pieces: IntArray, lookup: NDArray[np.int32], count: int) -> NDArray[np.uint8]:
    """Decode all pieces in parallel: symbol k of each piece, then symbol k + 1 of each."""
    padded = np.frombuffer(codes + bytes(4), np.uint8).astype(np.int32)
    windows = padded[:-2] << 16 | padded[1:-1] << 8 | padded[2:]
    ends = np.cumsum(pieces)
    places, values = ends - pieces, np.zeros((len(pieces), _PIECE), np.uint8)
    sizes = np.minimum(count - _PIECE * np.arange(len(pieces)), _PIECE)
    damaged = np.zeros(len(pieces), np.bool_)
    for step in range(min(_PIECE, count)):
        entry = lookup[windows[places >> 3] >> (8 - (places & 7)) & 0xFFFF]
        values[:, step] = entry & 255
        length = np.where(step < sizes, entry >> 8, 0)
        damaged |= (length == 0) & (step < sizes)
        places = np.minimum(places + length, 8 * len(codes))
    if damaged.any() or (places != ends).any():
        raise BitstreamError("coded values are damaged")
    return values.ravel()[:count]
