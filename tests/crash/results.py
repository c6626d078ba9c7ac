"""What a command leaves in its folder, without what differs from run to run."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

#: Entries of JSON files and columns of tables that differ from run to run: times, dates, and checksums of files with
#: times.
VARYING = {
    "seconds", "created", "date", "decision_seconds", "latency_p50_ms", "latency_p99_ms", "parts", "times",
    "command",
}  # fmt: skip
_TIMES = {"seconds", "device_time", "edge_time"}
_WITH_TIMES = re.compile(r"report\.html$|latency\.png$|command\.txt$|(^|/)times-[^/]*\.json$")
_EVENTS = "events.out.tfevents"


def results(folder: Path) -> dict[str, Any]:
    """The content of each file below a folder, by its path; of logs of TensorBoard all scalars together."""
    found: dict[str, Any] = {}
    for path in sorted(path for path in folder.rglob("*") if not path.is_dir()):
        name = str(path.relative_to(folder))
        if path.name.startswith(_EVENTS):
            found.setdefault(str(Path(name).parent / _EVENTS), {}).update(_scalars(path))
        elif _WITH_TIMES.search(name):
            found[name] = path.stat().st_size > 0
        else:
            found[name] = _READERS.get(path.suffix, Path.read_bytes)(path)
    return found | {f"{path.relative_to(folder)}/": None for path in folder.rglob("*") if path.is_dir()}


def differences(found: dict[str, Any], expected: dict[str, Any]) -> list[str]:
    """What is missing, left over or different, in words."""
    missing = [f"{name} is missing" for name in expected if name not in found]
    over = [f"{name} is left over" for name in found if name not in expected]
    return missing + over + [f"{name} differs" for name in found if name in expected and found[name] != expected[name]]


def _json(path: Path) -> Any:
    value = json.loads(path.read_text())
    timed = isinstance(value, dict) and "axis_names" in value  # a profile, whose arrays hold times
    return _without(value, VARYING | ({"sha256"} if timed else set()))


def _without(value: Any, names: set[str]) -> Any:
    if isinstance(value, dict):
        return {key: _without(item, names) for key, item in value.items() if key not in names}
    return [_without(item, names) for item in value] if isinstance(value, list) else value


def _arrays(path: Path) -> dict[str, Any]:
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.removesuffix(".npy") not in _TIMES]
        loaded = {name: np.load(io.BytesIO(archive.read(name)), allow_pickle=False) for name in names}
    return {name: (array.dtype.str, array.shape, array.tobytes()) for name, array in loaded.items()}


def _table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as stream:
        return [{key: row[key] for key in row if key not in VARYING} for row in csv.DictReader(stream)]


_READERS: dict[str, Callable[[Path], Any]] = {".json": _json, ".npz": _arrays, ".csv": _table}


def _scalars(path: Path) -> dict[tuple[str, int], Any]:
    """Value by name and step; records that a kill has cut short are left out, as TensorBoard does."""
    from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
    from tensorboard.util.tensor_util import make_ndarray

    found: dict[tuple[str, int], Any] = {}
    for event in EventFileLoader(str(path)).Load():
        for value in event.summary.value:
            if not value.tag.startswith("time/"):
                entry = make_ndarray(value.tensor).ravel()
                found[value.tag, event.step] = entry.tolist() if entry.dtype.kind == "f" else len(entry)
    return found
