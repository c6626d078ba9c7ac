"""PyTorch tensors on disk: safetensors files, with a description ``NAME.json`` that holds their SHA-256."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import Tensor

from edgevision.errors import EdgeVisionError, WeightsError
from edgevision.storage import read_pair, sha256, write_pair

MAX_WEIGHTS_BYTES = 2**30
_DTYPES = (torch.float16, torch.float32, torch.int64)  # weights of layers, vectors, and batch counters


def unpack_tensors(payload: bytes, path: Path, error: type[EdgeVisionError]) -> dict[str, Tensor]:
    """The tensors of a safetensors file.

    Args:
        payload: bytes of the file.
        path: source of the bytes, for messages.
        error: class of every error.

    Raises:
        EdgeVisionError: of type ``error``: the file is damaged, or holds a type that PyTorch does not have.
    """
    try:
        return safetensors.torch.load(payload)
    except Exception as reason:  # KeyError for types, RuntimeError for shapes, and errors of safetensors
        said = " ".join(str(reason).split())
        raise error(f"{path.name} is damaged, not a safetensors file ({said})") from None


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
