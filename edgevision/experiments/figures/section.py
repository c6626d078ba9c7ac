"""The section of a figure on the page, and its files on disk: ``NAME.json`` and PNG files."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edgevision import provenance
from edgevision.errors import ReproductionError
from edgevision.experiments.figures.request import Request
from edgevision.storage.disk_files import read_bytes, read_json, write_atomically

_FORMAT_VERSION = 1
_MAX_PLOT_BYTES = 2**24
_LIBRARIES = ("numpy", "scipy", "torch", "timm", "pillow", "jpeglib", "cvxpy", "clarabel")


@dataclass(frozen=True)
class Table:
    """A table of text cells.

    Attributes:
        caption: what the table shows.
        heads: a heading per column.
        rows: the cells of each row.
        texts: number of columns with words; they come first, are left-aligned and may break lines.
    """

    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    texts: int = 1


@dataclass(frozen=True)
class Plot:
    """A plot as a PNG, with its file name and caption."""

    file: str
    caption: str
    png: bytes


@dataclass(frozen=True)
class Section:
    """One figure of the paper made again.

    Attributes:
        heading: which figure, and what it shows.
        lead: the result in a sentence or two; the terminal shows it too.
        tables: tables; the first sets our numbers beside the published numbers.
        plots: plots.
        differences: differences from the paper, each in a sentence or two.
        numbers: everything measured, as JSON values.
    """

    heading: str
    lead: str
    tables: tuple[Table, ...]
    plots: tuple[Plot, ...]
    differences: tuple[str, ...]
    numbers: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class StoredSection:
    """A section read from disk, with the command, time and library versions that made it."""

    section: Section
    command: str
    created: str
    versions: Mapping[str, str]


def write_section(name: str, section: Section, request: Request) -> None:
    """Write the pictures, then ``NAME.json``, each atomically."""
    for plot in section.plots:
        write_atomically(request.out / plot.file, plot.png)
    record = {
        "format_version": _FORMAT_VERSION,
        "figure": name,
        "heading": section.heading,
        "lead": section.lead,
        "tables": [vars(table) for table in section.tables],
        "plots": [{"file": plot.file, "caption": plot.caption} for plot in section.plots],
        "differences": section.differences,
        "numbers": section.numbers,
        "command": request.command(name),
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "versions": provenance.versions(_LIBRARIES),
    }
    text = json.dumps(record, indent=1, allow_nan=False)
    write_atomically(request.out / f"{name}.json", f"{text}\n".encode())


def read_sections(folder: Path, names: tuple[str, ...]) -> Iterator[StoredSection]:
    """Yield the sections in a folder, in the order of ``names``; skips missing and damaged ones."""
    for name in names:
        try:
            record = read_json(folder / f"{name}.json", ReproductionError)
            if record["format_version"] == _FORMAT_VERSION:
                yield _stored(record, folder)
        except (ValueError, LookupError, TypeError, AttributeError, OverflowError):  # ReproductionError is a ValueError
            continue


def _stored(record: Mapping[str, Any], folder: Path) -> StoredSection:
    section = Section(
        heading=str(record["heading"]),
        lead=str(record["lead"]),
        tables=tuple(
            Table(str(table["caption"]), _texts(table["heads"]), tuple(map(_texts, table["rows"])), int(table["texts"]))
            for table in record["tables"]
        ),
        plots=tuple(
            Plot(
                str(plot["file"]),
                str(plot["caption"]),
                read_bytes(folder / Path(plot["file"]).name, ReproductionError, _MAX_PLOT_BYTES),
            )
            for plot in record["plots"]
        ),
        differences=_texts(record["differences"]),
        numbers=dict(record["numbers"]),
    )
    return StoredSection(section, str(record["command"]), str(record["created"]), dict(record["versions"]))


def _texts(values: list[Any]) -> tuple[str, ...]:
    return tuple(str(value) for value in values)
