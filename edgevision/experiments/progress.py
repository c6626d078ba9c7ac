"""Progress bars on stderr for anything that takes more than a moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress_bar(description: str, total: int, *, visible: bool = True) -> Iterator[Callable[[int], None]]:
    """Show a bar with the time left while the block runs; yields a function that advances it.

    Nothing is shown where ``rich`` (extra ``cli``) is not installed.
    """
    try:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
        from rich.progress import TimeRemainingColumn as Remaining
    except ModuleNotFoundError:
        yield lambda _: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), Remaining())
    with Progress(*columns, console=Console(stderr=True), disable=not visible) as progress:
        task = progress.add_task(description, total=total)
        yield lambda steps: progress.advance(task, steps)
