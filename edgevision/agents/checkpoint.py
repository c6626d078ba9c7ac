"""Checkpoints of a training run, from which a killed run can continue; loading one cannot run code.

A checkpoint is a folder ``step-NNN`` with the networks and the state of the optimisers (safetensors), counters and the
learning curve (JSON) and, for SAC, the replay buffer (npz without pickle). It is written under a temporary name and
then renamed, so that it is never incomplete.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch
import torch
from numpy.typing import NDArray
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.buffers import DictReplayBuffer
from torch import Tensor

from edgevision.checks import whole_number
from edgevision.errors import TrainingError
from edgevision.storage.disk_files import new_file, read_bytes, read_json, write_atomically, write_json
from edgevision.storage.storage_arrays import read_arrays
from edgevision.storage.storage_tensors import MAX_WEIGHTS_BYTES, unpack_tensors

#: Number of checkpoints to keep: the last two, in case the last one is damaged on disk.
KEPT = 2

_UNFINISHED = "."  # beginning of the name of a folder that is no checkpoint yet, or none any longer
_TENSORS, _STATE, _REPLAY = "tensors.safetensors", "state.json", "replay.npz"
_HEADERS = 2**20  # largest size of the headers in a replay buffer's file [byte]


def save_checkpoint(model: BaseAlgorithm, state: dict[str, Any], folder: Path) -> Path:
    """Write a checkpoint of ``model`` and the JSON values ``state``, remove old checkpoints, and return its path."""
    target = folder / f"step-{model.num_timesteps:012d}"
    temporary = folder / f"{_UNFINISHED}{target.name}"
    tidy(folder)
    if target.exists():
        _remove(target)
    write_atomically(temporary / _TENSORS, safetensors.torch.save(_tensors(model)))
    counters = {"num_timesteps": model.num_timesteps, "n_updates": model._n_updates}
    write_json(temporary / _STATE, {**state, **counters})
    buffer = _replay_buffer(model)
    if buffer is not None:
        _save_replay(buffer, temporary / _REPLAY)
    temporary.rename(target)
    tidy(folder)
    return target


def tidy(folder: Path) -> None:
    """Remove old checkpoints, and what a killed process left of writing or removing one."""
    for old in checkpoints(folder)[:-KEPT]:
        _remove(old)
    for rest in folder.glob(f"{_UNFINISHED}step-*"):
        shutil.rmtree(rest)


def _remove(checkpoint: Path) -> None:
    """Remove a checkpoint that is complete; it is renamed first, so that it is never half a checkpoint."""
    rest = checkpoint.with_name(f"{_UNFINISHED}{checkpoint.name}")
    checkpoint.rename(rest)
    shutil.rmtree(rest)


def checkpoints(folder: Path) -> list[Path]:
    """The complete checkpoints in ``folder``, oldest first."""
    return sorted(folder.glob("step-*"))


def load_checkpoint(model: BaseAlgorithm, path: Path) -> dict[str, Any]:
    """Restore an untrained ``model`` from the checkpoint at ``path``; returns its ``state`` and counters.

    Raises:
        TrainingError: the checkpoint is damaged or belongs to another run.
    """
    try:
        state = read_json(path / _STATE, TrainingError)
        stored = read_bytes(path / _TENSORS, TrainingError, MAX_WEIGHTS_BYTES)
        _restore_tensors(model, unpack_tensors(stored, path / _TENSORS, TrainingError))
        model.num_timesteps, model._n_updates = (
            whole_number(name, state[name], 0, 2**53, TrainingError) for name in ("num_timesteps", "n_updates")
        )
        buffer = _replay_buffer(model)
        if buffer is not None:
            _load_replay(buffer, path / _REPLAY)
    except (ValueError, KeyError, TypeError, OverflowError, RuntimeError) as error:  # TrainingError is a ValueError
        raise TrainingError(
            f"{path}: not a checkpoint of this run ({' '.join(str(error).split())}); "
            "remove this folder to go on from the checkpoint before it"
        ) from None
    return state


def _modules(model: BaseAlgorithm) -> Iterator[tuple[str, Any]]:
    """Names and objects of everything that training changes: networks, optimisers and single tensors."""
    stateful, tensors = model._get_torch_save_params()
    for name in (*stateful, *tensors):
        value: Any = model
        for part in name.split("."):
            value = getattr(value, part)
        yield name, value


def _tensors(model: BaseAlgorithm) -> dict[str, Tensor]:
    """All tensors of a model, under names of the form ``module/entry``."""
    found: dict[str, Tensor] = {}
    for name, value in _modules(model):
        if isinstance(value, Tensor):
            found[name] = value
        elif isinstance(value, torch.optim.Optimizer):
            for index, entries in value.state_dict()["state"].items():
                found |= {f"{name}/{index}/{key}": tensor for key, tensor in entries.items()}
        else:
            found |= {f"{name}/{key}": tensor for key, tensor in value.state_dict().items()}
    return {key: tensor.detach().contiguous() for key, tensor in found.items()}


def _restore_tensors(model: BaseAlgorithm, tensors: dict[str, Tensor]) -> None:
    expected = {name for name, value in _modules(model) if isinstance(value, Tensor)}
    for name, value in _modules(model):
        part = {key.removeprefix(f"{name}/"): tensor for key, tensor in tensors.items() if key.startswith(f"{name}/")}
        if isinstance(value, Tensor):
            value.data.copy_(tensors[name])
        elif isinstance(value, torch.optim.Optimizer):
            _restore_optimizer(value, part)
        else:
            value.load_state_dict(part)
        expected |= {f"{name}/{key}" for key in part}
    if expected != tensors.keys():
        raise ValueError("it holds other tensors than the model")


def _restore_optimizer(optimizer: torch.optim.Optimizer, part: dict[str, Tensor]) -> None:
    """Restore the moments; learning rates and other options come from the run's hyperparameters."""
    moments: dict[int, dict[str, Tensor]] = {}
    for key, tensor in part.items():
        index, entry = key.split("/")
        moments.setdefault(int(index), {})[entry] = tensor
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    for number, entries in moments.items():
        for tensor in entries.values():
            if number >= len(parameters) or tensor.shape not in (torch.Size(), parameters[number].shape):
                raise ValueError(f"optimiser state {number} has the wrong shape")
    optimizer.load_state_dict({**optimizer.state_dict(), "state": moments})


def _replay_buffer(model: BaseAlgorithm) -> DictReplayBuffer | None:
    buffer = getattr(model, "replay_buffer", None)
    return buffer if isinstance(buffer, DictReplayBuffer) else None


def _replay_arrays(buffer: DictReplayBuffer) -> dict[str, NDArray[Any]]:
    """The arrays of the buffer, (capacity, n, ..) each."""
    nested = {"observations": buffer.observations, "next_observations": buffer.next_observations}
    arrays = {f"{name}/{key}": value for name, part in nested.items() for key, value in part.items()}
    flat = ("actions", "rewards", "dones", "timeouts")
    return {**arrays, **{name: getattr(buffer, name) for name in flat}}


def _save_replay(buffer: DictReplayBuffer, path: Path) -> None:
    filled = {key: value[: buffer.size()] for key, value in _replay_arrays(buffer).items()}
    with new_file(path) as stream:
        np.savez(stream, allow_pickle=False, position=np.array(buffer.pos), **filled)


def _load_replay(buffer: DictReplayBuffer, path: Path) -> None:
    arrays = _replay_arrays(buffer)
    stored = read_arrays(
        path, TrainingError, sum(value.nbytes for value in arrays.values()) + _HEADERS, "replay buffer"
    )
    position, rows, capacity = int(stored["position"]), len(stored["actions"]), len(buffer.actions)
    if not (0 <= position < capacity and rows in (position, capacity)):
        raise ValueError(f"the replay buffer holds {rows} steps and goes on at {position}")
    for key, value in arrays.items():
        if stored[key].shape != (rows, *value.shape[1:]):
            raise ValueError(f"{key} of the replay buffer has shape {stored[key].shape}")
        value[:rows] = stored[key]
    buffer.full, buffer.pos = rows == capacity, position
