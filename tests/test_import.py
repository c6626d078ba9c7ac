"""Importing the package is light, and its packages import one another in one direction."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

HEAVY = ("torch", "cvxpy", "stable_baselines3", "timm", "scipy", "matplotlib", "PIL", "typer", "rich", "yaml")

PROGRAM = f"""
import sys, time
import numpy, gymnasium  # the core dependencies, which any user of the package imports anyway
start = time.perf_counter()
import edgevision
print(time.perf_counter() - start)
print([name for name in {HEAVY} if name in sys.modules])
"""

WHOLE = "import time; start = time.perf_counter(); import edgevision; print(time.perf_counter() - start)"


def run(program: str) -> list[str]:
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout.splitlines()


def test_importing_loads_no_optional_dependency() -> None:
    assert run(PROGRAM)[1] == "[]"


def test_importing_takes_less_than_half_a_second() -> None:
    assert min(float(run(WHOLE)[0]) for _ in range(5)) < 0.5


def test_sub_packages_are_light_too() -> None:
    program = (
        "import edgevision.envs, edgevision.codecs, edgevision.baselines, edgevision.agents, edgevision.data, sys\n"
    )
    assert run(program + f"print([name for name in {HEAVY[:5]} if name in sys.modules])") == ["[]"]


@pytest.mark.parametrize(
    "package", ["envs", "baselines", "agents", "codecs", "data", "vision", "measure", "profiles", "experiments.figures"]
)
def test_every_exported_name_is_there(package: str) -> None:
    module = importlib.import_module(f"edgevision.{package}")
    assert [name for name in module.__all__ if not hasattr(module, name)] == []


def test_nobody_imports_upward() -> None:
    assert lint_imports(config_filename=str(Path(__file__).parents[1] / "pyproject.toml"), no_cache=True) == 0
