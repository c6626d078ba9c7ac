from __future__ import annotations

import math

import numpy as np
import pytest

from edgevision import baselines
from edgevision.baselines import best_operating_points, tune_fixed_point
from edgevision.envs import Allocation, equal_shares
from edgevision.envs.config import SuccessModel
from tests.baselines.problems import nasty_problem, ordinary_problem


@pytest.mark.parametrize("model", ["exact", "chernoff"])
def test_enumeration_finds_what_a_loop_over_the_formulae_finds(model: SuccessModel) -> None:
    problem = ordinary_problem(2, active=np.random.default_rng(2).random((3, 4)) < 0.7)
    bandwidth, power = equal_shares(problem)
    points = best_operating_points(problem, bandwidth, power, model)
    for n, u in np.ndindex(*problem.active.shape):
        if not problem.active[n, u]:
            assert points[n, u] == 0
            continue
        scores = []
        for k in range(problem.points):
            bits = problem.raw_size[n, u] * problem.size_fraction[n, u, k]
            snr = 2.0 ** (bits / (bandwidth[n, u] * problem.deadline[n, u])) - 1
            x = snr * problem.noise_density[n] * bandwidth[n, u] / (power[n, u] * problem.gain_scale[n, u])
            success = math.exp(-x * x / 2) if model == "chernoff" else math.erfc(x / math.sqrt(2))
            scores.append(problem.accuracy[n, u, k] * success)
        assert scores[points[n, u]] == pytest.approx(max(scores), rel=1e-9)


def test_exact_enumeration_is_the_best_that_equal_shares_allow() -> None:
    problem = nasty_problem(11, slots=200)
    best = problem.value(baselines.make("fracr-exact").act(problem))
    assert (best >= problem.value(baselines.make("fracr").act(problem))).all()
    for point in range(problem.points):
        assert (best >= problem.value(baselines.make("fixed", operating_point=point).act(problem))).all()


@pytest.mark.parametrize("name", ["fixed", "msvra", "fcrra"])
def test_tuning_finds_the_best_of_all_points(name: str) -> None:
    problem = ordinary_problem(4, slots=6, points=8)

    def score(point: int) -> float:
        return float(problem.value(baselines.make(name, operating_point=point).act(problem)).mean())

    chosen = tune_fixed_point(lambda point: baselines.make(name, operating_point=point), problem)
    assert score(chosen) == pytest.approx(max(map(score, range(8))), rel=1e-12)
    few = tune_fixed_point(lambda point: baselines.make(name, operating_point=point), problem, candidates=[1, 3])
    assert few == max((1, 3), key=score)


def test_enumeration_rates_the_allocation_it_belongs_to() -> None:
    problem = ordinary_problem(5)
    shares = equal_shares(problem)
    points = best_operating_points(problem, *shares)
    table = problem.accuracy * problem.success_probabilities(*shares)
    np.testing.assert_allclose(problem.task_success(Allocation(points, *shares)), table.max(axis=2), rtol=1e-12)
