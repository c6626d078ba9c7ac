"""Weights on disk: ``NAME.safetensors`` with a description ``NAME.json`` that holds its SHA-256."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from edgevision.errors import WeightsError
from edgevision.storage import write_atomically

_FORMAT = 1
_DTYPES = (torch.float16, torch.float32, torch.int64)  # matrices, vectors, and counters of batches


def write_tensors(path: Path, tensors: Mapping[str, Tensor], description: Mapping[str, Any]) -> None:
    """Write tensors, matrices and kernels in half precision, and then their description.

    Args:
        path: ends in ``.safetensors``.
        tensors: by name, floating point.
        description: JSON values; ``format`` and ``sha256`` are added.

    Raises:
        WeightsError: a number is too large for half precision; nothing is written.
    """
    # Biases and other vectors are few and delicate.
    halved = {key: (value.half() if value.ndim >= 2 else value).contiguous() for key, value in tensors.items()}
    for key, value in halved.items():
        if (value.isinf() & tensors[key].isfinite()).any():
            raise WeightsError(f"{path.name} cannot be written: {key} has numbers too large for half precision")
    payload = safetensors.torch.save(halved)
    known = {"format": _FORMAT, "sha256": hashlib.sha256(payload).hexdigest()}
    write_atomically(path, payload)
    write_atomically(path.with_suffix(".json"), (json.dumps(known | dict(description), indent=1) + "\n").encode())


def read_tensors(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Read what ``write_tensors`` wrote: description, and tensors in single precision.

    Raises:
        WeightsError: a file is missing or damaged, or its checksum is not the description's.
    """
    if not path.is_file():
        raise WeightsError(f"{str(path)!r} cannot be read: there is no such file")
    try:
        description = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        payload = path.read_bytes()
        known, digest = description["format"], description["sha256"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise WeightsError(f"{str(path)!r} cannot be read ({type(error).__name__}: {error})") from None
    if known != _FORMAT:
        raise WeightsError(f"{path.with_suffix('.json').name}: not a description that this version can read")
    if hashlib.sha256(payload).hexdigest() != digest:
        raise WeightsError(f"{path.name} does not match its checksum; install the package or copy the file again")
    try:
        tensors = safetensors.torch.load(payload)
    except (safetensors.SafetensorError, KeyError) as error:  # KeyError: of types that torch does not have
        raise WeightsError(f"{path.name} is damaged ({error})") from None
    for key, value in tensors.items():
        if value.dtype not in _DTYPES:
            raise WeightsError(f"{path.name} holds {key} as {value.dtype}, not in half or single precision")
    return description, {key: value.float() for key, value in tensors.items()}
