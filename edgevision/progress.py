"""Progress: how long jobs report how far they are, and the bars on stderr that show it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

#: Called with what is done and what there is to do.
Progress = Callable[[int, int], None]
#: Called with a stage's name, what of it is done and what there is to do.
StageProgress = Callable[[str, int, int], None]


@contextmanager
def progress_bar(description: str, total: int, *, visible: bool = True) -> Iterator[Callable[..., None]]:
    """Show a bar with the time left while the block runs; yields ``advance(steps, note="")``.

    Nothing is shown where ``rich`` (extra ``cli``) is not installed.
    """
    try:
        bars = _bars(visible=visible)
    except ModuleNotFoundError:
        yield lambda steps, note="": None
        return
    with bars:
        task = bars.add_task(description, total=total, note="")
        yield lambda steps, note="": bars.update(task, advance=steps, note=note)


@contextmanager
def stage_bars() -> Iterator[StageProgress]:
    """Show a bar for each stage that is reported; yields the function to report to."""
    try:
        bars = _bars()
    except ModuleNotFoundError:
        yield lambda stage, done, total: None
        return
    tasks: dict[str, Any] = {}

    def report(stage: str, done: int, total: int) -> None:
        if not tasks:
            bars.start()  # not before: wrong input is told in one line
        if stage not in tasks:
            tasks[stage] = bars.add_task(stage, total=total, note="")
        bars.update(tasks[stage], completed=done, total=total)

    try:
        yield report
    finally:
        if tasks:
            bars.stop()


def _bars(*, visible: bool = True) -> Any:
    """rich's progress display on stderr."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
    from rich.progress import TimeRemainingColumn as Remaining

    texts = TextColumn("{task.description}"), TextColumn("{task.fields[note]}")
    columns = (texts[0], BarColumn(), MofNCompleteColumn(), texts[1], TimeElapsedColumn(), Remaining())
    return Progress(*columns, console=Console(stderr=True), disable=not visible)
