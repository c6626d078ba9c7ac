"""Killed and interrupted evaluations: nothing is lost, nothing is left behind, and the result is the same."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .command import PROGRAM, start

ARGUMENTS = [
    "evaluate", "EdgeVision/Paper-v0", "co-crra:solver=clarabel", "fixed", "--episodes", "30", "--set", "users=3",
    "--set", "episode_slots=8", "--processes", "2", "--out",
]  # fmt: skip


def wait_until(condition: Callable[[], bool], seconds: float = 60.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return False


def solver_parts(folder: Path) -> list[Path]:
    return list((folder / "parts").glob("co-crra*.npz"))


def group_is_gone(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


def policies(folder: Path) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads((folder / "evaluation.json").read_text())["policies"]
    for policy in listed:  # times differ from run to run
        for key in ("latency_p50_ms", "latency_p99_ms", "decision_seconds"):
            del policy[key]
        del policy["episodes"]["seconds"]
    return listed


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    folder = tmp_path_factory.mktemp("uninterrupted")
    subprocess.run([*PROGRAM, *ARGUMENTS, str(folder)], capture_output=True, check=True)
    return policies(folder)


def test_a_killed_evaluation_goes_on_to_the_same_result(tmp_path: Path, uninterrupted: list[dict[str, Any]]) -> None:
    process = start(*ARGUMENTS, str(tmp_path))
    assert wait_until(lambda: bool(solver_parts(tmp_path)))
    process.kill()
    process.communicate()
    kept = {path: path.stat().st_mtime_ns for path in solver_parts(tmp_path)}
    assert 0 < len(kept) < 6
    assert not (tmp_path / "evaluation.json").exists()
    assert wait_until(lambda: group_is_gone(process.pid), 20), "workers outlive a killed parent"
    subprocess.run([*PROGRAM, *ARGUMENTS, str(tmp_path)], capture_output=True, check=True)
    assert policies(tmp_path) == uninterrupted
    assert all(path.stat().st_mtime_ns == then for path, then in kept.items())
    assert len(solver_parts(tmp_path)) == 6


def test_ctrl_c_exits_130_without_a_traceback(tmp_path: Path) -> None:
    process = start(*ARGUMENTS, str(tmp_path))
    assert wait_until(lambda: bool(solver_parts(tmp_path)))
    os.killpg(process.pid, signal.SIGINT)  # what a terminal does: the whole group gets it
    output, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in output + errors
    assert "edgevision: stopped; the same command goes on" in errors
    assert wait_until(lambda: group_is_gone(process.pid), 20)


def test_a_terminated_evaluation_says_how_to_go_on_and_exits_143(tmp_path: Path) -> None:
    process = start(*ARGUMENTS, str(tmp_path))
    assert wait_until(lambda: bool(solver_parts(tmp_path)))
    process.terminate()
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 143
    assert "Traceback" not in output + errors
    assert "edgevision: stopped; the same command goes on" in errors
    assert wait_until(lambda: group_is_gone(process.pid), 20)


def test_an_interrupt_of_the_parent_alone_ends_the_workers_too(tmp_path: Path) -> None:
    process = start(*ARGUMENTS, str(tmp_path))
    assert wait_until(lambda: bool(solver_parts(tmp_path)))
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert wait_until(lambda: group_is_gone(process.pid), 20)


def test_a_worker_that_dies_is_named_and_what_is_finished_is_kept(tmp_path: Path) -> None:
    process = start(*ARGUMENTS, str(tmp_path))
    assert wait_until(lambda: bool(solver_parts(tmp_path)))
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    if not children.is_file():
        process.kill()
        pytest.skip("this system does not list a process's children in /proc")
    workers = [
        pid for pid in children.read_text().split() if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]
    assert workers
    os.kill(int(workers[0]), signal.SIGKILL)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "a worker process died" in errors and "Traceback" not in errors
    assert solver_parts(tmp_path)
