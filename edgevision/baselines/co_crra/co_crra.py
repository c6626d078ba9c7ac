"""Co-CRRA (Algorithm 1), which alternates P1 (compression) and P2 (bandwidth, power), and FCRRA, which solves P2."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from edgevision.arrays import FloatArray, IntArray
from edgevision.baselines.co_crra.resources import ResourceAllocator, Solver
from edgevision.baselines.operating_points import FixedCompression, best_operating_points
from edgevision.baselines.policy_registry import register
from edgevision.checks import real_number, whole_number
from edgevision.envs.allocation import Allocation
from edgevision.envs.config import SuccessModel
from edgevision.envs.problem import SlotProblem, equal_shares
from edgevision.errors import PolicyOptionError


@dataclass(frozen=True, eq=False)
class SolveReport:
    """Effort of one call of ``act``.

    Attributes:
        outer_iterations: alternations of P1 and P2 per slot, (N,).
        inner_iterations: convex programs P2.2 per slot, (N,).
        failures: convex programs per slot that were not solved with certainty, (N,); such a slot keeps its last
            feasible iterate.
        seconds: wall time of the call [s].
    """

    outer_iterations: IntArray
    inner_iterations: IntArray
    failures: IntArray
    seconds: float


@register
class CoCRRA:
    """Co-CRRA as published: P1 and P2 both maximise the approximation 2 Q(x) ~ exp(-x^2/2).

    It starts from equal shares, enumerates the compression (P1), improves bandwidth and power by successive convex
    approximation (P2.2), and repeats until the value gains no more than ``tolerance``. Every slot is solved from
    scratch, so that an answer does not depend on slots solved before. Source: Co-CRRA paper, Algorithm 1, eqs. 10-25.

    Attributes:
        report: ``SolveReport`` of the last ``act``, ``None`` before the first.
    """

    name = "co-crra"
    kind = "solver"
    batched = True
    model: SuccessModel | None = "chernoff"

    def __init__(
        self,
        tolerance: float = 1e-4,
        resource_tolerance: float = 1e-4,
        max_iterations: int = 100,
        max_resource_iterations: int = 30,
        solver: Solver = "batched",
    ) -> None:
        """Set the stopping rules and the solver.

        Args:
            tolerance: eps1 of Algorithm 1, relative to the value of the slot.
            resource_tolerance: eps2 of Algorithm 1, relative to the value of the slot.
            max_iterations: most alternations of P1 and P2.
            max_resource_iterations: most convex programs in one alternation.
            solver: who solves the convex programs: ``batched`` those of all slots at once in NumPy, ``clarabel`` one by
                one with Clarabel, which is faster for a single slot.

        Raises:
            PolicyOptionError: an option is not such a number, or there is no such solver.
            MissingExtraError: ``clarabel`` without cvxpy or Clarabel.
        """
        self.batched = solver == "batched"
        self.tolerance = real_number("tolerance", tolerance, 0, 1, PolicyOptionError)
        self.max_iterations = whole_number("max_iterations", max_iterations, 0, 10**6, PolicyOptionError)
        self.report: SolveReport | None = None
        self._allocator = ResourceAllocator(self.model, resource_tolerance, max_resource_iterations, solver)

    def act(self, problem: SlotProblem) -> Allocation:
        """Allocate for every slot of the batch."""
        return self.act_from(problem, *equal_shares(problem))

    def act_from(self, problem: SlotProblem, bandwidth: FloatArray, power: FloatArray) -> Allocation:
        """Allocate from given shares instead of equal ones; Algorithm 1 only finds an optimum near its start.

        Args:
            problem: N slots of U users.
            bandwidth: shares that satisfy C1 and C3, (N, U) [Hz].
            power: shares that satisfy C2 and C4, (N, U) [W].

        Raises:
            SlotProblemError: see ``SlotProblem.check``.
            AllocationError: the start breaks a constraint.
        """
        problem.check()
        started = time.perf_counter()
        outer, inner, failures = np.zeros((3, problem.slots), np.int64)
        best = Allocation(best_operating_points(problem, bandwidth, power, self.model), bandwidth, power)
        value = problem.value(best, self.model)
        running = np.asarray(problem.active.any(axis=1))
        for _ in range(self.max_iterations):
            (slots,) = np.nonzero(running)
            if not len(slots):
                break
            part = problem[slots]
            improved = self._allocator.improve(part, best[slots])
            resources = improved.allocation.bandwidth, improved.allocation.power
            candidate = Allocation(best_operating_points(part, *resources, self.model), *resources)
            new_value = part.value(candidate, self.model)
            outer[slots] += 1
            inner[slots] += improved.iterations
            failures[slots] += improved.failures
            best = _with_slots(best, slots, candidate)
            running[slots] = new_value - value[slots] > self.tolerance * value[slots]
            value[slots] = new_value
        self.report = SolveReport(outer, inner, failures, time.perf_counter() - started)
        return best


@register
class CoCRRAExact(CoCRRA):
    """Co-CRRA for the scenario's own success model: P1 maximises it, and a step that lowers it is rejected.

    P2.2 remains the published convex approximation. Source: ours.
    """

    name = "co-crra-exact"
    model = None


@register
class FCRRA(FixedCompression):
    """Fixed compression for resource allocation: bandwidth and power by P2.2, starting from equal shares.

    Source: Co-CRRA paper, section VI-B (baseline FCRRA), eqs. 21-25.

    Attributes:
        report: ``SolveReport`` of the last ``act``, ``None`` before the first.
    """

    name = "fcrra"
    kind = "solver"
    batched = True
    shares_depend_on_point = True

    def __init__(
        self,
        operating_point: int | None = None,
        resource_tolerance: float = 1e-4,
        max_resource_iterations: int = 30,
        solver: Solver = "batched",
    ) -> None:
        """Fix the operating point and set the stopping rule.

        Args:
            operating_point: index into the K points; ``None`` is the middle one.
            resource_tolerance: eps2 of Algorithm 1, relative to the value of the slot.
            max_resource_iterations: most convex programs per slot.
            solver: who solves the convex programs, as for `CoCRRA`.

        Raises:
            AllocationError: not an index.
            PolicyOptionError: another option is not such a number, or there is no such solver.
            MissingExtraError: ``clarabel`` without cvxpy or Clarabel.
        """
        super().__init__(operating_point)
        self.report: SolveReport | None = None
        self.batched = solver == "batched"
        self._allocator = ResourceAllocator("chernoff", resource_tolerance, max_resource_iterations, solver)

    def shares(self, problem: SlotProblem, points: IntArray) -> tuple[FloatArray, FloatArray]:
        """Shares by P2.2 for given operating points (N, U): bandwidth [Hz] and power [W], (N, U) each."""
        started = time.perf_counter()
        improved = self._allocator.improve(problem, Allocation(points, *equal_shares(problem)))
        outer = np.minimum(improved.iterations, 1)
        self.report = SolveReport(outer, improved.iterations, improved.failures, time.perf_counter() - started)
        return improved.allocation.bandwidth, improved.allocation.power


def _with_slots(allocation: Allocation, slots: IntArray, replacement: Allocation) -> Allocation:
    """``allocation`` with some slots replaced."""
    arrays = {name: value.copy() for name, value in vars(allocation).items()}
    for name, value in arrays.items():
        value[slots] = getattr(replacement, name)
    return Allocation(**arrays)
