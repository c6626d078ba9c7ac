"""The commands ``benchmark run | submit | score | table``: enter a policy into the benchmark."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgevision.imports import require

if TYPE_CHECKING:
    from edgevision.experiments.benchmark.results import Results

_PROCESSES = typer.Option(help="Worker processes for policies that solve an optimisation in every slot.")
_CORES = min(2, os.cpu_count() or 1)
_SUITE = typer.Option(help="Name of the suite.")
_CURRENT = "EdgeVision-1"


def run(
    policy: Annotated[
        str,
        typer.Argument(
            help="A name, a name with options (fixed:operating_point=7), MODULE:CLASS, or the folder of a trained "
            "policy or of several training seeds.",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path | None, typer.Option(help="Folder to write to; by default runs/benchmark/POLICY.", show_default=False)
    ] = None,
    ids: Annotated[
        list[str] | None,
        typer.Option(
            "--ids", help="A task, or the id of an environment; repeatable. Default: all that fit the policy."
        ),
    ] = None,
    episodes: Annotated[
        int | None, typer.Option(min=1, help="Fewer episodes, for a rehearsal that cannot be submitted.")
    ] = None,
    suite: Annotated[str, _SUITE] = _CURRENT,
    processes: Annotated[int, _PROCESSES] = _CORES,
) -> None:
    """Score a policy on the tasks of the suite.

    Writes OUT/results.json. A stopped run continues from OUT. A fast policy takes a minute or two on one core.

    Example: **edgevision benchmark run fracr-exact --ids image --episodes 5**
    """
    from edgevision.experiments.benchmark.run import run_benchmark
    from edgevision.experiments.benchmark.suite import load_suite

    folder = out or Path("runs") / "benchmark" / Path(policy).name.replace(":", "-")
    results = run_benchmark(
        policy, load_suite(suite), folder, names=ids or (), episodes=episodes, processes=processes, report=_say
    )
    results.save(folder / "results.json")
    _print_scores(results)
    typer.echo(f"results: {folder / 'results.json'}")


def submit(
    results: Annotated[Path, typer.Argument(help="results.json that 'edgevision benchmark run' wrote.")],
    out: Annotated[Path, typer.Option(help="New folder for the entry.", show_default=False)],
    who: Annotated[str, typer.Option(help="Who enters it, and how to reach them.", show_default=False)],
    name: Annotated[str | None, typer.Option(help="Name in tables; by default that of the policy.")] = None,
    seconds: Annotated[
        float | None, typer.Option(min=0, help="Training time of one seed [s], if the run folder does not hold it.")
    ] = None,
    suite: Annotated[str, _SUITE] = _CURRENT,
) -> None:
    """Pack an entry: OUT/submission.json, and the files of a learned policy, which cannot run code.

    Example: **edgevision benchmark submit runs/benchmark/mpc/results.json --out entries/mpc --who 'A. Reader'**
    """
    from edgevision.experiments.benchmark import submission
    from edgevision.experiments.benchmark.suite import load_suite

    packed = submission.submit(results, load_suite(suite), out, who=who, name=name, seconds=seconds)
    typer.echo(f"{packed.name}: {len(packed.tasks)} tasks, entered by {packed.who}: {out / submission.FILE}")


def score(
    file: Annotated[Path, typer.Argument(help="submission.json of an entry.")],
    out: Annotated[
        Path | None,
        typer.Option(help="Folder to write to. A stopped run continues from it.", show_default=False),
    ] = None,
    suite: Annotated[str, _SUITE] = _CURRENT,
    processes: Annotated[int, _PROCESSES] = _CORES,
) -> None:
    """Score an entry again from scratch; one that claims other numbers is refused in one line, with exit code 2.

    Nothing in an entry can run code. With --out, OUT/submission.json holds the numbers measured here.

    Example: **edgevision benchmark score benchmarks/results/EdgeVision-1/mpc/submission.json**
    """
    from edgevision.experiments.benchmark import submission
    from edgevision.experiments.benchmark.suite import load_suite

    measured = submission.rescore(file, load_suite(suite), out, processes=processes, report=_say)
    _print_scores(measured)
    typer.echo(f"{file}: all claims of {measured.name!r} hold")
    if out is not None:
        measured.save(out / submission.FILE)
        typer.echo(f"measured here: {out / submission.FILE}")


def table(
    results: Annotated[Path, typer.Argument(help="Folder of the entries, NAME/submission.json each.")] = Path(
        "benchmarks/results/EdgeVision-1"
    ),
    page: Annotated[Path, typer.Option(help="Page whose tables are replaced.")] = Path("docs/benchmark.md"),
    plot: Annotated[Path, typer.Option(help="Picture to write.")] = Path("docs/images/benchmark.png"),
    suite: Annotated[str, _SUITE] = _CURRENT,
) -> None:
    """Write the tables of all entries into a page, and plot them.

    Example: **edgevision benchmark table**
    """
    require("matplotlib", "report")
    from edgevision.experiments.benchmark.entries_table import load_entries, render, write_tables
    from edgevision.experiments.benchmark.plot import plot_entries
    from edgevision.experiments.benchmark.suite import load_suite
    from edgevision.storage.disk_files import write_atomically

    found = load_suite(suite)
    entries = load_entries(results, found)
    write_tables(page, render(entries, found))
    write_atomically(plot, plot_entries(entries, found))
    typer.echo(f"{len(entries)} entries: {page}, {plot}")


def _say(line: str) -> None:
    typer.echo(line, err=True)


def _print_scores(results: Results) -> None:
    from edgevision.experiments.evaluation.summary import signed, with_interval

    for name, task in results.tasks.items():
        typer.echo(
            f"{name:16} {with_interval(task.score)}  normalised {with_interval(task.normalised)}  "
            f"minus best classical {signed(task.minus_best)}"
        )
