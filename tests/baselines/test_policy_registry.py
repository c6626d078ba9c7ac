from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest

from edgevision import baselines
from edgevision.envs.policy import is_batched, kind_of
from edgevision.errors import (
    AllocationError,
    MissingExtraError,
    PolicyOptionError,
    UnknownNameError,
    UnknownSettingError,
)
from tests.baselines.problems import ordinary_problem

PUBLISHED = {"co-crra", "co-crra-exact", "fcrra", "fixed", "fracr", "fracr-exact", "msvra", "random"}


def test_every_policy_is_known_by_its_name() -> None:
    assert set(baselines.names()) >= PUBLISHED
    for name in baselines.known():
        policy = baselines.make(name)
        assert policy.name == name
        solves = {
            "co-crra",
            "co-crra-exact",
            "co-crra-content",
            "fcrra",
            "msvra",
            "joint",
            "joint-content",
            "stae-budget-joint",
        }
        solves |= set(baselines.names(family="dynamic")) - {"random"}
        solves |= set(baselines.names(family="stream")) - {"random", "round-robin", "max-age", "cusum"}
        assert kind_of(policy) == ("solver" if name in solves else "rule")
        assert is_batched(policy)


def test_an_unknown_name_is_refused_with_a_suggestion() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'co-crra'"):
        baselines.make("co-cra")


def test_a_name_cannot_be_taken_twice() -> None:
    with pytest.raises(ValueError, match="already registered"):

        @baselines.register
        class Impostor:
            name = "fixed"


@pytest.mark.parametrize("name", ["co-crra", "co-crra-exact", "fcrra"])
@pytest.mark.parametrize("module", ["cvxpy", "clarabel"])
def test_a_missing_solver_names_the_extra(name: str, module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=r"edgevision-gym\[convex\]"):
        baselines.make(name, solver="clarabel")


@pytest.mark.parametrize("name", ["co-crra", "co-crra-exact", "fcrra"])
def test_solving_one_by_one_is_no_batch(name: str) -> None:
    assert not is_batched(baselines.make(name, solver="clarabel"))


@pytest.mark.parametrize("name", ["fixed", "msvra", "fcrra"])
def test_a_fixed_operating_point_must_exist(name: str) -> None:
    problem = ordinary_problem(0)
    assert (baselines.make(name).act(problem).operating_point == problem.points // 2).all()
    assert (baselines.make(name, operating_point=3).act(problem).operating_point == 3).all()
    with pytest.raises(AllocationError, match="operating_point 20 does not exist"):
        baselines.make(name, operating_point=20).act(problem)
    for point in (-1, 1.5, True, "3"):
        with pytest.raises(AllocationError, match="operating_point must be a whole number"):
            baselines.make(name, operating_point=point)


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("co-crra", {"tolerance": "small"}, "tolerance must be a number from 0"),
        ("co-crra", {"max_iterations": 2.5}, "max_iterations must be a whole number"),
        ("fcrra", {"resource_tolerance": None}, "resource_tolerance must be a number"),
        ("random", {"seed": -1}, "seed must be a whole number"),
        ("joint", {"model": "best"}, "model must be one of exact, chernoff"),
    ],
)
def test_options_are_checked(name: str, options: dict[str, Any], said: str) -> None:
    with pytest.raises(PolicyOptionError, match=said):
        baselines.make(name, **options)


def test_unknown_options_are_named_with_the_known_ones() -> None:
    with pytest.raises(
        UnknownSettingError, match=r"unknown setting of policy 'fixed' 'colour' .known: operating_point"
    ):
        baselines.make("fixed", colour="red")
    with pytest.raises(UnknownSettingError, match=r"unknown setting of policy 'fracr' 'colour' .there is none"):
        baselines.make("fracr", colour="red")


def test_the_random_policy_repeats_with_its_seed_only() -> None:
    problem = ordinary_problem(1)
    first, again, other = (baselines.make("random", seed=seed).act(problem) for seed in (5, 5, 6))
    np.testing.assert_array_equal(first.bandwidth, again.bandwidth)
    np.testing.assert_array_equal(first.operating_point, again.operating_point)
    assert (first.bandwidth != other.bandwidth).any()
