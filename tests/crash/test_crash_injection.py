"""Commands that are interrupted at some of their calls of the file system; benchmarks/crash_injection.py does all."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from .commands import COMMANDS
from .sweep import spread

pytest.importorskip("torch", reason="needs the extra 'codecs'")
pytest.importorskip("stable_baselines3", reason="needs the extra 'agents'")

ROOT = Path(__file__).parents[2]
#: Calls to interrupt, by kind of fault; few where a run takes seconds.
POINTS = dict.fromkeys(COMMANDS, 6) | {
    "evaluate-processes": 1,
    "train-stae": 3,
    "train-importance": 3,
    "profile-video": 3,
}


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="finds the files of open descriptors in /proc")
@pytest.mark.parametrize("name", COMMANDS)
def test_an_interrupted_command_goes_on_to_the_same_results(name: str, tmp_path: Path) -> None:
    words = [sys.executable, "-m", "tests.crash.sweep", name, str(tmp_path), str(POINTS[name])]
    lines = subprocess.run(words, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    calls, *outcomes = map(json.loads, lines)
    assert len(outcomes) == 3 * len(spread(len(calls["calls"]), POINTS[name]))
    assert [outcome for outcome in outcomes if outcome["wrong"]] == []
