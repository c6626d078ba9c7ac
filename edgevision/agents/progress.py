"""Where a run stands: its learning curve, and a progress bar on stderr."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class CurvePoint:
    """One evaluation on the validation seeds.

    Attributes:
        steps: environment steps so far.
        seconds: wall-clock time of training so far, evaluations included [s].
        score: mean reward per slot.
        in_time: mean success probability (or share in time) of the requests.
        accuracy: mean accuracy term of the requests.
    """

    steps: int
    seconds: float
    score: float
    in_time: float
    accuracy: float


@contextmanager
def progress_bar(total: int) -> Iterator[Callable[[int, str], None]]:
    """Show steps, a note and the time left while the block runs; yields ``update(steps, note)``.

    Nothing is shown where ``rich`` (extra ``cli``) is not installed.
    """
    try:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
        from rich.progress import TimeRemainingColumn as Remaining
    except ModuleNotFoundError:
        yield lambda steps, note: None
        return
    note = TextColumn("{task.fields[note]}")
    columns = (TextColumn("training"), BarColumn(), MofNCompleteColumn(), note, TimeElapsedColumn(), Remaining())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("training", total=total, note="")
        yield lambda steps, note: progress.update(task, completed=min(steps, total), note=note)
