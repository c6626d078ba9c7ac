"""`Allocation`: what a policy decides for a batch of slots, and the check of its constraints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from edgevision.arrays import BoolArray, FloatArray, IntArray
from edgevision.errors import AllocationError, shown

if TYPE_CHECKING:
    from edgevision.envs.problem import SlotProblem


@dataclass(frozen=True, eq=False)
class Allocation:
    """A controller's answer for N slots of U users.

    Attributes:
        operating_point: index into the K operating points, (N, U).
        bandwidth: b, (N, U) [Hz]; 0 for inactive users.
        power: p, (N, U) [W]; 0 for inactive users.
    """

    operating_point: IntArray
    bandwidth: FloatArray
    power: FloatArray

    def __getitem__(self, index: slice | BoolArray | IntArray) -> Allocation:
        """The sub-batch of slots that ``index`` selects along N."""
        return Allocation(self.operating_point[index], self.bandwidth[index], self.power[index])

    def check(self, problem: SlotProblem, tolerance: float = 1e-9) -> None:
        """Check constraints C1..C5 (eqs. 5-9) to a relative ``tolerance``.

        Raises:
            AllocationError: a constraint is broken, or an array has a wrong shape or type.
        """
        shape = problem.active.shape
        for name, kinds in (("operating_point", "iu"), ("bandwidth", "fiu"), ("power", "fiu")):
            value = getattr(self, name)
            if not isinstance(value, np.ndarray) or value.dtype.kind not in kinds:
                numbers = "whole numbers" if kinds == "iu" else "numbers"
                raise AllocationError(f"{name} must be an array of {numbers}, got {shown(value)}")
            if value.shape != shape:
                raise AllocationError(f"{name} must have shape {shape}, got {value.shape}")
        if (
            self.operating_point.size
            and not 0 <= self.operating_point.min() <= self.operating_point.max() < problem.points
        ):
            raise AllocationError(f"C5: operating points must lie in 0..{problem.points - 1}")
        for label, used, budget, least in (
            ("C1, C3: bandwidth", self.bandwidth, problem.bandwidth_budget, problem.min_bandwidth),
            ("C2, C4: power", self.power, problem.power_budget, problem.min_power),
        ):
            _check_budget(label, used.sum(axis=1, dtype=np.float64), budget, tolerance)
            # A negative amount of an inactive user would let the others exceed the budget.
            enough = used >= np.where(problem.active, least[:, None] * (1 - tolerance), 0.0)
            if not enough.all():
                slot, user = np.argwhere(~enough)[0].tolist()
                raise AllocationError(f"{label} of user {user} in slot {slot} is below its minimum")
        if problem.max_power is not None and (self.power > problem.max_power * (1 + tolerance)).any():
            slot, user = np.argwhere(self.power > problem.max_power * (1 + tolerance))[0].tolist()
            raise AllocationError(
                f"power of user {user} in slot {slot} is {self.power[slot, user]:.12g}, "
                f"its largest is {problem.max_power[slot, user]:.12g}"
            )


def _check_budget(label: str, total: FloatArray, budget: FloatArray, tolerance: float) -> None:
    within = total <= budget * (1 + tolerance)  # false for NaN and for infinity
    if not within.all():
        slot = int(np.argmin(within))
        if not np.isfinite(total[slot]):
            raise AllocationError(f"{label} of slot {slot} holds NaN or infinity")
        raise AllocationError(f"{label} of slot {slot} sums to {total[slot]:.12g}, budget {budget[slot]:.12g}")
