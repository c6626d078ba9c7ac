from __future__ import annotations

import cvxpy as cp
import numpy as np
import pytest

from edgevision.baselines.msvra import sum_rate_shares
from edgevision.envs import Allocation, SlotProblem, equal_shares
from edgevision.envs.channel.radio import data_rate
from tests.baselines.problems import nasty_problem, ordinary_problem


def sum_rate(problem: SlotProblem, bandwidth: np.ndarray, power: np.ndarray) -> np.ndarray:
    return data_rate(bandwidth, power, problem.gain_scale, problem.noise_density[:, None]).sum(axis=1)


def convex_optimum(problem: SlotProblem) -> float:
    """The largest sum rate of a one-slot problem in which everyone is active, by a generic solver [bit/s]."""
    strength = problem.gain_scale[0] * problem.power_budget[0] / problem.noise_density[0] / problem.bandwidth_budget[0]
    b, p = cp.Variable(problem.users), cp.Variable(problem.users)
    rate = -cp.sum(cp.rel_entr(b, b + cp.multiply(strength, p))) / np.log(2)
    limits = [cp.sum(b) <= 1, cp.sum(p) <= 1]
    limits += [b >= problem.min_bandwidth[0] / problem.bandwidth_budget[0]]
    limits += [p >= problem.min_power[0] / problem.power_budget[0]]
    return float(cp.Problem(cp.Maximize(rate), limits).solve(solver=cp.CLARABEL)) * problem.bandwidth_budget[0]


@pytest.mark.parametrize("seed", range(30))
def test_no_convex_solver_finds_a_larger_sum_rate(seed: int) -> None:
    random = np.random.default_rng(seed)
    users = int(random.integers(2, 7))
    strength = 10.0 ** random.uniform(-3, 3, (1, users))  # signal-to-noise ratios at equal shares
    least = random.uniform(0, 1, 2) / users
    problem = ordinary_problem(
        seed,
        slots=1,
        users=users,
        gain_scale=strength * 4e-21 * 30e6 / 0.15,
        min_bandwidth=np.array([30e6 * least[0]]),
        min_power=np.array([0.15 * least[1]]),
    )
    bandwidth, power = sum_rate_shares(problem)
    Allocation(np.zeros((1, users), np.int64), bandwidth, power).check(problem)
    assert sum_rate(problem, bandwidth, power)[0] == pytest.approx(convex_optimum(problem), rel=1e-6)


def test_the_sum_rate_never_falls_below_that_of_equal_shares() -> None:
    problem = nasty_problem(3, slots=2000)
    reference = sum_rate(problem, *equal_shares(problem))
    assert (sum_rate(problem, *sum_rate_shares(problem)) >= reference * (1 - 1e-9)).all()


def test_equal_users_get_equal_shares() -> None:
    problem = ordinary_problem(0, gain_scale=np.full((3, 4), 1e-3))
    for share, equal in zip(sum_rate_shares(problem), equal_shares(problem), strict=True):
        np.testing.assert_allclose(share, equal, rtol=1e-9)
