"""`Policy`: the interface of every controller, classical or learned."""

from __future__ import annotations

from typing import Literal, Protocol, get_args

from edgevision.envs.allocation import Allocation
from edgevision.envs.problem import SlotProblem
from edgevision.envs.simulation.episode_simulator import EpisodeSimulator

#: ``rule``: a formula or an enumeration; ``solver``: an optimisation in every slot; ``learned``: a trained network.
Kind = Literal["rule", "solver", "learned"]


class Policy(Protocol):
    """A controller: maps a batch of slot problems to an allocation for each slot.

    Three more attributes are optional:

    - ``batched``: whether one call is fast for a batch of many slots, N > 1; default ``True``. A policy with ``False``
      is called for one slot at a time, if wanted in several processes. See ``is_batched``.
    - ``foresee(simulator)``: only for references that know the future. It is called with the simulator after its
      episodes have begun, and before ``act``. See ``show_future``.
    - ``kind``: ``rule``, ``solver`` or ``learned``, for tables; default ``rule``. See ``kind_of``.

    Attributes:
        name: name of the policy in tables.
    """

    name: str

    def act(self, problem: SlotProblem) -> Allocation:
        """Allocate for every slot of the batch, (N, U)."""
        ...


def is_batched(policy: Policy) -> bool:
    """Whether the policy should be called with many slots at a time; see `Policy`."""
    return bool(getattr(policy, "batched", True))


def show_future(policy: Policy, simulator: EpisodeSimulator) -> None:
    """Let a reference that knows the future see the episodes of a simulator; other policies see nothing."""
    foresee = getattr(policy, "foresee", None)
    if foresee is not None:
        foresee(simulator)


def kind_of(policy: Policy) -> Kind:
    """The kind of a policy, ``rule`` by default.

    Raises:
        ValueError: its attribute ``kind`` is not a `Kind`.
    """
    kind: Kind = getattr(policy, "kind", "rule")
    if kind not in get_args(Kind):
        raise ValueError(f"kind of policy {policy.name!r} must be one of {', '.join(get_args(Kind))}, got {kind!r}")
    return kind
