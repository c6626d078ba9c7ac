"""`OracleBelief`: a reference that knows what every camera sees, but not which answers are right."""

from __future__ import annotations

import numpy as np

from edgevision.baselines.policy_registry import register
from edgevision.baselines.stream.belief_filter import HORIZONS, THRIFTS, solve
from edgevision.checks import real_number
from edgevision.envs.allocation import Allocation
from edgevision.envs.problem import SlotProblem
from edgevision.envs.simulation.episode_simulator import EpisodeSimulator
from edgevision.envs.stream.four_states import STATES
from edgevision.envs.stream.stream_simulator import StreamSimulator
from edgevision.errors import PolicyOptionError, SlotProblemError


@register
class OracleBelief:
    """The slot solver with the true states in place of a belief: what better beliefs can gain at most, about.

    It is a reference and no controller. Source: ours.
    """

    name = "oracle-belief"
    kind = "solver"
    families = ("stream",)
    search = {"horizon": HORIZONS, "thrift": THRIFTS}  # noqa: RUF012 - as in the other policies, it is never changed

    def __init__(self, horizon: float = 0.0, thrift: float = 0.85) -> None:
        """Set the parameters, which are those of `edgevision.baselines.stream.belief_filter.solve`."""
        self.horizon = real_number("horizon", horizon, 0.0, 1e6, PolicyOptionError)
        self.thrift = real_number("thrift", thrift, 0.0, 100.0, PolicyOptionError)
        self._simulator: StreamSimulator | None = None

    def foresee(self, simulator: EpisodeSimulator) -> None:
        """Look at the states of a simulator of ``EdgeVision/Stream-v0`` from now on.

        Raises:
            SlotProblemError: it is a simulator of another environment.
        """
        if not isinstance(simulator, StreamSimulator):
            raise SlotProblemError("oracle-belief looks at cameras of EdgeVision/Stream-v0 only")
        self._simulator = simulator

    def act(self, problem: SlotProblem) -> Allocation:
        """Allocate for every slot of the batch.

        Raises:
            SlotProblemError: it has not seen the simulator; see ``foresee``.
        """
        street = problem.street
        if self._simulator is None:
            raise SlotProblemError("oracle-belief must see the episodes first; call foresee(env.unwrapped.simulator)")
        belief = np.eye(len(STATES))[self._simulator.state[street.environment]]
        return solve(problem, belief, self.horizon, self.thrift)
