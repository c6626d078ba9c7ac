"""Feed damaged and hostile files to every loader of the package: each must load or refuse them in one line.

Run:  OMP_NUM_THREADS=1 python benchmarks/fuzz_loaders.py --inputs 20000 profile trace

Each loader runs in a child process. It may use a number of MiB of address space beyond that at its start, and a number
of seconds of a processor per call; hostile_files/loaders.py sets them and the last line states them. Failures are a
crash, an exception that is no EdgeVisionError, a message of several lines or that cannot be printed, a call that is too
slow, and an allocation beyond the limit. Their files are kept in a folder, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import multiprocessing
import re
import shutil
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from pathlib import Path
from random import Random

from fuzzing import limit_memory
from hostile_files.loaders import LOADERS, Files, Loader
from hostile_files.mutation import changed

from edgevision.errors import EdgeVisionError

_SHARED = Path("/dev/shm")  # noqa: S108 - in memory; each run makes a folder of its own there
_UNMUTATED = 0.02  # share of inputs that must load
_RENEWED = 0.8  # share of inputs with right checksums
_PATIENCE = 12  # a call may take this many times its limit on the clock, as other processes may hold the cores
_KEPT = 20  # inputs of a loader that are kept


def main() -> None:
    """Fuzz the chosen loaders one after the other."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("loaders", nargs="*", metavar="LOADER", help=f"all by default: {', '.join(LOADERS)}")
    parser.add_argument("--inputs", type=int, default=20_000, help="inputs for each loader")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, default=Path("runs/fuzz-failures"), help="folder for files that fail")
    options = parser.parse_args()
    if unknown := set(options.loaders) - LOADERS.keys():
        parser.error(f"unknown loader {sorted(unknown)[0]} (known: {', '.join(LOADERS)})")
    failed = [name for name in options.loaders or LOADERS if not _fuzz_in_child(name, options)]
    if failed:
        print(f"FAILED: {', '.join(failed)}; files and tracebacks: {options.keep}", file=sys.stderr)
        sys.exit(1)


def _fuzz_in_child(name: str, options: argparse.Namespace) -> bool:
    """Fuzz one loader; whether nothing failed."""
    with tempfile.TemporaryDirectory(prefix="fuzz-", dir=_SHARED if _SHARED.is_dir() else None) as folder:
        child = multiprocessing.get_context("fork").Process(target=_fuzz, args=(name, options, Path(folder)))
        child.start()
        child.join()
        if child.exitcode not in (0, 1):  # a crash, or the alarm clock
            _keep(options.keep / name / "last", Path(folder) / "input", f"exit code {child.exitcode}")
        if child.exitcode:
            print(f"{name}: exit code {child.exitcode}", file=sys.stderr)
    return child.exitcode == 0


def _fuzz(name: str, options: argparse.Namespace, folder: Path) -> None:
    random, started, failures, slowest = Random(f"{name} {options.seed}"), time.perf_counter(), 0, 0.0
    counts: Counter[str] = Counter()
    warnings.simplefilter("ignore")
    with contextlib.redirect_stdout(io.StringIO()):
        loader = LOADERS[name](folder / "seeds")
    limit_memory(loader.mib)
    target = folder / "input"
    for number in range(options.inputs):
        files, valid = _input(loader, random)
        _write(target, files)
        began = time.process_time()
        answer, about = _call(loader, target)
        taken = time.process_time() - began
        slowest = max(slowest, taken)
        if taken > loader.seconds:
            answer, about = "too slow", f"{taken:.1f} s"
        if valid and answer != "loaded":
            answer = "valid, but refused"
        counts[answer] += 1
        if answer not in ("loaded", "refused"):
            failures += 1
            if failures <= _KEPT:
                _keep(options.keep / name / f"{options.seed}-{number}", target, about)
    answers = ", ".join(f"{count} {answer}" for answer, count in sorted(counts.items()))
    print(
        f"{name}: {options.inputs} inputs in {time.perf_counter() - started:.0f} s: {answers}; "
        f"slowest {1e3 * slowest:.0f} ms; limits: {loader.mib} MiB, {loader.seconds:g} s",
        flush=True,
    )
    sys.exit(failures > 0)


def _input(loader: Loader, random: Random) -> tuple[Files, bool]:
    """One input, and whether it is valid."""
    files = dict(random.choice(loader.seeds))
    if random.random() < _UNMUTATED:
        return files, True
    for _ in range(random.choice((1, 1, 1, 2))):
        name = random.choice(list(files))
        if random.random() < 0.02:
            del files[name]
            break
        with contextlib.suppress(Exception):  # the first change may leave nothing for the second
            files[name] = changed(name, files[name], random)
    with contextlib.suppress(KeyError):
        return (loader.renew(files) if random.random() < _RENEWED else files), False
    return files, False


def _write(target: Path, files: Files) -> None:
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    for name, data in files.items():
        (target / name).write_bytes(data)


def _call(loader: Loader, target: Path) -> tuple[str, str]:
    """Load the files: what came of it, and the traceback of a failure."""
    signal.setitimer(signal.ITIMER_REAL, _PATIENCE * loader.seconds)  # ends the process if the call hangs
    try:
        loader.load(target)
        return "loaded", ""
    except EdgeVisionError as error:
        text = str(error)
        fault = "several lines" if len(text.splitlines()) > 1 else "does not print" if not _prints(text) else ""
        fault = fault or ("allocation" if re.search(r"allocat|MemoryError|can't map", text) else "")
        fault = fault or (f"{len(text)} characters" if len(text) > 2000 else "")
        return (f"bad message: {fault}", traceback.format_exc()) if fault else ("refused", text)
    except Exception as error:
        return type(error).__name__, traceback.format_exc()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _prints(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _keep(where: Path, files: Path, about: str) -> None:
    shutil.rmtree(where, ignore_errors=True)
    shutil.copytree(files, where)
    (where / "about.txt").write_text(about, encoding="utf-8", errors="replace")


if __name__ == "__main__":
    main()
