"""`RoundCheckpoint`: what training in rounds needs to go on after a kill, in one safetensors file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch
import torch
from torch import Tensor, nn

from edgevision.errors import TrainingError
from edgevision.provenance import digest, versions
from edgevision.storage.disk_files import read_bytes, write_atomically
from edgevision.storage.storage_tensors import MAX_WEIGHTS_BYTES, unpack_metadata, unpack_tensors

#: Name of the file in the folder of a run that is not finished.
CHECKPOINT = "checkpoint.safetensors"
_LIBRARIES = ("numpy", "torch")


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
            run = noted.pop("run")
            saved = Saved(tensors, noted["random"], tuple(map(float, noted["numbers"])))
        except (ValueError, LookupError, TypeError):  # TrainingError is a ValueError
            return None
        if run != self._run:
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

    def remove(self) -> None:
        """Delete the file, if there is one."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)


def grouped(name: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors by ``NAME/KEY``."""
    return {f"{name}/{key}": value for key, value in tensors.items()}


def optimiser_tensors(optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    """The state of an optimiser by ``PARAMETER/KEY``, without its settings."""
    state = optimiser.state_dict()["state"]
    return {f"{index}/{key}": value for index, entries in state.items() for key, value in entries.items()}


def restore(network: nn.Module, optimiser: torch.optim.Optimizer | None, saved: Saved, group: str = "network") -> None:
    """Put back the weights of a network and, where it is given, the state of its optimiser.

    Raises:
        TrainingError: they are those of another network.
    """
    try:
        network.load_state_dict(saved.group(group))
        if optimiser is not None:
            document: dict[str, Any] = optimiser.state_dict()
            for name, value in saved.group("optimiser").items():
                index, key = name.split("/")
                document["state"].setdefault(int(index), {})[key] = value
            optimiser.load_state_dict(document)
    except (RuntimeError, ValueError, KeyError) as error:
        raise TrainingError(f"{CHECKPOINT} is of another network ({error}); delete it to start anew") from None


def generator(saved: Saved) -> np.random.Generator:
    """The generator of random numbers as it was.

    Raises:
        TrainingError: its state is none of ``numpy.random.PCG64``.
    """
    random = np.random.default_rng(0)
    try:
        random.bit_generator.state = dict(saved.random)
    except (TypeError, ValueError, LookupError) as error:
        raise TrainingError(f"{CHECKPOINT} holds no state of random numbers ({error}); delete it") from None
    return random
