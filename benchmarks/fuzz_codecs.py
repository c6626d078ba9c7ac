"""Feed mutated and random bytes to the image codecs: each must end in an image or a BitstreamError, soon and small.

Run:  OMP_NUM_THREADS=1 python benchmarks/fuzz_codecs.py --count 20000

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
from numpy.typing import NDArray

from edgevision.codecs import segment
from edgevision.codecs.base import ImageCodec
from edgevision.codecs.spat_imco import SpatImco
from edgevision.codecs.uniform import UniformJpeg
from edgevision.errors import BitstreamError

_DECODERS: tuple[ImageCodec, ...] = (SpatImco(), UniformJpeg())


def main() -> None:
    """Fuzz in a child process and print the counts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=20_000, help="byte strings")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=1.0, help="longest time for one call")
    parser.add_argument("--limit-mib", type=int, default=1536, help="memory for the largest allowed image")
    options = parser.parse_args()
    last: Any = multiprocessing.Array("c", 2**20)
    child = multiprocessing.Process(target=_fuzz, args=(options, last))
    child.start()
    while child.is_alive():
        child.join(1.0)
    if child.exitcode:
        print(f"FAILED, exit code {child.exitcode}; the last input was {last.raw[:64].hex()}..", file=sys.stderr)
        sys.exit(1)


def _fuzz(options: argparse.Namespace, last: Any) -> None:
    started, slowest = time.perf_counter(), 0.0
    counts: Counter[str] = Counter()
    _limit_memory(options.limit_mib)
    for kind, data in _inputs(options.count, options.seed):
        last.raw = data[: 2**20].ljust(64, b"\0")
        for decoder in _DECODERS:
            for call in (decoder.decode, decoder.inspect):
                before = time.perf_counter()
                try:
                    call(data)
                    answer = "image" if call == decoder.decode else "description"
                except BitstreamError:
                    answer = "BitstreamError"
                slowest = max(slowest, time.perf_counter() - before)
                if slowest > options.seconds:
                    raise SystemExit(f"{decoder.name}.{call.__name__} took {slowest:.2f} s on a {kind} input")
                counts[f"{kind:16} {decoder.name:9} {call.__name__:8} {answer}"] += 1
    for line, count in sorted(counts.items()):
        print(f"{count:8}  {line}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{options.count} byte strings, {sum(counts.values())} calls in {time.perf_counter() - started:.0f} s; slowest "
        f"call {1e3 * slowest:.0f} ms; peak memory {peak:.0f} MiB; no crash, no other exception"
    )


def _limit_memory(mebibytes: int) -> None:
    """Allow this much address space on top of what the process has now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    limit = pages * resource.getpagesize() + mebibytes * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _inputs(count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """Kind and bytes: random strings, and files with changed, removed, doubled and forged parts."""
    random = np.random.default_rng(seed)
    files = _files(random)
    for number in range(count):
        data = bytearray(files[int(random.integers(len(files)))])
        match number % 5:
            case 0:
                tail = random.bytes(int(random.integers(0, 600)))
                yield "random", bytes((*(b"\xff\xd8\xff" if number % 2 else b""), *tail))
            case 1:
                yield "changed bytes", _changed(data, random)
            case 2:
                first, second = np.sort(random.integers(0, len(data), 2))
                yield "cut or doubled", bytes(data[:first] + (data[second:] if number % 2 else data[: second + 1]))
            case 3:  # sizes and counts in the header
                header = data.index(b"\xff\xda")
                data[:header] = _changed(data[:header], random)
                yield "changed header", bytes(data)
            case 4:
                yield "forged checksum", _forged(_changed(data, random))


def _changed(data: bytearray, random: np.random.Generator) -> bytes:
    for place in random.integers(0, len(data), random.integers(1, 9)):
        data[place] = random.choice((0, 1, 0x7F, 0xFF, int(random.integers(256))))
    return bytes(data)


def _forged(data: bytes) -> bytes:
    """With the right checksum for the wrong bytes, so that the decoder goes on."""
    try:
        return segment.seal(data)
    except IndexError:
        return data


def _files(random: np.random.Generator) -> list[bytes]:
    def weights(image: NDArray[np.uint8]) -> NDArray[np.float64]:
        return np.add.outer(np.arange(image.shape[0]), np.arange(image.shape[1])).astype(np.float64)

    codecs: list[ImageCodec] = [
        SpatImco(importance=weights),
        SpatImco(importance=weights, subsampling="4:4:4"),
        SpatImco(importance=weights, container="plain"),
        UniformJpeg(),
        UniformJpeg(subsampling="4:4:4"),
    ]
    shapes: list[tuple[int, ...]] = [(40, 56, 3), (33, 17), (128, 96, 3), (1, 1, 3)]
    images = [random.normal(128, 40, shape).clip(0, 255).astype(np.uint8) for shape in shapes]
    return [codec.encode(image, level=level) for codec in codecs for image in images for level in (0.5, 4.0)]


if __name__ == "__main__":
    main()
