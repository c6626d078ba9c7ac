"""Problem P2.2 as a cvxpy program, compiled once per number of users and solved for many values of its parameters."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgevision.arrays import FloatArray
from edgevision.baselines.co_crra.compiled_program import CompiledProgram
from edgevision.envs.config import Fading
from edgevision.imports import require

#: Parameters of the program, in the order of the rows of ``ResourceProgram.solve``.
PARAMETERS = ("weight", "exponent", "decay", "growth", "bandwidth", "power", "min_bandwidth", "min_power")


class ResourceProgram:
    """The convex program P2.2 of the Co-CRRA paper (eqs. 21-25) for n users.

    Every variable is scaled by its value at the last iterate (marked 0): b = b0 beta, p = p0 pi, m = m0 mu,
    y = y0 upsilon, q = q0 rho. All are 1 at the start, where m0 = 2^q0 - 1 and y0 p0 = N0 b0 m0 / delta hold with
    equality. The paper does not state units, although the tightness of the split products C12 and C13 depends on them;
    with this scaling gains and noise cancel. f, l and z are tight at an optimum, so they are substituted:

        minimise    sum weight upsilon^2              (C11 with C7; Rayleigh fading: weight upsilon)
        subject to  (beta + mu)^2 + (upsilon - pi)^2 <= 4 (upsilon + pi) - 4             (C12 with C13)
                    e^(exponent (rho - 1)) <= growth mu + decay                          (C9)
                    rho >= 1 / beta                                                      (C10)
                    sum bandwidth beta <= 1, sum power pi <= 1                           (C1, C2)
                    beta >= min_bandwidth, pi >= min_power                               (C3, C4)

    Parameters per user:

        weight          phi e^l0 y0^2, divided by its largest value (Rayleigh: phi e^l0 y0)
        exponent        ln 2 q0 = ln 2 S / (b0 t0)
        decay, growth   e^-exponent and 1 - e^-exponent: C9 divided by 2^q0
        bandwidth       b0 as a share of the bandwidth that these users divide
        power           p0 as a share of the power that these users divide
        min_bandwidth   B_min / b0
        min_power       P_min / p0

    Attributes:
        problem: the ``cvxpy.Problem``, which is DPP.

    Raises:
        MissingExtraError: cvxpy or Clarabel is not installed.
    """

    def __init__(self, users: int, fading: Fading) -> None:
        cp: Any = require("cvxpy", "convex")
        beta, pi, mu, upsilon, rho = (cp.Variable(users, name=name) for name in ("beta", "pi", "mu", "upsilon", "rho"))
        numbers = cp.Parameter((len(PARAMETERS), users), nonneg=True)
        weight, exponent, decay, growth, bandwidth, power, min_bandwidth, min_power = numbers
        ones = np.ones(users)
        bound = 4 * (upsilon + pi) - 4
        # Cones are explicit, by 4 u v = (u + v)^2 - (u - v)^2, because cvxpy would add a variable for each square.
        self.problem = cp.Problem(
            cp.Minimize(weight @ (upsilon if fading == "rayleigh" else cp.square(upsilon))),
            [
                cp.SOC(bound + 1, cp.vstack([2 * (beta + mu), 2 * (upsilon - pi), bound - 1])),
                cp.ExpCone(cp.multiply(exponent, rho - 1), ones, cp.multiply(growth, mu) + decay),
                cp.SOC(beta + rho, cp.vstack([2 * ones, beta - rho])),
                bandwidth @ beta <= 1,
                power @ pi <= 1,
                beta >= min_bandwidth,
                pi >= min_power,
            ],
        )
        assert self.problem.is_dcp(dpp=True)  # noqa: S101 - a property of the lines above, not of any input
        self._compiled = CompiledProgram(self.problem, numbers, (beta, pi))

    def solve(self, numbers: FloatArray) -> tuple[FloatArray, FloatArray] | None:
        """Bandwidth and power relative to the last iterate, (n,) each, or ``None`` if the solver fails.

        Args:
            numbers: values of ``PARAMETERS``, (8, n).
        """
        solution = self._compiled.solve(numbers)
        return None if solution is None else (solution[0], solution[1])
