"""The batched solver of P2.2 against Clarabel, and what it does with programs that have no answer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgevision.baselines.co_crra.batched_program import solve_programs
from edgevision.baselines.co_crra.resources import solve_one_by_one

FADINGS = ["half-normal", "rayleigh"]


def random_programs(seed: int, programs: int, users: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """Programs with weights over many decades and unequal shares; some users do not take part."""
    random = np.random.default_rng(seed)
    shape = programs, users
    takes_part = random.random(shape) < 0.8
    takes_part[:, :2] = True
    exponent = 10.0 ** random.uniform(-1.5, 1.7, shape)
    weight = 10.0 ** random.uniform(-8, 0, shape) * takes_part
    shares = [random.dirichlet(np.full(users, 2.0), programs) * takes_part for _ in range(2)]
    shares = [of / of.sum(axis=1, keepdims=True) for of in shares]
    least = [random.choice([0.0, 0.5, 0.9, 1.0], shape) for _ in range(2)]
    weight /= weight.max(axis=1, keepdims=True)
    return np.stack([weight, exponent, np.exp(-exponent), -np.expm1(-exponent), *shares, *least]), takes_part


def objective(numbers: np.ndarray, users: np.ndarray, shares: np.ndarray, fading: str) -> np.ndarray:
    weight, exponent, decay, growth = numbers[:4]
    beta, pi = shares
    total = beta + (np.exp(exponent * (1 / beta - 1)) - decay) / growth
    upsilon = pi + 2 - np.sqrt(np.maximum(8 * pi - total**2, 0.0))
    each = weight * (upsilon if fading == "rayleigh" else np.maximum(upsilon, 0.0) ** 2)
    return np.asarray((each * users).sum(axis=1))


@pytest.mark.parametrize("fading", FADINGS)
def test_no_answer_is_worse_than_that_of_clarabel(fading: Any) -> None:
    numbers, users = random_programs(1, 120)
    mine, certified = solve_programs(numbers, users, fading)
    theirs, solved = solve_one_by_one(numbers, users, fading)
    assert certified.all()
    excess = objective(numbers, users, mine, fading) - objective(numbers, users, theirs, fading)
    assert (excess[solved] <= 1e-6 * objective(numbers, users, theirs, fading)[solved]).all()
    cost, least = numbers[4:6], np.where(users, numbers[6:8], 0.0)
    assert ((cost * mine * users).sum(axis=2) <= 1 + 1e-12).all()
    assert (mine >= least - 1e-9).all()
    assert (mine.transpose(1, 2, 0)[~users] == 1).all()


@pytest.mark.parametrize("fading", FADINGS)
def test_an_answer_does_not_depend_on_the_batch(fading: Any) -> None:
    numbers, users = random_programs(2, 40)
    together, _ = solve_programs(numbers, users, fading)
    for slot in range(0, 40, 7):
        alone, _ = solve_programs(numbers[:, slot : slot + 1], users[slot : slot + 1], fading)
        np.testing.assert_allclose(alone[:, 0], together[:, slot], rtol=1e-9)


def test_programs_without_an_answer_are_told_and_do_not_harm_others() -> None:
    numbers, users = random_programs(3, 4)
    expected, _ = solve_programs(numbers, users, "half-normal")
    numbers[0, 0, 0], numbers[1, 1, 0], numbers[6, 2] = np.nan, np.inf, 3.0
    found, certified = solve_programs(numbers, users, "half-normal")
    np.testing.assert_array_equal(certified, [False, False, False, True])
    np.testing.assert_array_equal(found[:, :3], 1.0)
    np.testing.assert_allclose(found[:, 3], expected[:, 3], rtol=1e-9)


def test_no_programs_are_answered_too() -> None:
    numbers, users = random_programs(4, 3)
    answer, certified = solve_programs(numbers[:, :0], users[:0], "rayleigh")
    assert answer.shape == (2, 0, 5)
    assert certified.shape == (0,)
