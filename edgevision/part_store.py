"""Finished parts of a long job on disk, found again by what they are results of."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgevision.errors import EdgeVisionError
from edgevision.provenance import digest
from edgevision.storage import read_json, write_atomically
from edgevision.storage_arrays import pack_arrays, read_arrays

MAX_PART_BYTES = 2**30
_OF = "of"


class PartStore:
    """A folder of files, each JSON values or arrays of numbers with the description of what made them.

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
        """The JSON values stored under ``description``, or ``None``."""
        if self.folder is None:
            return None
        try:
            part = read_json(_path(self.folder, label, description, ".json"), EdgeVisionError)
            payload = dict(part["payload"])
            return payload if part["digest"] == digest([description, payload]) else None
        except (EdgeVisionError, ValueError, KeyError, TypeError):
            return None

    def save(self, label: str, description: Mapping[str, Any], payload: Mapping[str, Any]) -> None:
        """Write one part of JSON values, atomically."""
        if self.folder is None:
            return
        part = {"digest": digest([description, payload]), _OF: description, "payload": payload}
        text = json.dumps(part, default=str, allow_nan=False)
        write_atomically(_path(self.folder, label, description, ".json"), text.encode())

    def load_arrays(self, label: str, description: Mapping[str, Any]) -> dict[str, NDArray[Any]] | None:
        """The arrays stored under ``description``, or ``None``."""
        if self.folder is None:
            return None
        try:
            found = read_arrays(_path(self.folder, label, description, ".npz"), EdgeVisionError, MAX_PART_BYTES)
        except EdgeVisionError:
            return None
        return found if np.array_equal(found.pop(_OF, np.zeros(0)), _numbers(description)) else None

    def save_arrays(self, label: str, description: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
        """Write one part of arrays, atomically; their checksums are the archive's own."""
        if self.folder is None:
            return
        payload = pack_arrays({_OF: _numbers(description), **arrays})
        write_atomically(_path(self.folder, label, description, ".npz"), payload)


def _numbers(description: Mapping[str, Any]) -> NDArray[np.uint8]:
    """The description as a text in UTF-8, which an archive of numbers can hold."""
    return np.frombuffer(json.dumps(description, sort_keys=True, default=str).encode(), np.uint8)


def _path(folder: Path, label: str, description: Mapping[str, Any], ending: str) -> Path:
    return folder / f"{re.sub(r'[^A-Za-z0-9]+', '-', label)[:60]}-{digest(description)[:16]}{ending}"
