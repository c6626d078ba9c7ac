"""The numbers of a comparison as files: JSON and CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from itertools import product
from pathlib import Path
from typing import Any

from edgevision.experiments.evaluation.evaluate import Evaluation
from edgevision.experiments.evaluation.summary import SummaryRow, headline
from edgevision.storage.disk_files import write_atomically

FORMAT_VERSION = 1
_COLUMNS = ("score", "in_time", "accuracy", "energy", "slots", "requests")


def write_data(evaluation: Evaluation, rows: Sequence[SummaryRow], out: Path) -> None:
    """Write ``evaluation.json``, ``summary.csv`` and ``episodes.csv``."""
    text = json.dumps(as_json(evaluation, rows), indent=1, default=str, allow_nan=False)
    write_atomically(out / "evaluation.json", f"{text}\n".encode())
    write_atomically(out / "summary.csv", _csv(_flat(row) for row in rows))
    write_atomically(out / "episodes.csv", _csv(_episodes(evaluation)))


def as_json(evaluation: Evaluation, rows: Sequence[SummaryRow], *, episodes: bool = True) -> dict[str, Any]:
    """The whole comparison as JSON values, with or without the rows of each episode."""
    rollouts = {result.spec.label: result for result in evaluation.results}
    policies = []
    for row in rows:
        result = rollouts[row.policy]
        policy = {**row.to_json(), "options": dict(result.spec.options), "origin": dict(result.spec.origin)}
        if episodes:
            policy |= {"episodes": result.rollout.to_json(), "decision_seconds": list(result.decision_seconds)}
        policies.append(policy)
    record = {name: value for name, value in vars(evaluation).items() if name != "results"}
    return {
        "format_version": FORMAT_VERSION,
        **record,
        "headline": headline(evaluation, list(rows)),
        "policies": policies,
    }


def _flat(row: SummaryRow) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in row.to_json().items():
        if name in ("score", "iqm", "difference"):
            interval = value or dict.fromkeys(("estimate", "low", "high"), "")
            flat |= {name: interval["estimate"], f"{name}_low": interval["low"], f"{name}_high": interval["high"]}
        else:
            flat[name] = value
    return flat


def _episodes(evaluation: Evaluation) -> Iterable[dict[str, Any]]:
    for result in evaluation.results:
        columns = {name: getattr(result.rollout, name).tolist() for name in _COLUMNS}
        runs = [member.label for member in result.spec.members] or [result.spec.label]
        episodes = product(runs, enumerate(evaluation.seeds))
        for i, (run, (episode, seed)) in enumerate(episodes):
            row = {name: values[i] for name, values in columns.items()}
            yield {"policy": result.spec.label, "run": run, "episode": episode, "seed": seed, **row}


def _csv(rows: Iterable[dict[str, Any]]) -> bytes:
    listed = list(rows)
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, list(listed[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _as_text(value) for name, value in row.items()} for row in listed)
    return buffer.getvalue().encode()


def _as_text(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value
