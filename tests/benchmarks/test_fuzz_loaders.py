"""Damaged and hostile files in bulk, for every loader of the package; ``benchmarks/fuzz_loaders.py`` runs more."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def fuzz(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, BENCHMARKS / "fuzz_loaders.py", "--keep", tmp_path / "kept", *arguments]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.mark.skipif(sys.platform != "linux", reason="limits memory as Linux does")
def test_no_loader_fails_in_a_short_run(tmp_path: Path) -> None:
    done = fuzz(tmp_path, "--inputs", "60", "--seed", "7")
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.splitlines() if ": 60 inputs" in line]
    assert len(lines) >= 18
    assert all("loaded" in line and "refused" in line for line in lines)
    assert not (tmp_path / "kept").exists()


PROBES = """
import sys; sys.path.insert(0, {benchmarks!r})
import fuzz_loaders, os, time
from hostile_files.loaders import LOADERS, Loader

def refuse(data, text=""):
    raise fuzz_loaders.EdgeVisionError(text)

def reserve(data):
    try:
        return bytearray(2**29)
    except MemoryError as reason:
        refuse(data, repr(reason))

def compute(data):
    started = time.process_time()
    while time.process_time() < started + 0.3:
        pass

probes = dict(number=int, memory=reserve, valid=refuse, slow=compute, hang=lambda data: time.sleep(60),
              crash=lambda data: os.abort(), good=len)
LOADERS.clear()
for name, probe in probes.items():
    LOADERS[name] = lambda work, probe=probe: Loader(
        ({{"a": b"12"}},), lambda folder: probe((folder / "a").read_bytes() if (folder / "a").exists() else b"1"),
        mib=64, seconds=0.2)
sys.argv = ["x", "--inputs", "25", "--keep", {kept!r}]
fuzz_loaders.main()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits memory as Linux does")
def test_the_fuzzer_reports_and_keeps_what_fails(tmp_path: Path) -> None:
    script = PROBES.format(benchmarks=str(BENCHMARKS), kept=str(tmp_path / "kept"))
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 1
    assert "FAILED: number, memory, valid, slow, hang, crash;" in done.stderr
    words = {"number": "ValueError", "memory": "allocation", "valid": "valid, but refused", "slow": "too slow"}
    for name, word in words.items():
        assert any(line.startswith(f"{name}: 25 inputs") and word in line for line in done.stdout.splitlines())
    assert "hang: exit code -14" in done.stderr
    assert "crash: exit code -6" in done.stderr
    assert {path.name for path in (tmp_path / "kept").iterdir()} == {*words, "hang", "crash"}
    assert all(any(path.rglob("about.txt")) for path in (tmp_path / "kept").iterdir())
