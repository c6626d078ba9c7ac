"""`RunFolder`: the files of a training run."""

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
        seconds: wall-clock time of training so far, including evaluations [s].
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
    """The folder of a run.

    - ``config.json``: all settings, including defaults
    - ``versions.json``: versions of Python and libraries
    - ``command.txt``: the commands that started or resumed the run
    - ``policy.json``, ``policy-*.safetensors``: the policy with the best score on the validation seeds so far
    - ``curve.json``: the learning curve
    - ``checkpoints/``: states from which a killed run can continue
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
        """Create the folder of a new run.

        Raises:
            TrainingError: ``path`` is a file or a folder that is not empty.
        """
        folder = cls(Path(path))
        if folder.path.exists() and (not folder.path.is_dir() or any(folder.path.iterdir())):
            raise TrainingError(f"{path} is not empty; resume the run in it or choose another folder")
        write_json(folder.path / "config.json", config)  # first, because a killed run can be resumed once it exists
        write_json(folder.path / "versions.json", versions(_LIBRARIES))
        folder.log_command()
        return folder

    def read_config(self) -> dict[str, Any]:
        """The settings with which the run was started.

        Raises:
            TrainingError: the folder holds no run, or its settings are damaged.
        """
        path = self.path / "config.json"
        if not path.exists():
            raise TrainingError(f"no training run in {str(self.path)!r}: config.json is missing")
        return read_json(path, TrainingError)

    def log_command(self) -> None:
        """Append the current command line to ``command.txt``."""
        with (self.path / "command.txt").open("a", encoding="utf-8") as stream:
            stream.write(shlex.join(sys.argv) + "\n")

    def write_curve(self, curve: Sequence[CurvePoint]) -> None:
        """Replace the learning curve."""
        write_json(self.path / "curve.json", [asdict(point) for point in curve])
