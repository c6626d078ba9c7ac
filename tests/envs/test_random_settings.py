"""Random settings, sensible and not, end in a working environment or in one of the package's own errors."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgevision.checks import real_number, whole_number
from edgevision.envs import ScenarioConfig
from edgevision.errors import ScenarioError

FUZZER = Path(__file__).parents[2] / "benchmarks" / "fuzz_scenarios.py"


def test_random_settings_work_or_are_refused_in_one_line() -> None:
    ran = subprocess.run([sys.executable, str(FUZZER), "--count", "150", "--seed", "5"], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    counts = {line.split()[1]: int(line.split()[0]) for line in ran.stdout.splitlines()[:-1]}
    assert sum(counts.values()) == 150
    assert counts.keys() <= {"worked", "ScenarioError", "UnknownNameError", "UnknownSettingError"}
    assert counts["worked"] > 10


@pytest.mark.parametrize("kind", [int, float, np.float16, np.float32, np.int64, np.uint8, np.array, Fraction])
def test_numbers_of_any_kind_become_pythons_own(kind: Any) -> None:
    config = ScenarioConfig(bandwidth_mhz=kind(8), deadline_ms=(kind(50), kind(60)))
    assert type(config.bandwidth_mhz) is float
    assert config == ScenarioConfig(bandwidth_mhz=8.0, deadline_ms=(50.0, 60.0))


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(10**400, id="large"),
        pytest.param(10**5000, id="huge"),
        np.inf,
        np.nan,
        "8",
        b"8",
        True,
        np.bool_(True),
        None,
        1j,
        [8.0],
    ],
)
def test_what_is_no_number_is_quoted_in_one_short_line(value: Any) -> None:
    for check in (real_number, whole_number):
        with pytest.raises(ScenarioError, match=r"^bandwidth must be a") as caught:
            check("bandwidth", value, 0, 10, ScenarioError)
        assert len(str(caught.value)) < 300
        assert "\n" not in str(caught.value)
