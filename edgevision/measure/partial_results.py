"""Measured contents on disk while a profile is being made, so that a killed run goes on where it stopped."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from pathlib import Path

import numpy as np

from edgevision.measure.image_outcomes import ContentRecord, Outcome
from edgevision.storage import write_atomically

_TABLES = ("size", "correct", "encode_time", "edge_time")


class PartialResults:
    """A folder of numbered parts, each an ``.npz`` of measured contents and of the names of skipped images.

    Attributes:
        records: contents measured so far, by content id.
        skipped: reason per image that could not be read, by content id.
    """

    def __init__(self, folder: Path) -> None:
        """Open the folder, and read what an earlier run left; a damaged part counts as not there."""
        self.records: dict[str, ContentRecord] = {}
        self.skipped: dict[str, str] = {}
        self._folder = folder
        self._pending: list[ContentRecord] = []
        self._pending_skipped: dict[str, str] = {}
        self._parts = 0
        for path in sorted(folder.glob("part-*.npz")):
            self._parts = int(path.stem.removeprefix("part-")) + 1
            try:
                self._read(path)
            except (OSError, ValueError, KeyError, zipfile.BadZipFile):
                path.unlink()

    def add(self, record: ContentRecord) -> None:
        """Keep one measured content; it is on disk after the next ``flush``."""
        self.records[record.content_id] = record
        self._pending.append(record)

    def skip(self, content_id: str, reason: str) -> None:
        """Keep the name of an image that cannot be read."""
        self.skipped[content_id] = reason
        self._pending_skipped[content_id] = reason

    @property
    def unsaved(self) -> int:
        """Number of images since the last ``flush``."""
        return len(self._pending) + len(self._pending_skipped)

    def flush(self) -> None:
        """Write what is not yet on disk as one part."""
        if not self.unsaved:
            return
        arrays = {name: np.array([[getattr(o, name) for o in r.outcomes] for r in self._pending]) for name in _TABLES}
        description = {
            "contents": [[r.content_id, r.raw_size, r.analysis_time, r.features] for r in self._pending],
            "skipped": self._pending_skipped,
        }
        buffer = io.BytesIO()
        np.savez(buffer, allow_pickle=False, description=np.array(json.dumps(description)), **arrays)
        write_atomically(self._folder / f"part-{self._parts:05d}.npz", buffer.getvalue())
        self._parts += 1
        self._pending, self._pending_skipped = [], {}

    def remove(self) -> None:
        """Delete the folder."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _read(self, path: Path) -> None:
        with np.load(path, allow_pickle=False) as archive:
            description = json.loads(str(archive["description"]))
            columns = [archive[name].tolist() for name in _TABLES]
        for (content_id, raw_size, analysis_time, features), *rows in zip(
            description["contents"], *columns, strict=True
        ):
            outcomes = tuple(Outcome(*values) for values in zip(*rows, strict=True))
            self.records[content_id] = ContentRecord(content_id, raw_size, analysis_time, outcomes, features)
        self.skipped |= description["skipped"]
