"""P2: bandwidth and power for fixed compression, by successive convex approximation (Algorithm 1, lines 12-17)."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from edgevision.arrays import BoolArray, FloatArray, IntArray
from edgevision.baselines.co_crra.batched_program import solve_programs
from edgevision.baselines.co_crra.convex_program import ResourceProgram
from edgevision.baselines.ladder import with_points
from edgevision.baselines.shares import fill_budgets
from edgevision.checks import real_number, whole_number
from edgevision.envs.allocation import Allocation
from edgevision.envs.channel import radio
from edgevision.envs.config import Fading, SuccessModel
from edgevision.envs.problem import SlotProblem
from edgevision.errors import PolicyOptionError, shown
from edgevision.imports import require_all

#: ``batched`` solves the programs of all slots at once in NumPy, ``clarabel`` one by one with Clarabel.
Solver = Literal["batched", "clarabel"]

# P2.2 leaves out users whose task success gains less than this between the least and the most resources.
NOTHING_TO_GAIN = 1e-9
# exp(-x) is zero for larger x.
LOG_UNDERFLOW = 700.0
# At a larger log x, P = exp(-x^2 / 2) is zero and one step cannot change that.
LOG_HOPELESS = 7.0


@dataclass(frozen=True, eq=False)
class Improvement:
    """Result of ``ResourceAllocator.improve`` for N slots.

    Attributes:
        allocation: the improved allocation.
        value: its value on the allocator's success model, (N,).
        iterations: convex programs solved, (N,).
        failures: convex programs that were not solved with certainty, (N,); such a slot keeps its last iterate.
    """

    allocation: Allocation
    value: FloatArray
    iterations: IntArray
    failures: IntArray


class ResourceAllocator:
    """Solves P2 for a batch of slots by a sequence of P2.2, each linearised at the last iterate.

    P2.2 maximises a lower bound that touches the paper's approximation at the iterate, so the value on that model rises
    from step to step. A step is accepted only if it raises the value on ``model``. A slot stops at its first step that
    gains no more than ``tolerance`` of its value.
    """

    def __init__(
        self, model: SuccessModel | None, tolerance: float, max_iterations: int, solver: Solver = "batched"
    ) -> None:
        """Set the success model, the stopping rule and the solver.

        Args:
            model: success model on which a step must be an improvement; ``None`` is the scenario's own.
            tolerance: eps2 of Algorithm 1, relative to the value of the slot.
            max_iterations: most steps per slot.
            solver: who solves the convex programs.

        Raises:
            PolicyOptionError: the stopping rule is not of such numbers, or there is no such solver.
            MissingExtraError: ``clarabel`` without cvxpy or Clarabel.
        """
        if solver not in get_args(Solver):
            raise PolicyOptionError(f"solver must be one of {', '.join(get_args(Solver))}, got {shown(solver)}")
        if solver == "clarabel":
            require_all(("cvxpy", "clarabel"), "convex")
        self.solver = solver
        self.model = model
        self.tolerance = real_number("resource_tolerance", tolerance, 0, 1, PolicyOptionError)
        self.max_iterations = whole_number("max_resource_iterations", max_iterations, 0, 10**6, PolicyOptionError)

    def improve(self, problem: SlotProblem, start: Allocation) -> Improvement:
        """Improve bandwidth and power of a feasible allocation at fixed operating points; the value never falls.

        Raises:
            AllocationError: ``start`` breaks a constraint, for example because the minima exceed a budget.
        """
        start.check(problem)
        iterations, failures = np.zeros((2, problem.slots), np.int64)
        fixed = with_points(problem, start.operating_point[..., None])
        bandwidth, power = start.bandwidth.copy(), start.power.copy()
        best = Allocation(np.zeros_like(start.operating_point), bandwidth, power)
        value = fixed.value(best, self.model)
        can_gain = users_who_can_gain(fixed, self.model)
        running = np.asarray(can_gain.any(axis=1))
        for _ in range(self.max_iterations):
            (slots,) = np.nonzero(running)
            if not len(slots):
                break
            part = fixed[slots]
            proposal, solved, failed = self._step(part, best[slots], can_gain[slots])
            iterations[slots] += solved
            failures[slots] += failed
            gain = np.maximum(part.value(proposal, self.model) - value[slots], 0.0)
            better = gain > 0
            bandwidth[slots[better]], power[slots[better]] = proposal.bandwidth[better], proposal.power[better]
            value[slots] += gain
            running[slots] = gain > self.tolerance * value[slots]
        return Improvement(Allocation(start.operating_point, bandwidth, power), value, iterations, failures)

    def _step(
        self, problem: SlotProblem, last: Allocation, can_gain: BoolArray
    ) -> tuple[Allocation, BoolArray, BoolArray]:
        """Optimum of P2.2 around ``last``, and masks (N,) of slots where a program was solved and where it failed."""
        # Users that cannot gain, or whose weight underflows relative to the largest, get the minimum. The others divide
        # the rest; a single one gets all of it without a program.
        log_weight = np.where(can_gain, log_weights(problem, last), -np.inf)
        helped = log_weight > log_weight.max(axis=1, keepdims=True) - LOG_UNDERFLOW
        keep = helped | ~helped.any(axis=1, keepdims=True)
        base = _filled(problem, last, np.where(keep, last.bandwidth, 0.0), np.where(keep, last.power, 0.0))
        numbers = linearise(problem, base, helped)
        solved = helped.sum(axis=1) > 1
        growth, certain = np.ones((2, *helped.shape)), np.zeros_like(solved)
        solve = solve_programs if self.solver == "batched" else solve_one_by_one
        growth[:, solved], certain[solved] = solve(numbers[:, solved], helped[solved], problem.fading)
        bandwidth, power = base.bandwidth * growth[0], base.power * growth[1]
        return _filled(problem, base, bandwidth, power), solved, solved & ~certain


def solve_one_by_one(numbers: FloatArray, users: BoolArray, fading: Fading) -> tuple[FloatArray, BoolArray]:
    """The same as ``solve_programs``, by Clarabel."""
    answer, solved = np.ones((2, *users.shape)), np.zeros(len(users), bool)
    for slot, mine in enumerate(users):
        solution = resource_program(int(mine.sum()), fading).solve(numbers[:, slot, mine])
        if solution is not None:
            answer[:, slot, mine], solved[slot] = solution, True
    return answer, solved


@functools.cache
def resource_program(users: int, fading: Fading) -> ResourceProgram:
    """P2.2 for a number of users, compiled once per process because that takes as long as a hundred solves."""
    return ResourceProgram(users, fading)


def users_who_can_gain(problem: SlotProblem, model: SuccessModel | None) -> BoolArray:
    """Mask (N, U) of active users whose task success at their only operating point depends noticeably on resources.

    Success rises with both resources, so it is enough to compare the minimum with the most that a user can get when the
    other active users have their minimum.
    """
    active = problem.active
    others = np.maximum(active.sum(axis=1) - 1, 0)
    most = problem.bandwidth_budget - others * problem.min_bandwidth, problem.power_budget - others * problem.min_power
    least = problem.min_bandwidth, problem.min_power
    high, low = (
        problem.task_success(
            Allocation(np.zeros(active.shape, np.int64), active * bandwidth[:, None], active * power[:, None]), model
        )
        for bandwidth, power in (most, least)
    )
    return np.asarray(high - low > NOTHING_TO_GAIN)


def log_weights(problem: SlotProblem, last: Allocation) -> FloatArray:
    """log of phi e^l0 y0^2 (Rayleigh: phi e^l0 y0), (N, U); -inf for users whose success is zero near the iterate."""
    log_y = problem.log_threshold(last)  # y = x at the iterate
    order = 1 if problem.fading == "rayleigh" else 2
    with np.errstate(divide="ignore", invalid="ignore"):
        log_success = radio.log_success_probability(log_y, problem.fading, "chernoff")
        log_weight = np.log(problem.at(last, problem.accuracy)) + log_success + order * log_y
    return np.where(log_y < LOG_HOPELESS, log_weight, -np.inf)


def linearise(problem: SlotProblem, last: Allocation, helped: BoolArray) -> FloatArray:
    """Parameters of P2.2 around the iterate ``last``, in the order of ``convex_program.PARAMETERS``, (8, N, U).

    They are valid only for the ``helped`` users (N, U), who divide what they have in ``last``.
    """
    log_weight = np.where(helped, log_weights(problem, last), -np.inf)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        log_weight -= log_weight.max(axis=1, keepdims=True)
        airtime = problem.deadline - problem.at(last, problem.compute_time)
        payload = problem.raw_size * problem.at(last, problem.size_fraction)
        exponent = np.log(2.0) * payload / (last.bandwidth * airtime)
        return np.stack(
            [
                np.exp(log_weight),
                exponent,
                np.exp(-exponent),
                -np.expm1(-exponent),
                last.bandwidth / (last.bandwidth * helped).sum(axis=1, keepdims=True),
                last.power / (last.power * helped).sum(axis=1, keepdims=True),
                problem.min_bandwidth[:, None] / last.bandwidth,
                problem.min_power[:, None] / last.power,
            ]
        )


def _filled(problem: SlotProblem, start: Allocation, bandwidth: FloatArray, power: FloatArray) -> Allocation:
    return Allocation(start.operating_point, *fill_budgets(problem, bandwidth, power))
