"""Times of operations that a busy machine hardly disturbs: interleaved, repeated, and relative to a reference.

All operations of all profiles of a run are timed in turn, once in each round and in another order each time, beside the
reference operation. The clock is the CPU time of the one thread that computes, or of the process for an operation that
has threads of its own. So it stands still while other processes have the core. They still disturb caches and the clock
frequency, so the least time counts: of all rounds and contents, if an operation takes equally long for every content;
otherwise of all rounds, and then the median over the contents. A time is then divided by the reference operation's
least time, and multiplied by what that takes on the reference machine.
"""

from __future__ import annotations

import contextlib
import datetime
import functools
import time
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from edgevision import provenance
from edgevision.arrays import FloatArray
from edgevision.progress import Progress

#: How long ``reference_operation`` takes on the reference machine [s], see ``docs/reference-machine.md``.
REFERENCE_SECONDS = 0.0029
ROUNDS = 12
_CALLS, _SHORT = 10, 0.002  # a short operation is called in a row, up to so often and so long [s]
_LIBRARIES = ("numpy", "torch")

#: Times of all parts on the device and at the edge, (K,) each [s].
Sides = Callable[[Mapping[str, FloatArray]], tuple[FloatArray, FloatArray]]


@dataclass(frozen=True)
class Operation:
    """Something to time.

    Attributes:
        call: runs it, on inputs that are ready.
        varies: whether it takes longer for one content than for another.
        clock: CPU time so far [s], of the calling thread or of the whole process.
    """

    call: Callable[[], object]
    varies: bool
    clock: Callable[[], float] = time.thread_time


class TimedWork(Protocol):
    """Operations to time on some contents, and what their times say about the parts of a profile.

    Attributes:
        contents: number of contents.
    """

    contents: int

    def operations(self, content: int) -> Mapping[Hashable, Operation]:
        """Every operation on one content, with its inputs ready. Equal keys of several works are timed once."""

    def parts(self, seconds: Mapping[Hashable, float]) -> dict[str, FloatArray]:
        """Times of the profile's parts [s], from the time of each operation [s]."""


@dataclass(frozen=True, eq=False)
class Samples:
    """What one run has timed, CPU time [s].

    Attributes:
        varying: operations that take longer for one content than for another, by key, contents x rounds each.
        steady: the other operations.
        reference: the reference operation beside them, contents x rounds.
    """

    varying: Mapping[Hashable, FloatArray]
    steady: Mapping[Hashable, FloatArray]
    reference: FloatArray

    def seconds(self, rounds: slice = slice(None)) -> dict[Hashable, float]:
        """The time of each operation on the reference machine [s], from some of the rounds."""
        unit = self.reference[:, rounds].min() / REFERENCE_SECONDS
        found = {key: taken[:, rounds].min() for key, taken in self.steady.items()}
        found |= {key: np.median(taken[:, rounds].min(axis=1)) for key, taken in self.varying.items()}
        return {key: float(taken / unit) for key, taken in found.items()}


@dataclass(frozen=True, eq=False)
class PartTimes:
    """Times of the parts of a profile on the reference machine [s].

    Attributes:
        parts: from all rounds.
        even: from every other round, beginning with the first. Next to ``odd`` they tell how far times can be trusted.
        odd: from the rounds in between.
        record: how they were measured, JSON values.
    """

    parts: dict[str, FloatArray]
    even: dict[str, FloatArray]
    odd: dict[str, FloatArray]
    record: dict[str, Any]

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> PartTimes:
        """Times from what ``as_json`` returned."""
        parts, even, odd = (
            {part: np.array(times) for part, times in values[name].items()} for name in ("parts", "even", "odd")
        )
        return cls(parts, even, odd, dict(values["record"]))

    def as_json(self) -> dict[str, Any]:
        """All attributes as JSON values."""
        tables = {"parts": self.parts, "even": self.even, "odd": self.odd}
        return {name: _as_lists(table) for name, table in tables.items()} | {"record": self.record}

    def metadata(self, sides: Sides) -> dict[str, Any]:
        """The entries ``times``, which is ``record`` with the spread, and ``parts`` of a profile's metadata.

        The spread is the largest difference between even and odd rounds over the operating points, as a share.
        """
        spread = {
            side: _largest_difference(even, odd)
            for side, even, odd in zip(("device", "edge"), sides(self.even), sides(self.odd), strict=True)
        }
        return {"times": {**self.record, "spread": spread}, "parts": _as_lists(self.parts)}


def time_interleaved(
    works: Sequence[TimedWork], progress: Progress = lambda done, total: None, rounds: int | None = None
) -> list[PartTimes]:
    """Time all operations of all works in turn, on one thread; returns the parts of each work.

    Args:
        works: what to time. The contents of the same index are timed together.
        progress: called with contents done and all of them.
        rounds: how often each operation is timed on each content, at least 2; ``None`` for ``ROUNDS``.
    """
    samples = _samples(works, progress, rounds or ROUNDS)
    every, even, odd = (samples.seconds(part) for part in (slice(None), slice(0, None, 2), slice(1, None, 2)))
    about = {
        "clock": "CPU time of one thread, least of the rounds; see docs/reference-machine.md",
        "reference_operation_s": {"reference machine": REFERENCE_SECONDS, "here": float(samples.reference.min())},
        "rounds": samples.reference.shape[1],
        "cpu": provenance.cpu_name(),
        "versions": provenance.versions(_LIBRARIES),
        "date": datetime.date.today().isoformat(),
    }
    return [
        PartTimes(work.parts(every), work.parts(even), work.parts(odd), {**about, "contents": work.contents})
        for work in works
    ]


def reference_operation() -> None:
    """Four products of 384 x 384 float32 matrices: most of the time of networks goes into such products."""
    matrix = _reference_matrix()
    for _ in range(4):
        torch.mm(matrix, matrix)


@functools.cache
def _reference_matrix() -> Tensor:
    return torch.from_numpy(np.random.default_rng(0).random((384, 384), np.float32))


@torch.inference_mode()
def _samples(works: Sequence[TimedWork], progress: Progress, rounds: int) -> Samples:
    contents, rng = max(work.contents for work in works), np.random.default_rng(0)
    reference = np.zeros((contents, rounds))
    found: dict[bool, dict[Hashable, list[FloatArray]]] = {True: {}, False: {}}
    with _one_thread():
        for content in range(contents):
            progress(content, contents)
            operations: dict[Hashable, Operation] = {}
            for work in works:
                if content < work.contents:
                    operations |= work.operations(content)
            keys, taken = list(operations), np.zeros((len(operations), rounds))
            for now in range(rounds):
                reference[content, now] = _cpu_seconds(reference_operation, time.thread_time)
                for index in rng.permutation(len(keys)):
                    operation = operations[keys[index]]
                    taken[index, now] = _cpu_seconds(operation.call, operation.clock)
            for key, row in zip(keys, taken, strict=True):
                found[operations[key].varies].setdefault(key, []).append(row)
    progress(contents, contents)
    varying, steady = ({key: np.stack(rows) for key, rows in found[varies].items()} for varies in (True, False))
    return Samples(varying, steady, reference)


def _cpu_seconds(call: Callable[[], object], clock: Callable[[], float]) -> float:
    """CPU time of a call [s]; the least of a few calls if it is short."""
    taken: list[float] = []
    while not taken or (len(taken) < _CALLS and sum(taken) < _SHORT):
        start = clock()
        call()
        taken.append(clock() - start)
    return min(taken)


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """Let PyTorch compute in the calling thread only, whose CPU time is measured."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _as_lists(parts: Mapping[str, FloatArray]) -> dict[str, Any]:
    return {part: times.tolist() for part, times in parts.items()}


def _largest_difference(first: FloatArray, second: FloatArray) -> float:
    """The largest difference of two arrays of times as a share of the larger one; 0 where both are 0."""
    larger = np.maximum(first, second)
    return float((np.abs(first - second) / np.where(larger > 0, larger, 1)).max())
