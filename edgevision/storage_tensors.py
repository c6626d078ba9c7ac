"""Torch's tensors on disk: safetensors, and weights with a description ``NAME.json`` that holds their SHA-256."""

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
_DTYPES = (torch.float16, torch.float32, torch.int64)  # matrices, vectors, and counters of batches


def unpack_tensors(payload: bytes, path: Path, error: type[EdgeVisionError]) -> dict[str, Tensor]:
    """The tensors of a safetensors file.

    Args:
        payload: the file's bytes.
        path: where they are from, for the message.
        error: raised for whatever is wrong.

    Raises:
        EdgeVisionError: of type ``error``: the file is damaged, or holds a type that torch does not have.
    """
    try:
        return safetensors.torch.load(payload)
    except Exception as reason:  # KeyError for types, RuntimeError for shapes, and safetensors' own
        said = " ".join(str(reason).split())
        raise error(f"{path.name} is damaged, not a safetensors file ({said})") from None


def write_weights(path: Path, tensors: Mapping[str, Tensor], description: Mapping[str, Any], *, version: int) -> None:
    """Write tensors, matrices and kernels in half precision, and then their description.

    Args:
        path: ends in ``.safetensors``.
        tensors: by name, floating point.
        description: JSON values; ``format`` and ``sha256`` are added.
        version: number of the description's format.

    Raises:
        WeightsError: a number is too large for half precision; nothing is written.
    """
    # Biases and other vectors are few and delicate.
    halved = {key: (value.half() if value.ndim >= 2 else value).contiguous() for key, value in tensors.items()}
    for key, value in halved.items():
        if (value.isinf() & tensors[key].isfinite()).any():
            raise WeightsError(f"{path.name} cannot be written: {key} has numbers too large for half precision")
    payload = safetensors.torch.save(halved)
    write_pair(path, payload, {"format": version, "sha256": sha256(payload), **description})


def read_weights(path: Path, *, version: int) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Read what ``write_weights`` wrote: description, and tensors in single precision.

    Raises:
        WeightsError: a file is missing, too large or damaged, its checksum is not the description's, or it has another
            format.
    """
    description, payload = read_pair(path, WeightsError, MAX_WEIGHTS_BYTES, {"format": version})
    tensors = unpack_tensors(payload, path, WeightsError)
    for key, value in tensors.items():
        if value.dtype not in _DTYPES:
            raise WeightsError(f"{path.name} holds {key} as {value.dtype}, not in half or single precision")
    return description, {key: value.float() for key, value in tensors.items()}
