"""Call decoders on hostile bytes in a child process, with limits on time and memory. Used by all fuzzers."""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from edgevision.errors import BitstreamError

#: Makes ``count`` inputs from a seed, each a kind and bytes.
Inputs = Callable[[int, int], Iterator[tuple[str, bytes]]]


def fuzz(
    description: str, calls: Mapping[str, Callable[[bytes], Any]], inputs: Inputs, seconds: float, mib: int
) -> None:
    """Read the command line, fuzz in a child process and print the counts; exits with 1 on any failure.

    Args:
        description: text of ``--help``.
        calls: functions to call on every input, by name; they may raise BitstreamError and nothing else.
        inputs: makes the inputs.
        seconds: default of the longest time for one call [s].
        mib: default of the memory beyond that at the start of the child [MiB].
    """
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=20_000, help="byte strings")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=seconds, help="longest time for one call")
    parser.add_argument("--limit-mib", type=int, default=mib, help="memory beyond what the process starts with")
    options = parser.parse_args()
    last: Any = multiprocessing.Array("c", 2**20)
    child = multiprocessing.Process(target=_fuzz, args=(calls, inputs, options, last))
    child.start()
    child.join()
    if child.exitcode:
        print(f"FAILED, exit code {child.exitcode}; the last input was {last.raw[:64].hex()}..", file=sys.stderr)
        sys.exit(1)


def _fuzz(calls: Mapping[str, Callable[[bytes], Any]], inputs: Inputs, options: argparse.Namespace, last: Any) -> None:
    started, slowest, where = time.perf_counter(), 0.0, ""
    counts: Counter[str] = Counter()
    made = inputs(options.count, options.seed)
    first = next(made)  # makes the files to damage, before the limit is set
    limit_memory(options.limit_mib)
    for kind, data in (first, *made):
        last.raw = data[: 2**20].ljust(64, b"\0")
        for name, call in calls.items():
            before = time.perf_counter()
            try:
                call(data)
                answer = "answer"
            except BitstreamError:
                answer = "BitstreamError"
            taken = time.perf_counter() - before
            if taken > slowest:
                slowest, where = taken, f"{name} on {len(data)} bytes, {kind}"
            if slowest > options.seconds:
                raise SystemExit(f"{name} took {slowest:.2f} s on a {kind} input")
            counts[f"{kind:16} {name:18} {answer}"] += 1
    for line, count in sorted(counts.items()):
        print(f"{count:8}  {line}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{options.count} byte strings, {sum(counts.values())} calls in {time.perf_counter() - started:.0f} s; slowest "
        f"call {1e3 * slowest:.0f} ms ({where}); peak memory {peak:.0f} MiB; no crash, no other exception"
    )


def limit_memory(mebibytes: int) -> None:
    """Limit the address space to what the process has now plus ``mebibytes``."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    limit = pages * resource.getpagesize() + mebibytes * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
