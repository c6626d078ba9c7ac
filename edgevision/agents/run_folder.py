"""The folder of a training run, and what is written into it."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from edgevision.errors import TrainingError
from edgevision.provenance import versions
from edgevision.storage import write_atomically

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
        folder._write("config.json", config)  # first: from here on a killed run can be resumed
        folder._write("versions.json", versions(_LIBRARIES))
        folder.log_command()
        return folder

    def read_config(self) -> dict[str, Any]:
        """The settings that the run was started with.

        Raises:
            TrainingError: there is no run here.
        """
        path = self.path / "config.json"
        try:
            config = json.loads(path.read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError):
            raise TrainingError(f"no training run in {str(self.path)!r}: config.json is missing") from None
        except ValueError as error:
            raise TrainingError(f"{path}: not valid JSON ({error})") from None
        if not isinstance(config, dict):
            raise TrainingError(f"{path}: must hold an object")
        return config

    def log_command(self) -> None:
        """Add the running command to ``command.txt``."""
        with (self.path / "command.txt").open("a", encoding="utf-8") as stream:
            stream.write(shlex.join(sys.argv) + "\n")

    def write_curve(self, curve: Sequence[CurvePoint]) -> None:
        """Replace the learning curve."""
        self._write("curve.json", [asdict(point) for point in curve])

    def _write(self, name: str, value: Any) -> None:
        write_atomically(self.path / name, (json.dumps(value, indent=1) + "\n").encode())
