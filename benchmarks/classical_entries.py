"""Score the classical policies on the benchmark's suite, and write their entries and the tables.

    OMP_NUM_THREADS=1 nice python benchmarks/classical_entries.py

Every policy is scored as a stranger would score it (`edgevision benchmark run`, then `submit`). Parts are stored, so
the same command goes on after a stop. Policies that solve a convex program in every slot take longest, and come last.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from edgevision.experiments.benchmark.run import run_benchmark
from edgevision.experiments.benchmark.submission import submit
from edgevision.experiments.benchmark.suite import CURRENT, FOLDER, load_suite

ROOT = Path(__file__).resolve().parents[1]
#: The quickest first. References that know the future are no entries.
POLICIES = (
    *("fracr-exact", "fracr", "fixed", "random", "joint", "joint-content", "stae-budget", "stae-budget-joint", "local"),
    *("myopic", "mpc", "look-ahead", "adaptive", "pace", "lyapunov", "lagrangian"),
    *("max-age", "round-robin", "cusum", "two-state-filter", "filter", "convoy-filter", "coupled-filter", "tracker"),
    *("co-crra", "co-crra-exact", "co-crra-content", "fcrra", "msvra"),
)
WHO = "The edgevision authors"


def main() -> None:
    """Score, and pack what is scored."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("policies", nargs="*", default=POLICIES, help="by default all")
    parser.add_argument("--parts", type=Path, default=Path("runs/benchmark/classical"), help="where parts are stored")
    parser.add_argument("--entries", type=Path, default=ROOT / "benchmarks" / "results" / CURRENT)
    parser.add_argument("--ids", nargs="*", default=(), help="tasks or ids; by default all that fit")
    parser.add_argument("--suite", default=CURRENT)
    parser.add_argument("--folder", type=Path, default=FOLDER, help="folder of the suite's file")
    parser.add_argument("--processes", type=int, default=1)
    given = parser.parse_args()
    suite = load_suite(given.suite, given.folder)
    for name in given.policies:
        results = run_benchmark(name, suite, given.parts, names=given.ids, processes=given.processes)
        path = given.parts / f"{name}.json"
        results.save(path)
        entry = given.entries / name
        shutil.rmtree(entry, ignore_errors=True)
        submit(path, suite, entry, who=WHO)
        scores = ", ".join(f"{task} {score.normalised.estimate:.3f}" for task, score in results.tasks.items())
        print(f"{name}: {scores}", flush=True)


if __name__ == "__main__":
    main()
