"""Co-CRRA: compression, bandwidth and power by alternating P1 and P2 (Algorithm 1), and its fixed-compression half."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from edgevision.arrays import BoolArray, FloatArray, IntArray
from edgevision.baselines.co_crra.resources import ResourceAllocator
from edgevision.baselines.operating_points import FixedCompression, best_operating_points
from edgevision.baselines.policy_registry import register
from edgevision.envs.config import SuccessModel
from edgevision.envs.problem import Allocation, SlotProblem, equal_shares


@dataclass(frozen=True, eq=False)
class SolveReport:
    """What the last call of ``act`` took.

    Attributes:
        outer_iterations: alternations of P1 and P2 per slot, (N,).
        inner_iterations: convex programs P2.2 per slot, (N,).
        failures: programs per slot that the solver failed on, (N,); those slots keep the last feasible iterate.
        seconds: wall time of the call [s].
    """

    outer_iterations: IntArray
    inner_iterations: IntArray
    failures: IntArray
    seconds: float


@register
class CoCRRA:
    """Co-CRRA as published: both P1 and P2 on the approximation 2 Q(x) ~ exp(-x^2/2).

    Starts from equal shares, enumerates the compression (P1), improves bandwidth and power by successive convex
    approximation (P2.2), and repeats until the value moves by no more than ``tolerance``. Every slot is solved from
    scratch: a policy sees batches of slots and not which follows which, and an answer must not depend on the slots
    answered before. Source: Co-CRRA paper, Algorithm 1, eqs. 10-25.

    Attributes:
        report: ``SolveReport`` of the last ``act``, ``None`` before the first.
    """

    name = "co-crra"
    kind = "solver"
    batched = False
    model: SuccessModel | None = "chernoff"

    def __init__(
        self,
        tolerance: float = 1e-4,
        resource_tolerance: float = 1e-4,
        max_iterations: int = 100,
        max_resource_iterations: int = 30,
    ) -> None:
        """Set the stopping rules.

        Args:
            tolerance: eps1 of Algorithm 1, relative to the value of the slot.
            resource_tolerance: eps2, likewise.
            max_iterations: cap on the alternations.
            max_resource_iterations: cap on the convex programs within one of them.

        Raises:
            MissingExtraError: cvxpy or Clarabel is not installed.
        """
        self.tolerance = tolerance
        self.max_iterations = max_iterations
        self.report: SolveReport | None = None
        self._allocator = ResourceAllocator(self.model, resource_tolerance, max_resource_iterations)

    def act(self, problem: SlotProblem) -> Allocation:
        """Allocate for every slot of the batch."""
        return self.act_from(problem, *equal_shares(problem))

    def act_from(self, problem: SlotProblem, bandwidth: FloatArray, power: FloatArray) -> Allocation:
        """Allocate as ``act`` does, from a start of your own: Algorithm 1 only finds an optimum near its start.

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
        running: BoolArray = np.any(problem.active, axis=1, keepdims=False)
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
    """Co-CRRA judged by the scenario's own success model: P1 maximises it and no step that lowers it is accepted.

    P2.2 stays the published convex approximation. Source: ours.
    """

    name = "co-crra-exact"
    model = None


@register
class FCRRA(FixedCompression):
    """Fixed compression ratio for resource allocation: bandwidth and power by P2.2 from equal shares.

    Source: Co-CRRA paper, section VI-B (baseline FCRRA), eqs. 21-25.

    Attributes:
        report: ``SolveReport`` of the last ``act``, ``None`` before the first.
    """

    name = "fcrra"
    kind = "solver"
    batched = False
    shares_depend_on_point = True

    def __init__(
        self, operating_point: int | None = None, resource_tolerance: float = 1e-4, max_resource_iterations: int = 30
    ) -> None:
        """Fix the operating point and set the stopping rule.

        Args:
            operating_point: as in ``FixedCompression``.
            resource_tolerance: eps2 of Algorithm 1, relative to the value of the slot.
            max_resource_iterations: cap on the convex programs.

        Raises:
            AllocationError: a negative index.
            MissingExtraError: cvxpy or Clarabel is not installed.
        """
        super().__init__(operating_point)
        self.report: SolveReport | None = None
        self._allocator = ResourceAllocator("chernoff", resource_tolerance, max_resource_iterations)

    def shares(self, problem: SlotProblem, points: IntArray) -> tuple[FloatArray, FloatArray]:
        """The best shares that P2.2 finds for these points."""
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
