"""`Policy`: what every controller looks like, classical or learned, ours or yours."""

from __future__ import annotations

from typing import Literal, Protocol, get_args

from edgevision.envs.problem import Allocation, SlotProblem

#: ``rule``: a formula or an enumeration; ``solver``: an optimisation in every slot; ``learned``: a trained network.
Kind = Literal["rule", "solver", "learned"]


class Policy(Protocol):
    """A controller: maps what is known in a batch of slots to an allocation for each.

    Two more attributes are optional, and are read by ``is_batched`` and ``kind_of``:

    - ``batched``: whether one call answers a batch of many slots, N > 1; ``True`` unless the policy says ``False``.
      It is then asked for one slot at a time, in several processes where wanted.
    - ``kind``: what tables call it, ``rule`` unless it says ``solver`` or ``learned``.

    Attributes:
        name: how it is called in tables.
    """

    name: str

    def act(self, problem: SlotProblem) -> Allocation:
        """Allocate for every slot of the batch, (N, U)."""
        ...


def is_batched(policy: Policy) -> bool:
    """Whether one call may answer many slots."""
    return bool(getattr(policy, "batched", True))


def kind_of(policy: Policy) -> Kind:
    """What the policy says it is.

    Raises:
        ValueError: it says something that is no `Kind`.
    """
    kind: Kind = getattr(policy, "kind", "rule")
    if kind not in get_args(Kind):
        raise ValueError(f"kind of policy {policy.name!r} must be one of {', '.join(get_args(Kind))}, got {kind!r}")
    return kind
