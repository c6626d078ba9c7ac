"""Two processes do not write to one folder, and what a killed one left half written is removed."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from edgevision.agents import TrainConfig, resume, train
from edgevision.agents.callback import EvaluateAndCheckpoint
from edgevision.errors import FolderInUseError, FolderRemovedError
from edgevision.experiments.evaluation.evaluate import EvaluationConfig, evaluate
from edgevision.locking import only_writer
from edgevision.storage.disk_files import write_atomically

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


def test_the_lock_is_removed_in_the_end(held: tuple[Path, subprocess.Popen[str]]) -> None:
    folder, process = held
    process.kill()
    process.wait()
    assert (folder / ".lock").exists()
    with only_writer(folder):
        assert (folder / ".lock").read_text().startswith(f"process {os.getpid()} on ")
    assert list(folder.iterdir()) == []


def test_a_lock_that_others_do_not_see_is_none(tmp_path: Path) -> None:
    with only_writer(tmp_path):
        (tmp_path / ".lock").unlink()
        with only_writer(tmp_path):
            pass
        assert not (tmp_path / ".lock").exists()  # nobody removes a lock that is not his


def test_a_removed_folder_is_not_made_again(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with (
        pytest.raises(FolderRemovedError, match=r"run was removed while this process wrote to it"),
        only_writer(folder),
    ):
        write_atomically(folder / "sub" / "file", b"x")
        shutil.rmtree(folder)
        write_atomically(folder / "sub" / "file", b"x")
    assert not folder.exists()


def test_a_folder_that_another_made_anew_is_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with pytest.raises(FolderRemovedError), only_writer(folder):
        folder.rename(tmp_path / "moved")
        folder.mkdir()
        write_atomically(folder / "file", b"x")
    assert list(folder.iterdir()) == []


def test_files_beside_the_folder_are_tidied_by_name(tmp_path: Path) -> None:
    names = (".a[1].npz.0123abcd.unfinished", ".b.npz.0123abcd.unfinished")
    for name in names:
        (tmp_path / name).write_bytes(b"half")
    with only_writer(tmp_path / "parts", tmp_path / "a[1].npz"):
        assert [(tmp_path / name).exists() for name in names] == [False, True]


def test_folders_with_a_lock_of_their_own_are_left_to_its_holder(tmp_path: Path) -> None:
    with only_writer(tmp_path / "inner"):
        (tmp_path / "inner" / ".a.0123abcd.unfinished").write_bytes(b"being written")
        with only_writer(tmp_path):
            assert (tmp_path / "inner" / ".a.0123abcd.unfinished").exists()


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


def test_a_run_whose_folder_is_removed_ends_with_one_error(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "run"

    def remove(*_: object, **__: object) -> None:
        shutil.rmtree(folder)

    hyperparameters = {"n_envs": 4, "n_steps": 8, "batch_size": 16, "width": 8}
    config = TrainConfig("EdgeVision/Paper-v0", folder, steps=64, settings={"users": 2, "episode_slots": 4},
                         evaluation_episodes=2, hyperparameters=hyperparameters)  # fmt: skip
    with pytest.MonkeyPatch.context() as patch, pytest.raises(FolderRemovedError):
        patch.setattr(EvaluateAndCheckpoint, "_begin_interval", remove)
        train(config)
    assert not folder.exists()
    assert "Traceback" not in capfd.readouterr().err


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
