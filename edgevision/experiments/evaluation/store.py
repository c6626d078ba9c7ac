"""Finished parts of a long job on disk, found again by what they are results of."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edgevision.provenance import digest
from edgevision.storage import write_atomically


class PartStore:
    """A folder of JSON files, each a payload with the description of what made it.

    A part is found again only under an equal description (settings, seeds, versions), so changed settings never meet
    old results; a damaged file counts as not there.
    """

    def __init__(self, folder: Path | None) -> None:
        """Keep parts in ``folder``, which is made now, or keep nothing if it is ``None``.

        Raises:
            OSError: the folder cannot be made.
        """
        self.folder = folder
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)

    def load(self, label: str, description: Mapping[str, Any]) -> dict[str, Any] | None:
        """The payload stored under ``description``, or ``None``."""
        if self.folder is None:
            return None
        try:
            part = json.loads(self._path(self.folder, label, description).read_text(encoding="utf-8"))
            payload = dict(part["payload"])
            return payload if part["digest"] == digest([description, payload]) else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def save(self, label: str, description: Mapping[str, Any], payload: Mapping[str, Any]) -> None:
        """Write one part, atomically."""
        if self.folder is None:
            return
        part = {"digest": digest([description, payload]), "of": description, "payload": payload}
        text = json.dumps(part, default=str, allow_nan=False)
        write_atomically(self._path(self.folder, label, description), text.encode())

    @staticmethod
    def _path(folder: Path, label: str, description: Mapping[str, Any]) -> Path:
        return folder / f"{re.sub(r'[^A-Za-z0-9]+', '-', label)[:60]}-{digest(description)[:16]}.json"
