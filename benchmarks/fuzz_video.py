"""Feed mutated and random bytes to the clip bitstream: each must give a clip or a BitstreamError, within limits.

Run:  OMP_NUM_THREADS=1 python benchmarks/fuzz_video.py --count 20000

A child process makes the calls. It may use --limit-mib of address space beyond that at its start, and --seconds per
call. A crash, any other exception, a slow call or a failed allocation ends with exit code 1.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from fuzzing import fuzz

from edgevision.codecs.stae.bitstream import LOSSLESS, Coding, inspect, pack, unpack
from edgevision.codecs.stae.bitstream.container import seal
from edgevision.codecs.stae.bitstream.wire import varint
from edgevision.codecs.stae.selection import Selection, kept_pixels, top

_CHECKSUM = 4  # [byte]


def main() -> None:
    """Fuzz."""
    calls = {"unpack": unpack, "inspect": inspect}
    fuzz(str(__doc__), calls, _inputs, seconds=10.0, mib=1024)


def _inputs(count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """Yield kind and bytes: random strings, and files that are cut, changed, spliced or have a false header."""
    random = np.random.default_rng(seed)
    files = _files(random)
    for number in range(count):
        data = files[int(random.integers(len(files)))]
        other = files[int(random.integers(len(files)))]
        content = data[:-_CHECKSUM]
        match number % 8:
            case 0:
                yield "random", random.bytes(int(random.integers(0, 600)))
            case 1:
                yield "cut", data[: int(random.integers(len(data)))]
            case 2:
                yield "changed bits", _changed(data, random)
            case 3:
                yield "sealed: cut", seal(content[: int(random.integers(len(content)))])
            case 4:
                yield "sealed: changed", seal(_changed(content, random))
            case 5:
                head = int(random.integers(4, 40))
                yield "sealed: header", seal(_changed(content[:head], random) + content[head:])
            case 6:
                first, second = random.integers(len(content)), random.integers(len(other))
                yield "sealed: spliced", seal(content[:first] + other[second:-_CHECKSUM])
            case _:
                yield "sealed: claimed", seal(_claim(random) + random.bytes(int(random.integers(0, 4000))))


def _claim(random: np.random.Generator) -> bytes:
    """A header with random sizes, some of them large, and a form of mask."""
    frames, height, width = (int(2 ** random.uniform(0, 13)) for _ in range(3))
    kept = int(random.integers(1, frames + 1)) if random.random() < 0.5 else frames
    numbers = b"".join(varint(number) for number in (frames, height, width, kept))
    return b"ST" + bytes([0x10 | int(random.integers(7))]) + numbers + bytes([int(random.choice((0, 1, 2, 3, 0x33)))])


def _changed(data: bytes, random: np.random.Generator) -> bytes:
    changed = bytearray(data)
    for place in random.integers(0, len(data), random.integers(1, 9)):
        changed[place] = random.choice((0, 1, 0x7F, 0xFF, changed[place] ^ 1 << int(random.integers(8))))
    return bytes(changed)


def _files(random: np.random.Generator) -> list[bytes]:
    files = []
    for shape in ((3, 24, 40), (1, 1, 1), (16, 9, 17), (6, 33, 16)):
        smooth = np.cumsum(random.normal(0, 9, (*shape, 3)), axis=2) + 128
        clip = smooth.clip(0, 255).astype(np.uint8)
        for kept in {1, (shape[0] + 1) // 2, shape[0]}:
            frames = np.sort(random.permutation(shape[0])[:kept])
            scores = random.random((kept, *shape[1:])).cumsum(axis=2)
            budget = kept_pixels(0.6, *shape[1:])
            mask = top(scores.reshape(kept, -1), budget).reshape(scores.shape)
            for coding in Coding:
                files.append(pack(clip, Selection(frames, np.ones_like(mask), shape[0]), coding))
                if coding in LOSSLESS:
                    files.append(pack(clip, Selection(frames, mask, shape[0]), coding))
    return files


if __name__ == "__main__":
    main()
