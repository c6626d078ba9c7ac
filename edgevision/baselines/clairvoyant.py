"""`Clairvoyant` and `episode_bound`: what foresight can gain in environments whose decisions change later slots."""

from __future__ import annotations

from edgevision.baselines.dynamic import episode_bound as dynamic_bound
from edgevision.baselines.dynamic.episode_bound import EpisodeBound
from edgevision.baselines.dynamic.planned_sending import PlannedSending
from edgevision.baselines.policy_registry import register
from edgevision.baselines.stream.planned_answers import PlannedAnswers
from edgevision.baselines.stream.street_bound import StreetBound, street_bound
from edgevision.checks import whole_number
from edgevision.envs.allocation import Allocation
from edgevision.envs.dynamic.dynamic_simulator import DynamicSimulator
from edgevision.envs.problem import SlotProblem
from edgevision.envs.simulation.episode_simulator import EpisodeSimulator
from edgevision.envs.stream.stream_simulator import StreamSimulator
from edgevision.errors import PolicyOptionError, SlotProblemError

_MOST_STEPS = 1_000_000


def episode_bound(simulator: EpisodeSimulator, steps: int | None = None) -> EpisodeBound | StreetBound:
    """Bound the episodes that have begun in a simulator: no policy scores more, whatever it knows.

    Args:
        simulator: a `DynamicSimulator` or a `StreamSimulator` whose environments have episodes; it is not changed.
        steps: steps that improve the prices; ``None`` for the number that suits the environment.

    Raises:
        SlotProblemError: it is no simulator, or that of another environment.
        PolicyOptionError: ``steps`` is no whole number, or negative.
        gymnasium.error.ResetNeeded: no episode has begun.
        MissingExtraError: the bound needs an extra that is not installed.
    """
    options = {} if steps is None else {"steps": whole_number("steps", steps, 0, _MOST_STEPS, PolicyOptionError)}
    if isinstance(simulator, DynamicSimulator):
        return dynamic_bound.episode_bound(simulator, **options)
    if isinstance(simulator, StreamSimulator):
        return street_bound(simulator, **options)
    raise SlotProblemError(
        "episode_bound takes env.unwrapped.simulator of EdgeVision/Dynamic-v0 or EdgeVision/Stream-v0; elsewhere "
        "upper_bound bounds each slot"
    )


@register
class Clairvoyant:
    """A reference that knows the future and carries out the plan of `episode_bound`. It is feasible, but not causal.

    Between it and the bound lies the best that any policy can do. It shows how much of the room above causal policies
    is real. Source: ours.

    Attributes:
        plan: bound and plan of the episodes that it has seen; ``None`` before.
    """

    name = "clairvoyant"
    kind = "solver"
    families = ("dynamic", "stream")

    def __init__(self) -> None:
        self.plan: EpisodeBound | StreetBound | None = None
        self._planned: PlannedSending | PlannedAnswers | None = None

    def foresee(self, simulator: EpisodeSimulator) -> None:
        """Plan the episodes that have begun in a simulator of ``EdgeVision/Dynamic-v0`` or ``EdgeVision/Stream-v0``.

        Raises:
            SlotProblemError: it is a simulator of another environment.
        """
        if not isinstance(simulator, DynamicSimulator | StreamSimulator):
            raise SlotProblemError("clairvoyant plans episodes of EdgeVision/Dynamic-v0 and EdgeVision/Stream-v0 only")
        self.plan = episode_bound(simulator)
        if isinstance(self.plan, EpisodeBound):
            self._planned = PlannedSending(self.plan, simulator.trace.gain_scale)
        else:
            assert isinstance(simulator, StreamSimulator)  # noqa: S101 - only its bound is a `StreetBound`
            self._planned = PlannedAnswers(self.plan, simulator)

    def act(self, problem: SlotProblem) -> Allocation:
        """Allocate for every slot of the batch.

        Raises:
            SlotProblemError: it has not seen the episodes; see ``foresee``.
        """
        if self._planned is None:
            raise SlotProblemError("clairvoyant must see the episodes first; call foresee(env.unwrapped.simulator)")
        return self._planned.act(problem)
