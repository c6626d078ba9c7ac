"""Two processes do not write to one folder, and what a killed one left half written is removed."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from edgevision.agents import TrainConfig, resume, train
from edgevision.errors import FolderInUseError
from edgevision.experiments.evaluation.evaluate import EvaluationConfig, evaluate
from edgevision.locking import only_writer
from edgevision.storage import write_atomically

HOLD = """
import sys, time
from pathlib import Path
from edgevision.locking import only_writer
with only_writer(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def held(tmp_path: Path):
    """A folder that another process holds, and that process."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path / "run")], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield tmp_path / "run", process
    process.kill()
    process.communicate()


def test_the_second_writer_is_told_who_is_first(held: tuple[Path, subprocess.Popen[str]]) -> None:
    folder, process = held
    with pytest.raises(FolderInUseError, match=rf"in use by process {process.pid} on "), only_writer(folder):
        pass


def test_a_killed_process_holds_nothing(held: tuple[Path, subprocess.Popen[str]]) -> None:
    folder, process = held
    process.kill()
    process.wait()
    with only_writer(folder):
        pass


def test_what_was_left_half_written_is_removed(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    for name in (".a.json.0123abcd.unfinished", "sub/.b.npz.0123abcd.unfinished"):
        (tmp_path / name).write_bytes(b"half")
    (tmp_path / "kept.json").write_text("{}")
    with only_writer(tmp_path):
        assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == [".lock", "kept.json"]


def test_runs_and_evaluations_lock_their_folders(tmp_path: Path) -> None:
    settings = {"users": 2, "episode_slots": 4}
    asked = EvaluationConfig("EdgeVision/Paper-v0", ["fracr"], 2, settings=settings)
    with only_writer(tmp_path / "parts"), pytest.raises(FolderInUseError):
        evaluate(asked, tmp_path, show_progress=False)
    config = TrainConfig("EdgeVision/Paper-v0", tmp_path / "run", steps=64, settings=settings, evaluation_episodes=2,
                         hyperparameters={"n_envs": 4, "n_steps": 8, "batch_size": 16, "width": 8})  # fmt: skip
    train(config)
    with only_writer(config.folder), pytest.raises(FolderInUseError):
        resume(config.folder)


def test_files_have_the_permissions_that_the_user_asks_for(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_atomically(tmp_path / "file", b"x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o640


def test_a_full_disk_is_named_and_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    write_atomically(path, b"old")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left") as caught:
        write_atomically(path, b"new")
    assert caught.value.filename == str(path)
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]
