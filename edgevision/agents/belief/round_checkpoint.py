"""`RoundCheckpoint`: what training in rounds needs to go on after a kill, in one safetensors file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch
import torch
from torch import Tensor, nn

from edgevision.agents.belief.belief_policy import FILES
from edgevision.errors import TrainingError
from edgevision.locking import only_writer
from edgevision.provenance import digest, versions
from edgevision.storage.disk_files import is_unused, read_bytes, write_atomically
from edgevision.storage.storage_tensors import MAX_WEIGHTS_BYTES, unpack_metadata, unpack_tensors

#: Name of the file in the folder of a run that is not finished.
CHECKPOINT = "checkpoint.safetensors"
_LIBRARIES = ("numpy", "torch")
#: What a file of another content than `RoundCheckpoint.save` writes makes the libraries raise.
_WRONG = (ValueError, LookupError, TypeError, AttributeError, OverflowError, RuntimeError)


@dataclass(frozen=True)
class Saved:
    """The state after some rounds.

    Attributes:
        tensors: tensors by ``GROUP/NAME``.
        random: state of the generator of random numbers.
        numbers: a number of each finished round (and of the start), such as its loss.
    """

    tensors: Mapping[str, Tensor]
    random: Mapping[str, Any]
    numbers: tuple[float, ...]

    def group(self, name: str) -> dict[str, Tensor]:
        """The tensors of a group by their names in it."""
        return {
            key.removeprefix(f"{name}/"): value for key, value in self.tensors.items() if key.startswith(f"{name}/")
        }


class RoundCheckpoint:
    """The checkpoint of one run; without a folder it keeps nothing."""

    def __init__(self, folder: Path | None, *run: Any) -> None:
        """Name the folder, and the JSON values that determine the run."""
        self._path = folder and folder / CHECKPOINT
        self._run = digest([*run, versions(_LIBRARIES)])

    def load(self) -> Saved | None:
        """The state that was saved last; ``None`` if there is none, or it cannot be read.

        Raises:
            TrainingError: it is that of a run with other settings.
        """
        if self._path is None or not self._path.is_file():
            return None
        try:
            payload = read_bytes(self._path, TrainingError, MAX_WEIGHTS_BYTES)
            tensors = unpack_tensors(payload, self._path, TrainingError)
            noted = json.loads(unpack_metadata(payload, self._path, TrainingError)["state"])
            saved = Saved(tensors, noted["random"], tuple(map(float, noted["numbers"])))
            finite = np.isfinite(saved.numbers).all() and all(
                bool(value.isfinite().all()) for value in tensors.values()
            )
        except _WRONG:  # TrainingError is a ValueError
            return None
        if not finite:
            return None
        if noted.get("run") != self._run:
            raise TrainingError(
                f"{self._path.parent} holds an unfinished run with other settings; repeat its command, or choose "
                "another folder"
            )
        return saved

    def save(self, saved: Saved) -> None:
        """Replace the state, atomically."""
        if self._path is None:
            return
        noted = {"run": self._run, **{key: value for key, value in vars(saved).items() if key != "tensors"}}
        tensors = {name: value.detach().contiguous().clone() for name, value in saved.tensors.items()}
        write_atomically(self._path, safetensors.torch.save(tensors, {"state": json.dumps(noted)}))


def grouped(name: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors by ``NAME/KEY``."""
    return {f"{name}/{key}": value for key, value in tensors.items()}


def optimiser_tensors(optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    """The state of an optimiser by ``PARAMETER/KEY``, without its settings."""
    state = optimiser.state_dict()["state"]
    return {f"{index}/{key}": value for index, entries in state.items() for key, value in entries.items()}


@contextmanager
def restoring() -> Iterator[None]:
    """Put a state back, and refuse one that is not of the run, which only a file that was tampered with holds.

    Raises:
        TrainingError: the block failed.
    """
    try:
        yield
    except _WRONG as error:
        raise TrainingError(f"{CHECKPOINT} does not fit to this run ({error}); delete it to start anew") from None


def restore(network: nn.Module, optimiser: torch.optim.Adam | None, saved: Saved, group: str = "network") -> None:
    """Put back the weights of a network and, where it is given, the state of its optimiser.

    Raises:
        RuntimeError: the weights are those of another network.
        ValueError: the optimiser's are.
    """
    network.load_state_dict(saved.group(group))
    if optimiser is None:
        return
    moments, state = saved.group("optimiser"), {}
    for index, parameter in enumerate(network.parameters()):
        own = {"step": torch.Size(), "exp_avg": parameter.shape, "exp_avg_sq": parameter.shape}
        state[index] = {key: moments.pop(f"{index}/{key}") for key in own if f"{index}/{key}" in moments}
        if {key: (value.shape, value.dtype) for key, value in state[index].items()} != {
            key: (shape, torch.float32) for key, shape in own.items()
        }:
            raise ValueError(f"the state of its optimiser is not that of parameter {index}")
    optimiser.load_state_dict({**optimiser.state_dict(), "state": state})


def generator(saved: Saved) -> np.random.Generator:
    """The generator of random numbers as it was.

    Raises:
        TypeError, ValueError, LookupError, OverflowError: its state is none of ``numpy.random.PCG64``.
    """
    random = np.random.default_rng(0)
    random.bit_generator.state = dict(saved.random)
    return random


@contextmanager
def only_run(folder: Path) -> Iterator[None]:
    """Be the only run in ``folder`` while the block trains and stores a policy there; then remove the checkpoint.

    Raises:
        TrainingError: the folder holds something else than an unfinished run.
        FolderInUseError: another process has begun a run in it.
    """
    with only_writer(folder):
        path = folder / CHECKPOINT
        # A run that was stopped after its last round may have stored its policy.
        if not is_unused(folder, CHECKPOINT, *(FILES if path.is_file() else ())):
            held = "holds a finished run" if (folder / FILES[1]).is_file() else "is not empty"
            raise TrainingError(f"{folder} {held}; choose another folder")
        yield
        path.unlink(missing_ok=True)
