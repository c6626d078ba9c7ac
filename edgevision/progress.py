"""Progress of long jobs: the callbacks that report it and the bars on stderr that show it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

#: Called with the number of finished items and the total.
Progress = Callable[[int, int], None]
#: Called with the name of a stage, the number of its finished items and its total.
StageProgress = Callable[[str, int, int], None]


@contextmanager
def progress_bar(description: str, total: int, *, visible: bool = True) -> Iterator[Callable[..., None]]:
    """Context manager that shows a bar with the time left; yields ``advance(steps, note="")``.

    Shows nothing if ``rich`` (extra ``cli``) is not installed.
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
    """Context manager that shows one bar for each stage; yields the function that reports progress."""
    try:
        bars = _bars()
    except ModuleNotFoundError:
        yield lambda stage, done, total: None
        return
    tasks: dict[str, Any] = {}

    def report(stage: str, done: int, total: int) -> None:
        if not tasks:
            bars.start()  # not earlier, so that an error about wrong input stands alone
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
