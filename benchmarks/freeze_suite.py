"""Measure again what the benchmark's suite holds: the scores of its floors and best policies, and its certified bounds.

    OMP_NUM_THREADS=1 python benchmarks/freeze_suite.py --out runs/freeze

Only for maintainers, and only while the suite is not released; afterwards a change of an environment makes a new suite.
It keeps the tasks that `edgevision/experiments/benchmark/suites/EdgeVision-1.json` names, and writes the file again.
Then all entries must be scored again (`python benchmarks/classical_entries.py`).
"""

from __future__ import annotations

import argparse
from pathlib import Path

from edgevision.experiments.benchmark.freeze import freeze
from edgevision.experiments.benchmark.suite import CURRENT, FOLDER, load_suite


def main() -> None:
    """Freeze the suite and print what it holds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--suite", default=CURRENT)
    parser.add_argument("--folder", type=Path, default=FOLDER, help="folder of the suite's file")
    parser.add_argument("--out", type=Path, help="folder in which finished parts are stored")
    given = parser.parse_args()
    suite = freeze(load_suite(given.suite, given.folder), given.out)
    suite.save(given.folder)
    for task in suite.tasks:
        print(
            f"{task.name:16} floor {task.floor.score:.4f} ({task.floor.text})  best {task.best.score:.4f} "
            f"({task.best.text})  bound {task.bound:.4f}"
        )


if __name__ == "__main__":
    main()
