"""Print the comparison as a table in the terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from edgevision.experiments.evaluation.evaluate import Evaluation
from edgevision.experiments.evaluation.summary import (
    headline,
    notes,
    reference_of,
    signed,
    summarise,
    three_digits,
    with_interval,
)

_WIDTH = 200  # enough for every column, if the output is not a terminal and has no width
_STYLES = {"learned": "bold magenta", "solver": "cyan", "rule": ""}


def print_table(evaluation: Evaluation, console: Console | None = None) -> None:
    """Print the comparison, best score first, why there are dashes, and one sentence that sums it up."""
    console = console or Console()
    if not console.is_terminal:
        console = Console(file=console.file, width=_WIDTH)
    rows = summarise(evaluation)
    table = Table(title=f"{evaluation.env_id}, {len(evaluation.seeds)} {evaluation.split} episodes, 95 % intervals")
    for column in ("policy", "kind"):
        table.add_column(column, no_wrap=True)
    for column in (
        "score",
        "IQM",
        f"minus {reference_of(evaluation)}",
        "in time",
        "accuracy",
        "energy [mJ]\nper request",
        "decision [ms]\np50 / p99",
    ):
        # Text, because markup would lose [ms]; a narrow terminal wraps numbers and does not cut them off.
        table.add_column(Text(column), justify="right")
    for row in rows:
        table.add_row(
            Text(row.policy, _STYLES[row.kind]),
            row.kind,
            Text(with_interval(row.score)),
            f"{row.iqm.estimate:.4f}",
            Text(signed(row.difference)),
            f"{row.in_time:.3f}",
            f"{row.accuracy:.3f}",
            three_digits(row.energy_mj),
            f"{three_digits(row.latency_p50_ms)} / {three_digits(row.latency_p99_ms)}",
        )
    console.print(table)
    for sentence in (*notes(rows), headline(evaluation, rows)):
        console.print(Text(sentence))
