"""YAML on disk: plain values only, of limited size and depth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from edgevision.errors import EdgeVisionError
from edgevision.storage.disk_files import MAX_DEPTH, read_bytes

MAX_YAML_BYTES = 2**18


def read_yaml(path: Path, error: type[EdgeVisionError]) -> Any:
    """Read the plain values of a YAML file of at most ``MAX_YAML_BYTES``.

    Raises:
        EdgeVisionError: of type ``error``: see ``read_bytes``, or the file is not YAML, holds something else than plain
            values, is nested too deeply, or uses an alias.
    """
    payload = read_bytes(path, error, MAX_YAML_BYTES)
    try:
        _check_events(payload)
        value = yaml.safe_load(payload)
    except RecursionError:
        raise error(f"{path}: not plain YAML (nested too deeply)") from None
    except Exception as reason:  # PyYAML raises many types on values such as the date 2001-99-99
        said = " ".join(str(reason).split()) or type(reason).__name__
        raise error(f"{path}: not plain YAML ({said})") from None
    return value


def _check_events(payload: bytes) -> None:
    """Check the depth, and that there are no aliases: a few lines of them stand for more values than memory holds.

    Raises:
        ValueError: there is an alias.
        RecursionError: lists and mappings are nested too deeply.
    """
    depth = 0
    for event in yaml.parse(payload, yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent):
            raise ValueError("it uses an alias; write the values out")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise RecursionError
