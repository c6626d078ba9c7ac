"""Tensors in PyTorch's own format: read without running any code of the file, and without more memory than it holds."""

from __future__ import annotations

import io
import pickletools
import zipfile
from pathlib import Path
from typing import IO

import torch
from torch import Tensor

from edgevision.errors import EdgeVisionError
from edgevision.storage.disk_files import read_bytes, sha256

MAX_CHECKPOINT_BYTES = 2**30
_SMALL = 2**20  # a number up to this may stand in any file, such as a version
_OLD_PICKLES = 5  # at the start of the format before PyTorch 1.6; the first holds nothing but a fixed number


def read_checkpoint(path: Path, error: type[EdgeVisionError], expected: str | None = None) -> dict[str, Tensor]:
    """The tensors of a file of ``torch.save``.

    Args:
        path: the file.
        error: class of every error.
        expected: SHA-256 that the file must have, if it is known.

    Raises:
        EdgeVisionError: of type ``error``: the file is missing, too large, damaged or another one, or holds something
            else than tensors by name.
    """
    payload = read_bytes(path, error, MAX_CHECKPOINT_BYTES)
    if expected is not None and sha256(payload) != expected:
        raise error(f"{path.name} is not the file that was released (its SHA-256 differs); install its package again")
    try:
        _check_sizes(payload)
        found = torch.load(io.BytesIO(payload), map_location="cpu", weights_only=True)
    except Exception as reason:  # torch's reader raises many types on damaged files
        said = " ".join(str(reason).split())[:200] or type(reason).__name__
        raise error(f"{path.name} is not a file of PyTorch's tensors ({said})") from None
    if not isinstance(found, dict) or not all(isinstance(value, Tensor) for value in found.values()):
        raise error(f"{path.name} holds something else than tensors by name")
    return {str(key): value for key, value in found.items()}


def _check_sizes(payload: bytes) -> None:
    """Check that no size in a file is larger than the file, because PyTorch reserves memory before it reads.

    Raises:
        ValueError: one is.
    """
    limit = max(len(payload), _SMALL)
    if not payload.startswith(b"PK"):
        stream = io.BytesIO(payload)
        list(pickletools.genops(stream))
        for _ in range(_OLD_PICKLES - 1):
            _check_numbers(stream, limit)
        return
    with zipfile.ZipFile(io.BytesIO(payload)) as archive:
        entries = archive.infolist()
        if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
            raise ValueError("it is compressed")
        if sum(max(entry.file_size, entry.compress_size) for entry in entries) > len(payload):
            raise ValueError("it states more numbers than it has")
        for entry in entries:
            if entry.filename.endswith(".pkl"):
                _check_numbers(io.BytesIO(archive.read(entry)), limit)


def _check_numbers(pickle: IO[bytes], limit: int) -> None:
    """Check the whole numbers in a pickle, sizes of tensors among them; reads it without making any object."""
    for _, number, _ in pickletools.genops(pickle):
        if isinstance(number, int) and number > limit:
            raise ValueError("it states more numbers than it has")
