"""Work divided among processes that end with the process that started them."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar

from edgevision.errors import EdgeVisionError

Item = TypeVar("Item")
Result = TypeVar("Result")

#: Every worker computes on one core, because more threads would compete for the same cores.
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def run_in_processes(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    processes: int,
    error: type[EdgeVisionError],
    prepare: Callable[..., None] | None = None,
    arguments: tuple[Any, ...] = (),
) -> Iterator[tuple[Item, Result]]:
    """Call ``function`` on every item in worker processes, and yield each item with its result as it finishes.

    Args:
        function: of a module, because the workers import it.
        items: one for each call.
        processes: largest number of workers.
        error: class of the error when a worker dies.
        prepare: called with ``arguments`` once in every worker.
        arguments: what ``prepare`` takes.

    Raises:
        EdgeVisionError: of type ``error``: a worker died.
    """
    context = multiprocessing.get_context("spawn")
    with (
        _environment(_ONE_THREAD),
        ProcessPoolExecutor(
            min(processes, len(items)), mp_context=context, initializer=_start_worker, initargs=(prepare, arguments)
        ) as executor,
    ):
        running = {executor.submit(function, item): item for item in items}
        try:
            for future in as_completed(running):
                yield running[future], future.result()
        except BrokenProcessPool:
            raise error(
                "a worker process died (killed, or out of memory); run again; finished parts are stored"
            ) from None
        except BaseException:
            executor.shutdown(wait=False, cancel_futures=True)
            raise


def _start_worker(prepare: Callable[..., None] | None, arguments: tuple[Any, ...]) -> None:
    """Let the worker exit on Ctrl-C, and when its parent exits. Otherwise it would wait for work for ever."""
    if signal.getsignal(signal.SIGINT) != signal.SIG_IGN:  # it is ignored in a background job of a script
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_exit_with, args=(parent,), daemon=True).start()
    if prepare is not None:
        prepare(*arguments)


def _exit_with(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)


@contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    """Set environment variables, which spawned processes inherit, for the duration of the block."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
