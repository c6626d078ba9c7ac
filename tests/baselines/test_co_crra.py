from __future__ import annotations

import itertools
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from edgevision import baselines
from edgevision.baselines.co_crra import resources
from edgevision.baselines.co_crra.co_crra import CoCRRA, CoCRRAExact
from edgevision.baselines.co_crra.convex_program import ResourceProgram
from edgevision.baselines.co_crra.resources import ResourceAllocator
from edgevision.baselines.operating_points import best_operating_points
from edgevision.envs import Allocation, SlotProblem, equal_shares
from edgevision.envs.config import SuccessModel
from edgevision.errors import AllocationError, PolicyOptionError, SlotProblemError
from tests.baselines.problems import nasty_problem, ordinary_problem

SOLVERS = ["batched", "clarabel"]
MODELS: list[tuple[str, SuccessModel]] = [("co-crra", "chernoff"), ("co-crra-exact", "exact")]


def start_of(problem: SlotProblem, model: SuccessModel = "chernoff") -> Allocation:
    shares = equal_shares(problem)
    return Allocation(best_operating_points(problem, *shares, model), *shares)


@pytest.mark.parametrize(("name", "model"), MODELS)
@pytest.mark.parametrize("fading", ["half-normal", "rayleigh"])
def test_values_rise_with_every_alternation(name: str, model: SuccessModel, fading: Any) -> None:
    problem = ordinary_problem(1, slots=5, fading=fading)
    values = [problem.value(start_of(problem, model), model)]
    policies = [baselines.make(name, max_iterations=cap) for cap in (1, 2, 4, 50)]
    values += [problem.value(policy.act(problem), model) for policy in policies]
    assert (np.diff(values, axis=0) >= 0).all()
    assert (values[-1] > values[0]).all()


@pytest.mark.parametrize("fading", ["half-normal", "rayleigh"])
def test_values_rise_with_every_convex_program(fading: Any) -> None:
    problem = ordinary_problem(2, slots=5, fading=fading)
    start = start_of(problem)
    values = [problem.value(start, "chernoff")]
    for cap in (1, 2, 4, 30):
        improved = ResourceAllocator("chernoff", 1e-6, cap).improve(problem, start)
        np.testing.assert_array_equal(improved.allocation.operating_point, start.operating_point)
        np.testing.assert_allclose(improved.value, problem.value(improved.allocation, "chernoff"), rtol=1e-12)
        assert improved.iterations.max() <= cap
        values.append(improved.value)
    assert (np.diff(values, axis=0) >= 0).all()


@pytest.mark.parametrize(("name", "model"), MODELS)
@pytest.mark.parametrize("seed", range(4))
def test_two_users_come_close_to_the_best_of_a_fine_grid(name: str, model: SuccessModel, seed: int) -> None:
    problem = ordinary_problem(seed, slots=1, users=2)
    share = np.linspace(0.25, 0.75, 61)
    grid = np.array(list(itertools.product(share, share)))
    many = problem[np.zeros(len(grid), np.int64)]
    bandwidth = np.stack([grid[:, 0], 1 - grid[:, 0]], axis=1) * 30e6
    power = np.stack([grid[:, 1], 1 - grid[:, 1]], axis=1) * 0.15
    points = best_operating_points(many, bandwidth, power, model)
    best = many.value(Allocation(points, bandwidth, power), model).max()
    found = problem.value(baselines.make(name).act(problem), model)[0]
    assert best - 0.005 <= found


POLICIES = ["co-crra", "co-crra-exact", "fcrra"]
START = {"co-crra": "fracr", "co-crra-exact": "fracr-exact", "fcrra": "fixed"}


def break_solver(monkeypatch: pytest.MonkeyPatch, broken: Callable[[int, np.ndarray], np.ndarray | None]) -> None:
    """Let answers of both solvers be ``broken(number of the program, answer)`` (2, n); ``None`` is a failure."""
    batched, single, programs = resources.solve_programs, ResourceProgram.solve, itertools.count()

    def solve_programs(numbers: np.ndarray, users: np.ndarray, fading: Any) -> tuple[np.ndarray, np.ndarray]:
        answers, solved = batched(numbers, users, fading)
        for slot, mine in enumerate(users):
            answer = broken(next(programs), answers[:, slot, mine])
            solved[slot] = answer is not None
            answers[:, slot, mine] = 1.0 if answer is None else answer
        return answers, solved

    def solve(self: ResourceProgram, numbers: np.ndarray) -> np.ndarray | None:
        return broken(next(programs), np.array(single(self, numbers)))

    monkeypatch.setattr(resources, "solve_programs", solve_programs)
    monkeypatch.setattr(ResourceProgram, "solve", solve)


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("name", POLICIES)
def test_a_failing_solver_leaves_the_start_and_is_reported(
    name: str, solver: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_solver(monkeypatch, lambda number, answer: None)
    problem = ordinary_problem(3, gain_scale=np.full((3, 4), 1e-3), raw_size=np.full((3, 4), 1.5e7))
    policy: Any = baselines.make(name, solver=solver)
    allocation = policy.act(problem)
    np.testing.assert_allclose(allocation.bandwidth, equal_shares(problem)[0], rtol=1e-12)
    np.testing.assert_allclose(allocation.power, equal_shares(problem)[1], rtol=1e-12)
    np.testing.assert_array_equal(policy.report.failures, 1)
    np.testing.assert_array_equal(policy.report.inner_iterations, 1)


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("name", POLICIES)
def test_a_solver_that_fails_now_and_then_costs_no_value(
    name: str, solver: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_solver(monkeypatch, lambda number, answer: None if number % 3 == 2 else answer)
    problem = ordinary_problem(3, slots=8)
    policy: Any = baselines.make(name, solver=solver)
    allocation = policy.act(problem)
    allocation.check(problem)
    start = baselines.make(START[name]).act(problem)
    model: SuccessModel = "exact" if name == "co-crra-exact" else "chernoff"
    assert (problem.value(allocation, model) >= problem.value(start, model)).all()
    assert 0 < policy.report.failures.sum() < policy.report.inner_iterations.sum()


@pytest.mark.parametrize("nonsense", [-1.0, 0.0, 1e300])
@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("name", POLICIES)
def test_a_solver_that_answers_nonsense_does_no_harm(
    name: str, solver: str, nonsense: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(number: int, answer: np.ndarray) -> np.ndarray:
        ones = np.ones(answer.shape)
        ones[0, 0] = ones[1, -1] = nonsense
        return ones

    break_solver(monkeypatch, wrong)
    problem = ordinary_problem(3, slots=8)
    allocation = baselines.make(name, solver=solver).act(problem)
    allocation.check(problem)
    start = baselines.make(START[name]).act(problem)
    model: SuccessModel = "exact" if name == "co-crra-exact" else "chernoff"
    assert (problem.value(allocation, model) >= problem.value(start, model)).all()


@pytest.mark.parametrize("name", POLICIES)
def test_both_solvers_give_the_same_values(name: str) -> None:
    for fading in ("half-normal", "rayleigh"):
        problem = ordinary_problem(7, slots=12, fading=fading)
        model: SuccessModel = "exact" if name == "co-crra-exact" else "chernoff"
        batched, single = (problem.value(baselines.make(name, solver=solver).act(problem), model) for solver in SOLVERS)
        np.testing.assert_allclose(batched, single, atol=1e-4)


def test_a_slot_is_answered_alike_alone_and_in_a_batch() -> None:
    problem = nasty_problem(8, slots=12)
    together = CoCRRA().act(problem)
    for slot in range(problem.slots):
        alone = CoCRRA().act(problem[slot : slot + 1])
        np.testing.assert_allclose(alone.bandwidth[0], together.bandwidth[slot], rtol=1e-9)


def test_there_are_two_solvers() -> None:
    with pytest.raises(PolicyOptionError, match="solver must be one of batched, clarabel, got 'ecos'"):
        baselines.make("co-crra", solver="ecos")


def test_a_solution_that_is_no_number_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def __init__(self, *_: Any) -> None: ...

        def solve(self) -> Any:
            return SimpleNamespace(status="Solved", x=np.full(10, np.nan))

    program = ResourceProgram(2, "half-normal")
    monkeypatch.setattr(program._compiled._clarabel, "DefaultSolver", Broken)
    assert program.solve(numbers_at_rest(2)) is None


@pytest.mark.parametrize("name", ["co-crra", "co-crra-exact", "fcrra"])
def test_the_report_counts_programs_and_time(name: str) -> None:
    active = np.ones((5, 4), bool)
    active[0] = False
    active[1, 1:] = False
    problem = ordinary_problem(6, slots=5, active=active)
    policy: Any = baselines.make(name, max_resource_iterations=2)
    policy.act(problem)
    report = policy.report
    assert report.seconds > 0
    np.testing.assert_array_equal(report.failures, 0)
    assert report.outer_iterations[0] == report.inner_iterations[0] == 0  # nobody asks for anything
    assert report.inner_iterations[1] == 0  # a lone user needs no program
    assert (report.outer_iterations[2:] >= 1).all()
    assert (report.inner_iterations <= 2 * report.outer_iterations).all()
    assert report.inner_iterations[2:].sum() > 0


def test_the_number_of_alternations_is_capped() -> None:
    policy: Any = baselines.make("co-crra", tolerance=0.0, max_iterations=2)
    policy.act(ordinary_problem(2, slots=5))
    assert policy.report.outer_iterations.max() <= 2


@pytest.mark.parametrize("name", ["co-crra", "co-crra-exact"])
def test_a_start_of_your_own_is_improved_on(name: str) -> None:
    problem, policy = ordinary_problem(4, slots=6), CoCRRA() if name == "co-crra" else CoCRRAExact()
    shares = baselines.make("random", seed=1).act(problem)
    points = best_operating_points(problem, shares.bandwidth, shares.power, policy.model)
    start = problem.value(Allocation(points, shares.bandwidth, shares.power), policy.model)
    allocation = policy.act_from(problem, shares.bandwidth, shares.power)
    allocation.check(problem)
    assert (problem.value(allocation, policy.model) > start).all()
    np.testing.assert_array_equal(
        policy.act_from(problem, *equal_shares(problem)).bandwidth, policy.act(problem).bandwidth
    )


def test_a_start_beyond_the_budgets_is_refused() -> None:
    problem = ordinary_problem(4)
    bandwidth, power = equal_shares(problem)
    with pytest.raises(AllocationError, match="C1"):
        CoCRRA().act_from(problem, 1.1 * bandwidth, power)
    with pytest.raises(AllocationError, match="C2"):
        CoCRRA().act_from(problem, bandwidth, 1.1 * power)
    with pytest.raises(AllocationError, match="NaN"):
        CoCRRA().act_from(problem, bandwidth, power * np.nan)


@pytest.mark.parametrize("name", ["co-crra", "co-crra-exact", "fcrra"])
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"min_bandwidth": np.full(3, 1e7)}, "C1, C3"),
        ({"min_power": np.full(3, 1.0)}, "C2, C4"),
        ({"bandwidth_budget": np.full(3, np.nan)}, "NaN|must be finite"),
    ],
)
def test_budgets_that_the_minima_exceed_are_refused(name: str, changes: dict[str, Any], message: str) -> None:
    with pytest.raises((AllocationError, SlotProblemError), match=message):
        baselines.make(name).act(ordinary_problem(0, **changes))


def test_a_program_without_a_solution_is_a_failure() -> None:
    program = ResourceProgram(2, "half-normal")
    assert program.solve(numbers_at_rest(2)) is not None
    for row, number in ((6, 3.0), (1, np.inf), (0, np.nan)):  # minima above the budget, numbers that are none
        impossible = numbers_at_rest(2)
        impossible[row] = number
        assert program.solve(impossible) is None


def test_users_beyond_help_give_their_shares_away() -> None:
    deadline = np.full((1, 3), 0.08)
    deadline[0, 0] = -1.0
    equal = {"gain_scale": np.full((1, 3), 1e-3), "raw_size": np.full((1, 3), 2e7)}
    problem = ordinary_problem(4, slots=1, users=3, deadline=deadline, **equal)
    for name in ("co-crra", "co-crra-exact", "fcrra"):
        allocation = baselines.make(name).act(problem)
        assert allocation.bandwidth[0, 0] == pytest.approx(problem.min_bandwidth[0])
        assert allocation.power[0, 0] == pytest.approx(problem.min_power[0])


def test_fixed_compression_is_improved_on_the_approximation() -> None:
    problem = nasty_problem(5, slots=100)
    start = baselines.make("fixed").act(problem)
    gain = problem.value(baselines.make("fcrra").act(problem), "chernoff") - problem.value(start, "chernoff")
    assert gain.min() >= 0
    assert gain.max() > 0.1


def numbers_at_rest(users: int, seed: int = 0) -> np.ndarray:
    """Numbers of an ordinary P2.2: equal shares, minima of half of them."""
    random = np.random.default_rng(seed)
    exponent = random.uniform(0.5, 20, users)
    equal, half = np.full(users, 1 / users), np.full(users, 0.5)
    weight = random.uniform(0.01, 1, users)
    return np.stack([weight, exponent, np.exp(-exponent), -np.expm1(-exponent), equal, equal, half, half])


@pytest.mark.parametrize("fading", ["half-normal", "rayleigh"])
def test_the_start_is_a_feasible_point_that_the_program_improves_on(fading: Any) -> None:
    problem = ResourceProgram(6, fading).problem
    assert problem.is_dcp(dpp=True)
    numbers = numbers_at_rest(6)
    problem.parameters()[0].value = numbers
    optimum = problem.solve(solver="CLARABEL")
    for variable in problem.variables():
        variable.value = np.ones(6)
    for constraint in problem.constraints:
        assert np.max(constraint.violation()) <= 1e-6
    assert optimum < problem.objective.value == pytest.approx(numbers[0].sum())


@pytest.mark.parametrize("fading", ["half-normal", "rayleigh"])
@pytest.mark.parametrize("users", [2, 7])
def test_the_compiled_program_solves_what_cvxpy_solves(users: int, fading: Any) -> None:
    program = ResourceProgram(users, fading)
    for seed in range(5):
        numbers = numbers_at_rest(users, seed)
        program.problem.parameters()[0].value = numbers
        program.problem.solve(solver="CLARABEL", warm_start=False)
        found = program.solve(numbers)
        assert found is not None
        for name, share in zip(("beta", "pi"), found, strict=True):
            (variable,) = (v for v in program.problem.variables() if v.name() == name)
            np.testing.assert_allclose(share, variable.value, atol=1e-6)


@pytest.mark.parametrize("fading", ["half-normal", "rayleigh"])
def test_the_program_agrees_with_the_constraints_as_printed(fading: Any) -> None:
    """C1..C4, C7 and C9..C13 one by one with all of the paper's variables, each in units of its last value."""
    import cvxpy as cp

    users = 5
    numbers = numbers_at_rest(users, seed=3)
    weight, exponent, _, _, bandwidth, power, min_bandwidth, min_power = numbers
    b, p, f, l, y, m, q, z = (cp.Variable(users) for _ in range(8))  # noqa: E741 - the paper's letter
    l0 = -1.0 if fading == "rayleigh" else -0.5  # with y0 = 1, so that weight = phi e^l0
    literal = cp.Problem(
        cp.Maximize(cp.sum(f)),
        [
            f <= cp.multiply(weight, 1 + l - l0),
            l <= (-y if fading == "rayleigh" else -cp.square(y) / 2),
            # (2^q0 - 1) m >= 2^q - 1, divided by 2^q0; undivided it is too badly scaled to solve.
            cp.multiply(1 - np.exp(-exponent), m) + np.exp(-exponent) >= cp.exp(np.log(2) * q - exponent),
            q >= cp.multiply(exponent / np.log(2), cp.inv_pos(b)),
            z >= cp.square(b + m) / 4 - (2 * (1 - 1) * (b - m) - (1 - 1) ** 2) / 4,
            4 * z + cp.square(y - p) <= 2 * (1 + 1) * (y + p) - (1 + 1) ** 2,
            bandwidth @ b <= 1,
            power @ p <= 1,
            b >= min_bandwidth,
            p >= min_power,
        ],
    )
    literal.solve(solver=cp.CLARABEL)
    found = ResourceProgram(users, fading).solve(numbers)
    assert found is not None
    np.testing.assert_allclose(found[0], b.value, atol=1e-3)
    np.testing.assert_allclose(found[1], p.value, atol=1e-3)
