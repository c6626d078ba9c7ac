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
from edgevision.storage.disk_files import is_unused, read_json, write_atomically, write_json

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
        folder.check_new()
        write_json(folder.path / "config.json", config)  # first, because a killed run can be resumed once it exists
        folder.note_start()
        return folder

    def check_new(self) -> None:
        """Check that there is no such folder, or nothing in it but a lock and what a killed process left half written.

        Raises:
            TrainingError: the path is a file or a folder that is not empty.
        """
        if self.path.exists() and (not self.path.is_dir() or not is_unused(self.path)):
            raise TrainingError(f"{self.path} is not empty; resume the run in it or choose another folder")

    def read_config(self) -> dict[str, Any]:
        """The settings with which the run was started.

        Raises:
            TrainingError: the folder holds no run, or its settings are damaged.
        """
        path = self.path / "config.json"
        if not path.exists():
            raise TrainingError(
                f"no training run in {str(self.path)!r}: config.json is missing; start one without --resume"
            )
        return read_json(path, TrainingError)

    def note_start(self) -> None:
        """Append the current command line to ``command.txt``; write ``versions.json`` if it is missing."""
        record = self.path / "versions.json"
        if not record.exists():  # at the first start, or when that was killed here
            write_json(record, versions(_LIBRARIES))
        path = self.path / "command.txt"
        earlier = path.read_bytes() if path.exists() else b""
        write_atomically(path, earlier + f"{shlex.join(sys.argv)}\n".encode())

    def write_curve(self, curve: Sequence[CurvePoint]) -> None:
        """Replace the learning curve."""
        write_json(self.path / "curve.json", [asdict(point) for point in curve])
