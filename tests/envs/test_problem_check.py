"""What hand-built slot problems must be like."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from edgevision import baselines
from edgevision.errors import SlotProblemError
from tests.envs.strategies import random_problem


@pytest.mark.parametrize("name", ["gain_scale", "raw_size", "deadline", "size_fraction", "compute_time", "min_power"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_numbers_that_are_not_finite_are_refused(name: str, value: float) -> None:
    problem = random_problem(0)
    values = getattr(problem, name).copy()
    values.flat[0] = value
    with pytest.raises(SlotProblemError, match=f"{name} must be finite"):
        dataclasses.replace(problem, **{name: values}).check()


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [("gain_scale", -1.0, ">= 0"), ("power_budget", 0.0, "> 0"), ("noise_density", -1.0, "> 0")],
)
def test_numbers_out_of_range_are_refused(name: str, value: float, message: str) -> None:
    problem = random_problem(0)
    changed = dataclasses.replace(problem, **{name: np.full_like(getattr(problem, name), value)})
    with pytest.raises(SlotProblemError, match=f"{name} must be {message}"):
        changed.check()


def test_shapes_that_do_not_fit_are_refused() -> None:
    problem = random_problem(0)
    with pytest.raises(SlotProblemError, match="deadline must have shape"):
        dataclasses.replace(problem, deadline=problem.deadline[:, :1]).check()


@pytest.mark.parametrize("seed", range(5))
def test_what_environments_produce_passes(seed: int) -> None:
    random_problem(seed).check()
    passed = random_problem(seed)
    dataclasses.replace(passed, deadline=passed.deadline - 1).check()  # a deadline that has passed


@pytest.mark.parametrize("name", ["joint", "co-crra", "co-crra-exact"])
def test_solvers_check_what_they_are_given(name: str) -> None:
    pytest.importorskip("clarabel", reason="needs the extra 'convex'")
    problem = random_problem(0)
    broken = dataclasses.replace(problem, gain_scale=problem.gain_scale * np.nan)
    with pytest.raises(SlotProblemError, match="gain_scale"):
        baselines.make(name).act(broken)
