"""Step 1 of ``joint``: tables of a user's best response to prices, one per regime, fading and success model.

At a fixed operating point a user that pays lambda for bandwidth and nu for power maximises
eta F(x) - lambda beta - nu pi. Setting both derivatives to zero, with q = A / beta and psi(q) = q / (1 - e^-q) - 1:

    pi = lambda beta / (nu psi),   x = r (e^q - 1) psi,     r = kappa nu / lambda      ``free``: both shares free
    pi = least,                    x = y (e^q - 1) / q,     y = kappa A / least        ``least_power``: least power
    -F'(x) x psi q = c,                                     c = lambda A / eta         in both regimes

so q and the value per unit of eta depend on two numbers only: log c and log r, or log c and log y. In the third regime,
``least_bandwidth``, bandwidth is at its minimum; ``power_table`` gives its power.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Literal

import numpy as np

from edgevision.arrays import FloatArray, IntArray
from edgevision.baselines.joint.power_table import marginal_success
from edgevision.envs.channel import radio
from edgevision.envs.config import Fading, SuccessModel

Regime = Literal["free", "least_power"]

_LOG_Q = np.linspace(-9.0, np.log(600.0), 3000)
_WORTHLESS = -1e30


@dataclass(frozen=True, eq=False)
class ResponseTable:
    """The best response in one regime, for bilinear interpolation.

    Attributes:
        value: F(x) minus the cost of the shares, per unit of eta; -1e30 where no point is stationary.
        log_exponent: log q at the maximum.
    """

    value: FloatArray
    log_exponent: FloatArray


@dataclass(frozen=True)
class Grid:
    """Evenly spaced nodes of a table in two coordinates; tables are flat, in row-major order."""

    row_start: float
    row_step: float
    rows: int
    column_start: float
    column_step: float
    columns: int

    def place(self, row: FloatArray, column: FloatArray) -> Place:
        """Locate coordinates in the grid; they are clipped to it and broadcast against each other."""
        row_node, row = _split(row, self.row_start, self.row_step, self.rows)
        column_node, column = _split(column, self.column_start, self.column_step, self.columns)
        return Place(row_node * self.columns + column_node, row, column, self.columns)

    def nodes(self) -> tuple[FloatArray, FloatArray]:
        """Coordinates of the nodes, (rows, 1) and (columns,)."""
        return (
            (self.row_start + self.row_step * np.arange(self.rows, dtype=np.float64))[:, None],
            self.column_start + self.column_step * np.arange(self.columns, dtype=np.float64),
        )


def _split(position: FloatArray, start: float, step: float, count: int) -> tuple[IntArray, FloatArray]:
    """The lower node along one coordinate and the weight of the upper one."""
    position = position - start
    position *= 1 / step
    np.maximum(position, 0.0, out=position)
    np.minimum(position, count - 1.001, out=position)
    node = position.astype(np.int64)
    position -= node
    return node, position


GRID = Grid(-40.0, 0.5, 141, -10.0, 1 / 16, 273)  # log r or log y, and log c


@dataclass(frozen=True, eq=False)
class Place:
    """Position in a table: the flat index of the lower node and the weights of the upper nodes."""

    node: IntArray
    row: FloatArray
    column: FloatArray
    columns: int

    def read(self, table: FloatArray) -> FloatArray:
        """Interpolate a table bilinearly."""
        low, high = table.take(self.node), table.take(self.node + self.columns)
        low += self.column * (table.take(self.node + 1) - low)
        high += self.column * (table.take(self.node + (self.columns + 1)) - high)
        high -= low
        high *= self.row
        high += low
        return high

    def lower(self, table: FloatArray) -> FloatArray:
        """Entry of a table at the lower node."""
        return table.take(self.node)

    def nearest(self, table: IntArray) -> IntArray:
        """Entry of a table at the nearest node."""
        return table.take(self.node + self.columns * (self.row > 0.5) + (self.column > 0.5))


@functools.lru_cache(maxsize=16)
def response_table(regime: Regime, fading: Fading, model: SuccessModel) -> ResponseTable:
    """Build the table of one regime."""
    rows = [_row(regime, fading, model, float(log_row[0])) for log_row in GRID.nodes()[0]]
    value, log_exponent = (np.stack(part).ravel() for part in zip(*rows, strict=True))
    return ResponseTable(value, log_exponent)


def _row(regime: Regime, fading: Fading, model: SuccessModel, log_row: float) -> tuple[FloatArray, FloatArray]:
    """Value and log q at every node of log c, for one log r or log y."""
    q = np.exp(_LOG_Q)
    psi = bandwidth_elasticity(q)
    log_x = log_row + q + np.log(-np.expm1(-q)) + (np.log(psi) if regime == "free" else -_LOG_Q)
    x = np.exp(np.minimum(log_x, 7.0))
    marginal = marginal_success(x, fading, model) * x * psi * q
    # The first stationary point from small q (much bandwidth) is the maximum; beyond the peak of marginal is a minimum.
    peak = int(np.argmax(marginal)) + 1
    log_marginal = np.maximum.accumulate(np.log(np.maximum(marginal[:peak], 1e-300)))
    nodes = GRID.nodes()[1]
    log_q = np.interp(nodes, log_marginal, _LOG_Q[:peak])
    best = np.exp(log_q)
    cost = (1.0 + 1.0 / bandwidth_elasticity(best)) / best if regime == "free" else 1.0 / best
    success = np.interp(log_q, _LOG_Q, radio.success_probability(log_x, fading, model))
    value = np.where(nodes <= log_marginal[-1], success - np.exp(nodes) * cost, _WORTHLESS)
    value[-1] = _WORTHLESS
    return value, log_q


def bandwidth_elasticity(q: FloatArray) -> FloatArray:
    """psi(q) = q / (1 - e^-q) - 1 = -d log x / d log beta."""
    return np.asarray(np.maximum(q / -np.expm1(-q) - 1.0, 0.5 * q / (1.0 + q)))
