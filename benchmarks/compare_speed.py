"""Compare the speed of the environments with that of another commit: CPU time of whole episodes, resets included.

Two processes, one on each checkout, take turns, so that what else the machine does hits both alike. The last column is
the median over the turns of the time of the other commit divided by the time of this checkout: above 1 is faster now.

Run on one core:  make bench-compare BASE=main
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import gymnasium

HERE = Path(__file__).resolve().parents[1]
IDS = tuple(f"EdgeVision/{name}-v0" for name in ("Paper", "Image", "Video", "Dynamic", "Stream"))


def vector(env_id: str, n: int) -> tuple[Callable[[], object], int]:
    """A step of ``n`` environments at a time, and the steps of an episode with its reset."""
    env = gymnasium.make_vec(env_id, num_envs=n)
    env.action_space.seed(0)
    env.reset(seed=0)
    actions = env.action_space.sample()
    return lambda: env.step(actions), env.unwrapped.config.slots[1] + 1


def scalar(env_id: str) -> tuple[Callable[[], object], int]:
    """A step of one environment, which is reset at the end of an episode, and the steps of an episode."""
    env = gymnasium.make(env_id).unwrapped
    env.action_space.seed(0)
    env.reset(seed=0)
    action = env.action_space.sample()

    def step() -> None:
        if env.step(action)[3]:
            env.reset()

    return step, env.config.slots[1]


def work() -> None:
    """Answer each line ``id n seconds`` with the CPU time of one environment's step [s]; n = 0 is the scalar one."""
    import edgevision  # noqa: F401 - registers the ids

    made: dict[tuple[str, int], tuple[Callable[[], object], int]] = {}
    for line in sys.stdin:
        env_id, number, seconds = line.split()
        n = int(number)
        if (env_id, n) not in made:
            made.clear()  # one at a time, so that their memory does not add up
            made[env_id, n] = vector(env_id, n) if n else scalar(env_id)
            made[env_id, n][0]()
        step, length = made[env_id, n]
        steps, start = 0, time.process_time()
        while time.process_time() - start < float(seconds) or not steps:
            for _ in range(length):
                step()
            steps += length
        print((time.process_time() - start) / (steps * max(n, 1)), flush=True)


def worker(checkout: Path) -> subprocess.Popen[str]:
    """A process that works on a checkout."""
    path = filter(None, [os.environ.get("PYTHONPATH")])
    return subprocess.Popen(
        [sys.executable, str(Path(__file__).resolve()), "--work"],
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(checkout), *path]), "OMP_NUM_THREADS": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def ask(process: subprocess.Popen[str], env_id: str, n: int, seconds: float) -> float:
    """One turn of a worker: CPU time of one environment's step [s]."""
    assert process.stdin is not None
    assert process.stdout is not None
    print(env_id, n, seconds, file=process.stdin, flush=True)
    answer = process.stdout.readline()
    if not answer:
        raise SystemExit(f"the worker stopped at {env_id} with {n} environments; its message is above")
    return float(answer)


def extract(commit: str, folder: Path) -> None:
    """Write the files of a commit of this repository into a folder."""
    archive = folder / "files.tar"
    command = ["git", "-C", str(HERE), "archive", "--output", str(archive), commit, "edgevision"]
    if subprocess.run(command, check=False).returncode:
        raise SystemExit(f"git knows no commit {commit!r}; give --base COMMIT")
    with tarfile.open(archive) as files:
        files.extractall(folder, filter="data")


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", default="HEAD", help="the other commit")
    parser.add_argument("--ids", nargs="+", default=IDS, help="environments")
    parser.add_argument("--envs", nargs="+", type=int, default=[0, 1024, 16384], help="numbers n; 0 is the scalar one")
    parser.add_argument("--seconds", type=float, default=0.5, help="CPU time of a turn; at least one episode is played")
    parser.add_argument("--turns", type=int, default=5, help="turns of each checkout")
    parser.add_argument("--work", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        work()
        return
    with tempfile.TemporaryDirectory() as folder:
        extract(options.base, Path(folder))
        other, this = worker(Path(folder)), worker(HERE)
        print(f"{'environment':24s} {'n':>6s} {'us a step, base':>16s} {'now':>8s} {'times faster':>13s}")
        for env_id in options.ids:
            for n in options.envs:
                pairs = [
                    (ask(other, env_id, n, options.seconds), ask(this, env_id, n, options.seconds))
                    for _ in range(options.turns)
                ]
                before, now = (1e6 * statistics.median(times) for times in zip(*pairs, strict=True))
                ratio = statistics.median(old / new for old, new in pairs)
                print(f"{env_id:24s} {n or 'scalar':>6} {before:16.3f} {now:8.3f} {ratio:13.2f}", flush=True)
        for process in (other, this):
            process.terminate()
            process.wait()


if __name__ == "__main__":
    main()
