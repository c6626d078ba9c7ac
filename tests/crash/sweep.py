"""Run one command again and again, each time with a fault at another call of the file system.

A forked process makes each run, because a fork takes milliseconds and the imports take seconds.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import json
import os
import re
import shutil
import signal
import sys
import threading
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NoReturn

from tests.crash.commands import COMMANDS, Command
from tests.crash.faults import Faults, Kind
from tests.crash.results import differences, results

KINDS: tuple[Kind, ...] = ("kill", "ENOSPC", "EIO")
_BAR = re.compile(r"\d:\d\d:\d\d (\d:\d\d:\d\d|-:--:--)$")
_LONGEST = 120.0  # [s] for one run


@dataclass(frozen=True)
class Outcome:
    """What came of one fault.

    Attributes:
        kind: of the fault.
        number: of the call that failed, from 1.
        call: name and path of this call.
        code: exit code; -9 after a kill.
        said: last line on stderr.
        wrong: what is not as it should be, in words.
    """

    kind: Kind
    number: int
    call: str
    code: int
    said: str
    wrong: list[str]


class Sweep:
    """Runs of one command in a folder that is given, new and empty."""

    def __init__(self, name: str, folder: Path) -> None:
        self.command: Command = COMMANDS[name]
        self.inputs, self.out, self._log = folder / "inputs", folder / "out", folder / "log"
        self._report = folder / "report.json"
        self.inputs.mkdir()
        self.command.prepare(self.inputs)

    def reference(self) -> tuple[list[str], dict[str, Any]]:
        """The calls of a run without faults, and what it leaves; imports what it imported."""
        code, text = self._run(self._words(), Faults(self.out))
        if code:
            raise RuntimeError(f"the command does not work: {text}")
        report = json.loads(self._report.read_text())
        for module in report["modules"]:
            with contextlib.suppress(Exception):
                importlib.import_module(module)
        found = results(self.out)
        shutil.rmtree(self.out)
        gc.collect()
        gc.freeze()  # so that forked processes neither copy nor collect what is here
        return report["calls"], found

    def inject(self, kind: Kind, number: int, calls: list[str], expected: dict[str, Any]) -> Outcome:
        """Make one call fail, run the command again, and compare what is left with ``expected``."""
        code, text = self._run(self._words(), Faults(self.out, number, kind))
        call = calls[number - 1] if number <= len(calls) else "after the last"
        lines = text.splitlines()
        said = lines[-1] if lines else ""
        wrong = _complaints(kind, code, text, str(self.out))
        again, text = self._go_on()
        if again:
            wrong.append(f"the next run fails with {again}: {text.strip()[-300:]}")
        elif "Traceback" in text:
            wrong.append(f"the next run prints a traceback: {text.strip()[-300:]}")
        else:
            wrong += differences(results(self.out), expected)
        shutil.rmtree(self.out, ignore_errors=True)
        return Outcome(kind, number, call, code, said, wrong)

    def _words(self) -> list[str]:
        return self.command.arguments(self.inputs, self.out)

    def _go_on(self) -> tuple[int, str]:
        """Run the command again; a training run goes on with ``--resume``, unless it says that there is none."""
        words = self._words()
        if self.command.resumes:
            code, text = self._run([*words[:2], "--resume", "--out", str(self.out)], Faults(self.out))
            if code == 0 or "without --resume" not in text:
                return code, text
        return self._run(words, Faults(self.out))

    def _run(self, words: list[str], faults: Faults) -> tuple[int, str]:
        """Run the command in a forked process; returns its exit code and what it printed on stderr."""
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            self._become(words, faults)
        deadline = time.monotonic() + _LONGEST
        while time.monotonic() < deadline:
            done, status = os.waitpid(child, os.WNOHANG)
            if done:
                return os.waitstatus_to_exitcode(status), self._log.read_text()
            time.sleep(0.002)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return -1, f"hung: {self._log.read_text()}"

    def _become(self, words: list[str], faults: Faults) -> NoReturn:
        """Run the command in this process, which then ends as Python does, but for taking down the parent's modules."""
        log = os.open(self._log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(log, 2)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        from edgevision.cli import main

        faults.install()
        try:
            main(words)
        except SystemExit as end:
            code = end.code
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        gc.collect()  # files that are still open say here what they could not write
        modules = [name for name in sys.modules if not name.startswith("__")]
        self._report.write_text(json.dumps({"calls": faults.calls, "modules": modules}))
        sys.stderr.flush()
        os._exit(code)


def _complaints(kind: Kind, code: int, text: str, folder: str) -> list[str]:
    if kind == "kill":
        return [] if code in (0, -signal.SIGKILL) else [f"exit code {code}: {text.strip()[-300:]}"]
    if code == 0:
        return [] if not text_after_progress(text) else [f"exit code 0, but it says {text.strip()[-300:]}"]
    wrong = [] if code in (2,) else [f"exit code {code}"]
    lines = text_after_progress(text)
    if len(lines) != 1 or not lines[0].startswith("edgevision: "):
        wrong.append(f"not one line: {text.strip()[-600:]}")
    elif folder not in lines[0]:
        wrong.append(f"names no path: {lines[0]}")
    return wrong


def text_after_progress(text: str) -> list[str]:
    """The lines on stderr that are not progress bars."""
    return [line for line in text.splitlines() if line.strip() and not _BAR.search(line)]


def spread(count: int, points: int) -> list[int]:
    """Numbers from 1 to ``count``, evenly spread."""
    return sorted({1 + (2 * i + 1) * count // (2 * points) for i in range(min(points, count))})


def main() -> None:
    """Sweep: NAME FOLDER POINTS (0 for every call); prints calls and outcomes as JSON lines."""
    name, folder, points = sys.argv[1], Path(sys.argv[2]).resolve(), int(sys.argv[3])
    sweep = Sweep(name, folder)
    calls, expected = sweep.reference()
    print(json.dumps({"calls": calls}), flush=True)
    for kind, number in _points(len(calls), points):
        print(json.dumps(asdict(sweep.inject(kind, number, calls, expected))), flush=True)
    gc.unfreeze()


def _points(calls: int, points: int) -> Iterable[tuple[Kind, int]]:
    for kind in KINDS:
        yield from ((kind, number) for number in spread(calls, points or calls))


if __name__ == "__main__":
    main()
