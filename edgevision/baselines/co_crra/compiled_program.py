"""A parametrised cvxpy program compiled to arrays for Clarabel, so that a solve has almost no overhead."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from edgevision.arrays import FloatArray
from edgevision.imports import require


class CompiledProgram:
    """Solves one DPP program for many values of its parameter; no solve depends on another.

    cvxpy converts a DPP program to a cone program that is affine in the parameter. This class computes that affine map
    once, by differences. ``Problem.solve`` evaluates it in every call, which takes longer than Clarabel needs to solve
    programs as small as ours.
    """

    def __init__(self, problem: Any, parameter: Any, variables: tuple[Any, ...]) -> None:
        """Compile a program.

        Args:
            problem: a DPP ``cvxpy.Problem`` with linear inequalities, second-order and exponential cones.
            parameter: its only ``cvxpy.Parameter``.
            variables: the ``cvxpy.Variable`` whose values ``solve`` returns.

        Raises:
            MissingExtraError: cvxpy or Clarabel is not installed.
        """
        self._filling = threading.Lock()
        self._clarabel: Any = require("clarabel", "convex")
        self._sparse: Any = require("scipy.sparse", "convex")

        def data_at(numbers: FloatArray) -> dict[str, Any]:
            parameter.value = numbers.reshape(parameter.shape)
            return dict(problem.get_problem_data("CLARABEL")[0])

        data = data_at(np.ones(parameter.size))
        self._program = self._canonical(data)
        base = _numbers_of(self._program)
        bumped = [_numbers_of(self._canonical(data_at(bump))) for bump in 1.0 + np.eye(parameter.size)]
        self._slope = np.stack(bumped, axis=1) - base[:, None]
        self._constant = base - self._slope.sum(axis=1)
        self._cones = [
            self._clarabel.NonnegativeConeT(data["dims"].nonneg),
            *(self._clarabel.SecondOrderConeT(size) for size in data["dims"].soc),
            *(self._clarabel.ExponentialConeT() for _ in range(data["dims"].exp)),
        ]
        self._settings = self._clarabel.DefaultSettings()
        self._settings.verbose = False
        # Splitting the vector 0, 1, 2, .. like a solution gives the positions of each variable.
        positions = data["param_prob"].split_solution(np.arange(len(data["c"])), {v.id: v for v in variables})
        self._positions = [np.asarray(positions[variable.id], np.int64) for variable in variables]

    def _canonical(self, data: dict[str, Any]) -> tuple[Any, FloatArray, Any, FloatArray]:
        """P (upper triangle), q, A and b of: minimise x'Px/2 + q'x subject to b - Ax in the cones."""
        size = len(data["c"])
        quadratic = self._sparse.triu(data["P"]).tocsc() if "P" in data else self._sparse.csc_array((size, size))
        return quadratic, data["c"], data["A"], data["b"]

    def solve(self, numbers: FloatArray) -> list[FloatArray] | None:
        """The optimal values of the variables, or ``None`` if the solver fails.

        Args:
            numbers: value of the parameter; NaN or infinity counts as a failure of the solver.
        """
        if not np.isfinite(numbers).all():
            return None
        values = self._constant + self._slope @ numbers.ravel()
        start = 0
        with self._filling:
            for part in _arrays_of(self._program):
                part[:] = values[start : start + len(part)]
                start += len(part)
            solver = self._clarabel.DefaultSolver(*self._program, self._cones, self._settings)  # copies the numbers
        solution = solver.solve()
        x = np.asarray(solution.x)
        if str(solution.status) not in ("Solved", "AlmostSolved") or not np.isfinite(x).all():
            return None
        return [x[positions] for positions in self._positions]


def _arrays_of(program: tuple[Any, FloatArray, Any, FloatArray]) -> list[FloatArray]:
    quadratic, linear, matrix, offset = program
    return [quadratic.data, linear, matrix.data, offset]


def _numbers_of(program: tuple[Any, FloatArray, Any, FloatArray]) -> FloatArray:
    return np.concatenate(_arrays_of(program))
