"""`PartStore`: finished parts of a long job, kept on disk so that a second run can reuse them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from edgevision.errors import EdgeVisionError
from edgevision.provenance import digest
from edgevision.storage.disk_files import make_folder, read_json, write_atomically
from edgevision.storage.storage_arrays import pack_arrays, read_arrays

MAX_PART_BYTES = 2**30
_OF = "of"


Part = TypeVar("Part")
Found = TypeVar("Found")


def readable(found: Found | None, build: Callable[[Found], Part]) -> Part | None:
    """What ``build`` makes of a stored part; ``None`` if there is no part, or it holds something else than expected.

    Args:
        found: what ``PartStore`` returned.
        build: raises KeyError, TypeError or ValueError if it cannot use the values.
    """
    try:
        return None if found is None else build(found)
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError):
        return None


class PartStore:
    """A folder of results; each file holds JSON values or arrays, with the description of what they were made from.

    A result is reused only if its description is the same: settings, seeds, versions, code, or what else the
    caller puts into it. A damaged file counts as missing.
    """

    def __init__(self, folder: Path | None) -> None:
        """Create ``folder`` for the parts; with ``None`` nothing is stored or found.

        Raises:
            OSError: the folder cannot be created.
        """
        self.folder = folder
        if folder is not None:
            make_folder(folder)

    def load(self, label: str, description: Mapping[str, Any]) -> dict[str, Any] | None:
        """The JSON values stored under ``description``; ``None`` if there are none."""
        if self.folder is None:
            return None
        try:
            part = read_json(_path(self.folder, label, description, ".json"), EdgeVisionError)
            payload = dict(part["payload"])
            return payload if part["digest"] == digest([description, payload]) else None
        except (EdgeVisionError, ValueError, KeyError, TypeError):
            return None

    def save(self, label: str, description: Mapping[str, Any], payload: Mapping[str, Any]) -> None:
        """Write JSON values as one part, atomically."""
        if self.folder is None:
            return
        part = {"digest": digest([description, payload]), _OF: description, "payload": payload}
        text = json.dumps(part, default=str, allow_nan=False)
        write_atomically(_path(self.folder, label, description, ".json"), text.encode())

    def load_arrays(self, label: str, description: Mapping[str, Any]) -> dict[str, NDArray[Any]] | None:
        """The arrays stored under ``description``; ``None`` if there are none."""
        if self.folder is None:
            return None
        try:
            found = read_arrays(_path(self.folder, label, description, ".npz"), EdgeVisionError, MAX_PART_BYTES)
        except EdgeVisionError:
            return None
        return found if np.array_equal(found.pop(_OF, np.zeros(0)), _numbers(description)) else None

    def save_arrays(self, label: str, description: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
        """Write arrays as one part, atomically; the archive format itself has checksums."""
        if self.folder is None:
            return
        payload = pack_arrays({_OF: _numbers(description), **arrays})
        write_atomically(_path(self.folder, label, description, ".npz"), payload)


def _numbers(description: Mapping[str, Any]) -> NDArray[np.uint8]:
    """The description as UTF-8 bytes, so that an archive of numbers can hold it."""
    return np.frombuffer(json.dumps(description, sort_keys=True, default=str).encode(), np.uint8)


def _path(folder: Path, label: str, description: Mapping[str, Any], ending: str) -> Path:
    return folder / f"{re.sub(r'[^A-Za-z0-9]+', '-', label)[:60]}-{digest(description)[:16]}{ending}"
