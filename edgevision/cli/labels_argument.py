"""The option ``--labels`` of commands that need to know what is on each picture."""

from __future__ import annotations

import typer

LABELS = typer.Option(
    help="CSV file with columns file, and class_index (number) or class (name or number of the classifier's class); "
    "without it each sub-folder is a class, by its name or number. docs/data.md says more."
)
