"""Feed mutated and random bytes to the clip bitstream: each must end in a clip or a BitstreamError, soon and small.

Run:  OMP_NUM_THREADS=1 python benchmarks/fuzz_video.py --count 20000

A child process may not take more than --limit-mib of address space beyond what it starts with, nor --seconds for
one call; a crash, any other exception, a call that is too slow or a refused allocation ends with exit code 1.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from edgevision.codecs.stae.bitstream import Coding, inspect, pack, unpack
from edgevision.codecs.stae.bitstream.container import seal
from edgevision.codecs.stae.bitstream.patches import patch_mask
from edgevision.codecs.stae.bitstream.wire import varint
from edgevision.codecs.stae.selection import Selection, kept_pixels, top
from edgevision.errors import BitstreamError

_CHECKSUM = 4  # [byte]


def main() -> None:
    """Fuzz in a child process and print the counts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=20_000, help="byte strings")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=10.0, help="longest time for one call")
    parser.add_argument("--limit-mib", type=int, default=1024, help="memory for the largest allowed clip")
    options = parser.parse_args()
    last: Any = multiprocessing.Array("c", 2**20)
    child = multiprocessing.Process(target=_fuzz, args=(options, last))
    child.start()
    child.join()
    if child.exitcode:
        print(f"FAILED, exit code {child.exitcode}; the last input was {last.raw[:64].hex()}..", file=sys.stderr)
        sys.exit(1)


def _fuzz(options: argparse.Namespace, last: Any) -> None:
    started, slowest, where = time.perf_counter(), 0.0, ""
    counts: Counter[str] = Counter()
    inputs = _inputs(options.count, options.seed)
    first = next(inputs)  # makes the files
    _limit_memory(options.limit_mib)
    for kind, data in (first, *inputs):
        last.raw = data[: 2**20].ljust(64, b"\0")
        for call in (unpack, inspect):
            before = time.perf_counter()
            try:
                call(data)
                answer = "answer"
            except BitstreamError:
                answer = "BitstreamError"
            taken = time.perf_counter() - before
            if taken > slowest:
                slowest, where = taken, f"{call.__name__} on {len(data)} bytes, {kind}"
            if slowest > options.seconds:
                raise SystemExit(f"{call.__name__} took {slowest:.2f} s on a {kind} input")
            counts[f"{kind:16} {call.__name__:8} {answer}"] += 1
    for line, count in sorted(counts.items()):
        print(f"{count:8}  {line}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{options.count} byte strings, {sum(counts.values())} calls in {time.perf_counter() - started:.0f} s; slowest "
        f"call {1e3 * slowest:.0f} ms ({where}); peak memory {peak:.0f} MiB; no crash, no other exception"
    )


def _limit_memory(mebibytes: int) -> None:
    """Allow this much address space on top of what the process has now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    limit = pages * resource.getpagesize() + mebibytes * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _inputs(count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """Kind and bytes: random strings, and files with changed, removed, doubled, forged and exchanged parts."""
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
    """A header with random sizes, large ones among them, and a mask's form."""
    frames, height, width = (int(2 ** random.uniform(0, 13)) for _ in range(3))
    kept = int(random.integers(1, frames + 1)) if random.random() < 0.5 else frames
    numbers = b"".join(varint(number) for number in (frames, height, width, kept))
    return b"ST" + bytes([0x10 | int(random.integers(4))]) + numbers + bytes([int(random.choice((0, 1, 2, 3, 0x33)))])


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
            pixels = top(scores.reshape(kept, -1), budget).reshape(scores.shape)
            for coding in Coding:
                mask = patch_mask(scores, 0.6) if coding == Coding.dct else pixels
                files.append(pack(clip, Selection(frames, mask, shape[0]), coding))
                files.append(pack(clip, Selection(frames, np.ones_like(mask), shape[0]), coding))
    return files


if __name__ == "__main__":
    main()
