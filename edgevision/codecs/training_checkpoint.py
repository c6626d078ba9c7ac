"""Checkpoint of a training run: weights, the optimiser's state and JSON values in one safetensors file."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import Tensor

from edgevision.errors import WeightsError
from edgevision.storage.disk_files import read_bytes, write_atomically
from edgevision.storage.storage_tensors import MAX_WEIGHTS_BYTES, unpack_metadata, unpack_tensors

_ADAMW = frozenset(("step", "exp_avg", "exp_avg_sq"))  # its state of a parameter
Weights = Mapping[str, Mapping[str, Tensor]]


def save_checkpoint(path: Path, weights: Weights, optimiser: torch.optim.AdamW, values: Mapping[str, Any]) -> None:
    """Write a checkpoint, atomically.

    Args:
        path: the file.
        weights: state dicts by name.
        optimiser: whose state is stored, without its settings.
        values: JSON values by name.
    """
    tensors = {f"{name}/{key}": value for name, state in weights.items() for key, value in state.items()}
    for index, entries in optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser/{index}/{key}": value for key, value in entries.items()}
    copied = {key: value.detach().contiguous().clone() for key, value in tensors.items()}
    write_atomically(path, safetensors.torch.save(copied, {name: json.dumps(value) for name, value in values.items()}))


def load_checkpoint(
    path: Path, weights: Weights, optimiser: torch.optim.AdamW, values: Mapping[str, Callable[[Any], Any]]
) -> tuple[dict[str, dict[str, Tensor]], dict[str, Any]] | None:
    """Read a checkpoint, and put the optimiser's state back.

    Args:
        path: what ``save_checkpoint`` wrote.
        weights: state dicts by name, of the same shapes as those stored; not changed.
        optimiser: receives the stored state.
        values: for each JSON value to read, by name, what turns it into the value to return; it raises ValueError,
            LookupError or TypeError if it cannot.

    Returns:
        State dicts and JSON values by name; ``None``, with the optimiser unchanged, if there is no readable checkpoint
        of the same shapes.
    """
    try:
        payload = read_bytes(path, WeightsError, MAX_WEIGHTS_BYTES)
        tensors, noted = unpack_tensors(payload, path, WeightsError), unpack_metadata(payload, path, WeightsError)
        read = {name: convert(json.loads(noted[name])) for name, convert in values.items()}
        found = {name: _under(tensors, name) for name in weights}
        if any(_shapes(found[name]) != _shapes(state) for name, state in weights.items()):
            raise ValueError("the weights are another network's")
        state: dict[str, Any] = optimiser.state_dict()
        shapes = [parameter.shape for parameter in optimiser.param_groups[0]["params"]]
        for name, value in _under(tensors, "optimiser").items():
            index, key = name.split("/")
            if value.ndim and value.shape != shapes[int(index)]:
                raise ValueError("the optimiser's state is of other parameters")
            state["state"].setdefault(int(index), {})[key] = value
        entries = {frozenset(parameter) for parameter in state["state"].values()}
        if not state["state"].keys() <= set(range(len(shapes))) or not entries <= {_ADAMW}:
            raise ValueError("the optimiser's state is not AdamW's")
    except (ValueError, LookupError, TypeError, RuntimeError):  # WeightsError is a ValueError
        return None
    optimiser.load_state_dict(state)
    return found, read


def _shapes(tensors: Mapping[str, Tensor]) -> dict[str, torch.Size]:
    return {key: value.shape for key, value in tensors.items()}


def _under(tensors: Mapping[str, Tensor], name: str) -> dict[str, Tensor]:
    """The tensors whose keys begin with ``NAME/``, by the rest of the key."""
    return {key.removeprefix(f"{name}/"): value for key, value in tensors.items() if key.startswith(f"{name}/")}
