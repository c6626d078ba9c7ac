"""Checkpoint of a training run: weights, the optimiser's state and JSON values in one safetensors file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from edgevision.storage import write_atomically

Weights = Mapping[str, Mapping[str, Tensor]]


def save_checkpoint(path: Path, weights: Weights, optimiser: torch.optim.Optimizer, values: Mapping[str, Any]) -> None:
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
    path: Path, weights: Weights, optimiser: torch.optim.Optimizer, names: Iterable[str]
) -> tuple[dict[str, dict[str, Tensor]], dict[str, Any]] | None:
    """Read a checkpoint, and put the optimiser's state back.

    Args:
        path: what ``save_checkpoint`` wrote.
        weights: state dicts by name, of the same shapes as those stored; not changed.
        optimiser: receives the stored state.
        names: of the JSON values to read.

    Returns:
        State dicts and JSON values by name; ``None``, with the optimiser unchanged, if there is no readable checkpoint
        of the same shapes.
    """
    try:
        with safetensors.safe_open(path, "pt") as stored:
            values = {name: json.loads(stored.metadata()[name]) for name in names}
            tensors = {key: stored.get_tensor(key) for key in stored.keys()}  # noqa: SIM118 - not a mapping
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
    except (OSError, ValueError, LookupError, TypeError, RuntimeError, safetensors.SafetensorError):
        return None
    optimiser.load_state_dict(state)
    return found, values


def _shapes(tensors: Mapping[str, Tensor]) -> dict[str, torch.Size]:
    return {key: value.shape for key, value in tensors.items()}


def _under(tensors: Mapping[str, Tensor], name: str) -> dict[str, Tensor]:
    """The tensors whose keys begin with ``NAME/``, by the rest of the key."""
    return {key.removeprefix(f"{name}/"): value for key, value in tensors.items() if key.startswith(f"{name}/")}
