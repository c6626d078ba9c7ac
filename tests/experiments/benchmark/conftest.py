from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs the extra 'agents'")
pytest.importorskip("scipy", reason="needs the extra 'convex'")

from edgevision.experiments.benchmark.freeze import freeze
from edgevision.experiments.benchmark.run import run_benchmark
from edgevision.experiments.benchmark.submission import submit
from edgevision.experiments.benchmark.suite import Suite

from .tiny import CHOICE, WHO, perceptron


@pytest.fixture(scope="session")
def suite() -> Suite:
    return freeze(CHOICE)


@pytest.fixture(scope="session")
def entries(suite: Suite, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of two entries, ``fracr-exact`` and ``perceptron`` with two training seeds."""
    folder = tmp_path_factory.mktemp("benchmark")
    for seed in range(2):
        perceptron(folder / "agent" / f"seed{seed}", seed)
    for policy, name in (("fracr-exact", "fracr-exact"), (str(folder / "agent"), "perceptron")):
        run_benchmark(policy, suite, folder / "parts", report=lambda line: None).save(folder / f"{name}.json")
        submit(folder / f"{name}.json", suite, folder / "entries" / name, who=WHO)
    return folder / "entries"
