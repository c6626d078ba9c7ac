"""PyTorch tensors on disk: safetensors files, with a description ``NAME.json`` that holds their SHA-256."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import Tensor

from edgevision.errors import EdgeVisionError, WeightsError
from edgevision.storage.disk_files import read_pair, sha256, write_pair

MAX_WEIGHTS_BYTES = 2**30
_MAX_HEADER = 2**22  # largest list of a file's tensors [byte]
_DTYPES = (torch.float16, torch.float32, torch.int64)  # weights of layers, vectors, and batch counters


def unpack_tensors(payload: bytes, path: Path, error: type[EdgeVisionError]) -> dict[str, Tensor]:
    """The tensors of a safetensors file.

    Args:
        payload: bytes of the file.
        path: source of the bytes, for messages.
        error: class of every error.

    Raises:
        EdgeVisionError: of type ``error``: the file is damaged, its header is too long, or it holds a type that PyTorch
            does not have.
    """
    if int.from_bytes(payload[:8], "little") > _MAX_HEADER:
        raise error(f"{path.name} is damaged, not a safetensors file (its header is larger than {_MAX_HEADER} bytes)")
    try:
        return safetensors.torch.load(payload)
    except Exception as reason:  # KeyError for types, RuntimeError for shapes, and errors of safetensors
        said = " ".join(str(reason).split())
        raise error(f"{path.name} is damaged, not a safetensors file ({said})") from None


def unpack_metadata(payload: bytes, path: Path, error: type[EdgeVisionError]) -> dict[str, Any]:
    """The texts by name in the header of a safetensors file that ``unpack_tensors`` can read; empty if there are none.

    Raises:
        EdgeVisionError: of type ``error``: the header is damaged.
    """
    try:
        found = json.loads(payload[8 : 8 + int.from_bytes(payload[:8], "little")]).get("__metadata__")
    except (ValueError, RecursionError, AttributeError):
        raise error(f"{path.name} is damaged, not a safetensors file") from None
    return dict(found or {})


def write_weights(path: Path, tensors: Mapping[str, Tensor], description: Mapping[str, Any], *, version: int) -> None:
    """Write tensors, then their description; tensors of two or more axes are stored in half precision.

    Args:
        path: file name, ending in ``.safetensors``.
        tensors: floating-point tensors by name.
        description: JSON values; ``format`` and ``sha256`` are added.
        version: format number of the description.

    Raises:
        WeightsError: a number is too large for half precision; nothing is written.
    """
    # Biases and other vectors take little space, and rounding them costs accuracy.
    halved = {key: (value.half() if value.ndim >= 2 else value).contiguous() for key, value in tensors.items()}
    for key, value in halved.items():
        if (value.isinf() & tensors[key].isfinite()).any():
            raise WeightsError(f"{path.name} cannot be written: {key} has numbers too large for half precision")
    payload = safetensors.torch.save(halved)
    write_pair(path, payload, {"format": version, "sha256": sha256(payload), **description})


def read_weights(path: Path, *, version: int) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Read the description and the tensors that ``write_weights`` wrote; tensors become single precision.

    Raises:
        WeightsError: a file is missing, too large, damaged or of another format, or the checksum does not match.
    """
    description, payload = read_pair(path, WeightsError, MAX_WEIGHTS_BYTES, {"format": version})
    tensors = unpack_tensors(payload, path, WeightsError)
    for key, value in tensors.items():
        if value.dtype not in _DTYPES:
            raise WeightsError(f"{path.name} holds {key} as {value.dtype}, not in half or single precision")
    return description, {key: value.float() for key, value in tensors.items()}
