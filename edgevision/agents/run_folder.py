"""The folder of a training run, and what is written into it."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from edgevision.errors import TrainingError
from edgevision.provenance import versions
from edgevision.storage import read_json, write_json

_LIBRARIES = ("gymnasium", "numpy", "torch", "stable-baselines3", "safetensors")


@dataclass(frozen=True)
class CurvePoint:
    """One evaluation on the validation seeds.

    Attributes:
        steps: environment steps so far.
        seconds: wall-clock time of training so far, evaluations included [s].
        score: mean reward per slot.
        in_time: mean success probability (or share in time) of the requests.
        accuracy: mean accuracy term of the requests.
    """

    steps: int
    seconds: float
    score: float
    in_time: float
    accuracy: float


@dataclass(frozen=True)
class RunFolder:
    """Where a run keeps its files.

    - ``config.json``: every setting, defaults included; ``command.txt``: each command that worked on the run;
      ``versions.json``: of Python and libraries
    - ``policy.json``, ``policy-*.safetensors``: the best policy on the validation seeds so far
    - ``curve.json``: the learning curve
    - ``checkpoints/``: what a killed run goes on from
    - ``tensorboard/``: scalars and figures
    """

    path: Path

    @property
    def checkpoints(self) -> Path:
        """Folder of the checkpoints."""
        return self.path / "checkpoints"

    @property
    def tensorboard(self) -> Path:
        """Folder of TensorBoard's event files."""
        return self.path / "tensorboard"

    @classmethod
    def create(cls, path: Path, config: dict[str, Any]) -> RunFolder:
        """Start a run's folder.

        Raises:
            TrainingError: something is there already.
        """
        folder = cls(Path(path))
        if folder.path.exists() and (not folder.path.is_dir() or any(folder.path.iterdir())):
            raise TrainingError(f"{path} is not empty; resume the run in it or choose another folder")
        write_json(folder.path / "config.json", config)  # first: from here on a killed run can be resumed
        write_json(folder.path / "versions.json", versions(_LIBRARIES))
        folder.log_command()
        return folder

    def read_config(self) -> dict[str, Any]:
        """The settings that the run was started with.

        Raises:
            TrainingError: there is no run here, or its settings are damaged.
        """
        path = self.path / "config.json"
        if not path.exists():
            raise TrainingError(f"no training run in {str(self.path)!r}: config.json is missing")
        return read_json(path, TrainingError)

    def log_command(self) -> None:
        """Add the running command to ``command.txt``."""
        with (self.path / "command.txt").open("a", encoding="utf-8") as stream:
            stream.write(shlex.join(sys.argv) + "\n")

    def write_curve(self, curve: Sequence[CurvePoint]) -> None:
        """Replace the learning curve."""
        write_json(self.path / "curve.json", [asdict(point) for point in curve])
