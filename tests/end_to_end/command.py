"""Running the command line in tests."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from edgevision.cli import main

PROGRAM = [sys.executable, "-m", "edgevision.cli"]


def run(*arguments: str) -> int:
    """Run the command in this process and return its exit code."""
    with pytest.raises(SystemExit) as stop:
        main(list(arguments))
    assert isinstance(stop.value.code, int)
    return stop.value.code


def start(*arguments: str) -> subprocess.Popen[str]:
    """Start the command as a process group of its own that can be interrupted.

    A shell without job control starts background jobs with SIGINT ignored, and children inherit that: the tests would
    otherwise depend on how they were started.
    """
    return subprocess.Popen(
        [*PROGRAM, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
