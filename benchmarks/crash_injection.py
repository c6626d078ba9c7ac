"""Interrupt long commands at every call of the file system: a kill, a full disk, a bad sector.

Run:  OMP_NUM_THREADS=1 python benchmarks/crash_injection.py [COMMAND ...] [--points N]

COMMAND is one of those in ``tests/crash/commands.py``; without any all are run. After each fault the command is run
again. Its results must then be those of a run without faults, and nothing else may be left in its folder. Prints what
is wrong, and the counts; exits with 1 if anything is wrong. ``tests/crash/test_crash_injection.py`` runs a few points.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.crash.commands import COMMANDS  # noqa: E402 - after its folder is in the path


def main() -> None:
    """Sweep the commands, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("commands", nargs="*", metavar="COMMAND", help=", ".join(COMMANDS))
    parser.add_argument("--points", type=int, default=0, help="calls to interrupt, evenly spread; 0 for every call")
    given = parser.parse_args()
    if unknown := set(given.commands) - COMMANDS.keys():
        parser.error(f"unknown command {sorted(unknown)[0]!r} (known: {', '.join(COMMANDS)})")
    wrong = sum(sweep(name, given.points) for name in given.commands or COMMANDS)
    sys.exit(1 if wrong else 0)


def sweep(name: str, points: int) -> int:
    """Sweep one command in a process of its own; returns the number of faults after which something is wrong."""
    started, counts, wrong, calls = time.monotonic(), Counter[str](), 0, 0
    with tempfile.TemporaryDirectory() as folder:
        words = [sys.executable, "-m", "tests.crash.sweep", name, folder, str(points)]
        with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for outcome in map(json.loads, process.stdout):
                if "calls" in outcome:
                    calls = len(outcome["calls"])
                    continue
                counts[f"{outcome['kind']}: exit code {outcome['code']}"] += 1
                if outcome["wrong"]:
                    wrong += 1
                    print(f"  {name}, {outcome['kind']} at {outcome['number']} ({outcome['call']}): {outcome['wrong']}")
    if process.returncode:
        sys.exit(f"{name}: the sweep ended with {process.returncode}")
    told = ", ".join(f"{what} {number} times" for what, number in sorted(counts.items()))
    seconds = time.monotonic() - started
    print(f"{name}: {calls} calls, {counts.total()} faults ({told}), {wrong} wrong, {seconds:.0f} s", flush=True)
    return wrong


if __name__ == "__main__":
    main()
