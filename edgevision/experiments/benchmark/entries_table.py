"""The tables of all entries in Markdown, written between two marks of a page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from edgevision.errors import BenchmarkError
from edgevision.experiments.benchmark.results import Results, TaskScore, load_results
from edgevision.experiments.benchmark.submission import FILE
from edgevision.experiments.benchmark.suite import Suite, Task
from edgevision.experiments.evaluation.summary import three_digits
from edgevision.statistics import Interval
from edgevision.storage.disk_files import write_atomically

BEGIN, END = "<!-- results: written by edgevision benchmark table -->", "<!-- end of results -->"
_LARGEST_COUNT = 1e15
_SPECIAL = str.maketrans({character: f"\\{character}" for character in "\\`*_{}[]<>|#"})


def load_entries(folder: Path, suite: Suite) -> list[Results]:
    """All entries ``folder/NAME/submission.json``, sorted by name.

    Raises:
        BenchmarkError: there is none, one is damaged or for another suite, or two have the same name.
    """
    entries = [load_results(path) for path in sorted(Path(folder).glob(f"*/{FILE}"))]
    if not entries:
        raise BenchmarkError(f"no entries in {str(folder)!r}; each is a folder with {FILE}")
    fingerprints = {task.name: task.fingerprint for task in suite.tasks}
    for entry in entries:
        scored = {name: score.fingerprint for name, score in entry.tasks.items()}
        if entry.suite != suite.name or scored.items() - fingerprints.items():
            raise BenchmarkError(f"entry {entry.name!r} is for another suite than {suite.name}; score it again")
    names = [entry.name for entry in entries]
    for name in names:
        if names.count(name) > 1:
            raise BenchmarkError(f"two entries are named {name!r}; rename one")
    return sorted(entries, key=lambda entry: entry.name)


def ranked(entries: Sequence[Results], task: Task) -> list[tuple[Results, TaskScore]]:
    """The entries of a task, best score first."""
    found = [(entry, entry.tasks[task.name]) for entry in entries if task.name in entry.tasks]
    return sorted(found, key=lambda pair: -pair[1].score.estimate)


def render(entries: Sequence[Results], suite: Suite) -> str:
    """All tables."""
    parts = [_overview(entries, suite), *(_task_table(task, ranked(entries, task)) for task in suite.tasks)]
    return "\n\n".join([*parts, _machine(entries)])


def write_tables(page: Path, text: str) -> None:
    """Replace what stands between the marks of a page.

    Raises:
        BenchmarkError: the page has no such marks.
    """
    before, _, rest = _read(page).partition(BEGIN)
    _, _, after = rest.partition(END)
    write_atomically(page, f"{before}{BEGIN}\n\n{text}\n\n{END}{after}".encode())


def written_tables(page: Path) -> str:
    """What stands between the marks of a page.

    Raises:
        BenchmarkError: the page has no such marks.
    """
    return _read(page).partition(BEGIN)[2].partition(END)[0].strip()


def _read(page: Path) -> str:
    text = page.read_text(encoding="utf-8") if page.is_file() else ""
    if BEGIN not in text or END not in text.partition(BEGIN)[2]:
        raise BenchmarkError(f"{page} must hold the lines {BEGIN!r} and {END!r}")
    return text


def _overview(entries: Sequence[Results], suite: Suite) -> str:
    def cell(entry: Results, task: Task) -> str:
        score = entry.tasks.get(task.name)
        return "" if score is None else f"{score.normalised.estimate:.3f}"

    rows = [[_plain(entry.name), *(cell(entry, task) for task in suite.tasks)] for entry in entries]
    return f"**{suite.name}, normalised scores** (0: floor, 1: bound)\n\n" + _markdown(
        ["entry", *(task.name for task in suite.tasks)], rows
    )


def _task_table(task: Task, rows: Sequence[tuple[Results, TaskScore]]) -> str:
    settings = ", ".join(f"{name}={value}" for name, value in task.settings.items())
    title = (
        f"### {task.name}\n\n`{task.env_id}`{f', {settings}' if settings else ''}. Bound {task.bound:.4f}; floor "
        f"{task.floor.score:.4f} (`{task.floor.text}`); best classical policy `{task.best.text}`."
    )
    header = [
        "entry",
        "kind",
        "normalised",
        "score",
        "IQM",
        "minus best classical",
        "decision p50 / p99 [ms]",
        "training",
    ]
    return f"{title}\n\n" + _markdown(header, [_row(entry, score) for entry, score in rows])


def _row(entry: Results, score: TaskScore) -> list[str]:
    return [
        _plain(entry.name),
        entry.kind,
        _interval(score.normalised, ".3f"),
        _interval(score.score, ".4f"),
        f"{score.iqm.estimate:.4f}",
        _interval(score.minus_best, "+.4f"),
        f"{three_digits(score.latency_p50_ms)} / {three_digits(score.latency_p99_ms)}",
        _training(entry),
    ]


def _training(entry: Results) -> str:
    """Seeds, steps and hours of training, as far as they are stated as numbers."""
    if not entry.training:
        return ""
    parts = [f"{len(entry.training)} seed{'s' if len(entry.training) > 1 else ''}"]
    for key, unit, scale in (("steps", "steps", 1.0), ("rounds", "rounds", 1.0), ("seconds", "min", 60.0)):
        stated = [float(record[key]) for record in entry.training if _is_count(record.get(key))]
        if stated:
            parts.append(f"{sum(stated) / len(stated) / scale:,.0f} {unit}")
    return ", ".join(parts)


def _is_count(value: object) -> bool:
    return isinstance(value, int | float) and 0 <= value <= _LARGEST_COUNT


def _machine(entries: Sequence[Results]) -> str:
    machines = sorted({entry.cpu for entry in entries})
    return f"Decision times on one core of {'; '.join(_plain(machine) for machine in machines)}."


def _interval(interval: Interval, form: str) -> str:
    values = (interval.estimate, interval.low, interval.high)
    estimate, low, high = ("-" if math.isnan(value) else format(value, form) for value in values)
    return f"{estimate} [{low}, {high}]"


def _plain(text: str) -> str:
    """Text that Markdown shows as it is."""
    return text.translate(_SPECIAL)


def _markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
