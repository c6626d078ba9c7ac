"""`OffloadingEnv`: the scalar environment, a `gymnasium.Env` around the simulator with N = 1."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

import gymnasium
import numpy as np
from gymnasium.envs.registration import EnvSpec
from numpy.typing import NDArray

from edgevision.checks import whole_number
from edgevision.envs.allocation import Allocation
from edgevision.envs.config import ScenarioConfig
from edgevision.envs.docstrings import merged
from edgevision.envs.interface import Interface, row
from edgevision.envs.problem import SlotProblem
from edgevision.envs.settings import MAX_SEED
from edgevision.envs.simulation.episode_simulator import EpisodeSimulator, SlotOutcome
from edgevision.envs.simulation.simulator import OutcomeSource, Simulator
from edgevision.envs.view import SLOT_VIEW, View
from edgevision.errors import AllocationError, ScenarioError, shown

if TYPE_CHECKING:
    from edgevision.envs.drawing.rendering import Renderer, Scene

Observation = dict[str, NDArray[Any]]
_ROW = np.array([0])


class OffloadingEnv(gymnasium.Env[Any, NDArray[Any]]):
    """Base of all ids: one cell in which cameras share an uplink to an edge server.

    Subclasses name their preset and document their id. The sections below hold for every id; they are added to the
    docstrings of the subclasses under the same headings.

    ## Description
    No decision changes a later slot: each slot is a separate problem (a contextual bandit), so a discount factor of
    0 is correct. The controller knows the exact bytes of each content at every operating point, at no cost in time or
    energy. One limit holds for the sum of all powers, and a rate has no upper limit. `docs/assumptions.md` says what
    these assumptions cost.

    ## Action Space
    The last two coordinates of a row divide the resources of the cell; A is the number of coordinates above:

    | Num | Action | Min | Max |
    |-----|--------|-----|-----|
    | A | bandwidth: 4 x this is a softmax logit for the part of B_max above all active users' B_min | -1 | 1 |
    | A + 1 | power: 4 x this is a softmax logit for the part of P_max above all active users' P_min | -1 | 1 |

    Budgets are always spent in full. Rows of inactive users have no effect. An action outside [-1, 1], of a wrong shape
    or with NaN raises `InvalidActionError`. `allocate` takes an `Allocation` (hertz and watts) instead of an action.

    ## Observation Space
    `Dict(users=Box(-4, 4, (U, 7 + F)), cell=Box(-4, 4, (5,)), active=Box(0, 1, (U,)))` for U users and F features of
    the content, `env.unwrapped.simulator.profile.feature_names`. Rows of inactive users are zero. Features are scaled
    to about [-1, 1] and clipped to [-4, 4]; "share" means an equal share of the cell's bandwidth and power.

    | Num | Observation (`users`) | Min | Max | Unit |
    |-----|-----------------------|-----|-----|------|
    | 0 | signal-to-noise ratio with the whole budget, delta P_max / (N0 B_max), minus 1 | -4 | 4 | 50 dB |
    | 1 | raw size over what a share can carry within the deadline | -4 | 4 | log10 of the ratio |
    | 2 | deadline | -4 | 4 | log10 of 100 ms |
    | 3-6 | payload at 4 points over what a share can carry after computing | -4 | 4 | log10 of the ratio |
    | 7 .. 6 + F | features of the content, standardised | -4 | 4 | standard deviations |

    | Num | Observation (`cell`) | Min | Max | Unit |
    |-----|----------------------|-----|-----|------|
    | 0 | share of users that are active | -4 | 4 | 1 |
    | 1 | bandwidth B_max | -4 | 4 | log10 of 1 MHz |
    | 2 | power P_max | -4 | 4 | log10 of 100 mW |
    | 3 | minimum bandwidth of all users, U B_min / B_max | -4 | 4 | 1 |
    | 4 | minimum power of all users, U P_min / P_max | -4 | 4 | 1 |

    | Num | Observation (`active`) | Min | Max | Unit |
    |-----|------------------------|-----|-----|------|
    | 0 .. U - 1 | whether the user has a request in this slot | 0 | 1 | 1 |

    ## Rewards
    A slot without requests has reward 0; rewards lie in [0, 1]. Every slot counts alike, so a request in a busy slot
    counts less than one in a quiet slot. `info` holds the terms: `in_time`, `accuracy`, `task_success` and
    `active_users`, and per user `user_in_time`, `user_accuracy`, `operating_point`, `bandwidth` [Hz], `power` [W],
    `energy` [J] and `computing_energy` [J], the part of it that is not radiated. No reward depends on energy
    (`docs/energy.md`).

    ## Starting State
    Requests arrive by a Poisson process and wait in a pool; every slot takes one request of each user that has any.
    The pool is only a number. Content and deadline are drawn in the slot that takes the request: a request that has
    waited gets a new deadline, which counts from this slot, and no request expires.
    `traffic="full-buffer"` gives every user a request in every slot. `reset` draws all randomness of an episode, which
    does not depend on actions; `reset(options={"trace": trace})` replays an `EpisodeTrace`.

    ## Episode End
    Truncation after `episode_slots` slots (50). Episodes never terminate.

    ## Arguments
    Every field of `edgevision.envs.ScenarioConfig` is a keyword, and `preset` names a set of them. Presets that make
    one thing harder, settings that differ from episode to episode (`randomise`, or several presets) and recorded
    channels (`gain_trace`) are described in `docs/scenarios.md`. For tools that take
    no `Dict` or no matrices, `spaces="flat"` puts the numbers of an observation, and those of an action, into one row.
    `spaces="discrete"` does so too, and offers a few values of each coordinate as `MultiDiscrete`: all operating
    points, with equal shares.
    """

    metadata: ClassVar[dict[str, Any]] = {"render_modes": ["rgb_array", "human", "ansi"], "render_fps": 4}  # type: ignore[misc]
    default_preset: ClassVar[str]
    config_type: ClassVar[type[Any]] = ScenarioConfig
    simulator_type: ClassVar[Callable[..., EpisodeSimulator]] = Simulator
    view: ClassVar[View] = SLOT_VIEW

    def __init_subclass__(cls, common_page: bool = True, **options: Any) -> None:
        """Join the docstring with the common sections, unless the class says that it has a page of its own."""
        super().__init_subclass__(**options)
        if cls.__doc__ and OffloadingEnv.__doc__:
            cls.__doc__ = merged(cls.__doc__, OffloadingEnv.__doc__ if common_page else "")

    def __init__(
        self,
        *,
        preset: str | None = None,
        render_mode: str | None = None,
        outcomes: OutcomeSource | None = None,
        spaces: str = "sets",
        **settings: Any,
    ) -> None:
        """Build the environment.

        Args:
            preset: name of the scenario, or of a stress; by default that of the id.
            render_mode: ``rgb_array``, ``human``, ``ansi`` or ``None``.
            outcomes: source that runs codec and classifier for ``accuracy="live"``.
            spaces: ``sets``, ``flat`` or ``discrete``; see `edgevision.envs.interface`.
            **settings: fields of `ScenarioConfig` that differ from the preset.

        Raises:
            UnknownNameError: no such preset, setting or profile.
            ScenarioError: the settings contradict each other.
        """
        if render_mode is not None and render_mode not in self.metadata["render_modes"]:
            raise ScenarioError(f"render_mode must be one of {self.metadata['render_modes']}, got {render_mode!r}")
        base = self.default_preset
        self.config = self.config_type.from_preset(base if preset is None else preset, base, **settings)
        self.simulator = type(self).simulator_type(self.config, 1, outcomes)
        profile = self.simulator.profile
        self._interface = Interface(spaces, self.view, self.config.users, len(profile.feature_names), profile.grid)
        self.observation_space = self._interface.observation_space
        self.action_space = self._interface.action_space
        self.render_mode = render_mode
        self._renderer: Renderer | None = None
        self._last: tuple[SlotProblem, Allocation, SlotOutcome] | None = None
        self._over = True
        self._spec: EnvSpec | None = None

    @property
    def spec(self) -> EnvSpec | None:
        """How Gymnasium made the environment, with the length of its longest episode."""
        return self._spec

    @spec.setter
    def spec(self, spec: EnvSpec | None) -> None:
        self._spec = spec and dataclasses.replace(spec, max_episode_steps=self.config.slots[1])

    @property
    def problem(self) -> SlotProblem:
        """The current slot, the input of policies (N = 1)."""
        return self.simulator.problem

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Start an episode; ``options={"trace": trace}`` replays an `EpisodeTrace`. The entries of info are zero."""
        super().reset(seed=None if seed is None else whole_number("seed", seed, 0, MAX_SEED, ScenarioError))
        trace = requested_trace(options, self.simulator.trace_type)
        if trace is None:
            self.simulator.reset(_ROW, [self.np_random])
        else:
            self.simulator.install(_ROW, trace)
        self._last, self._over = None, False
        if self.render_mode == "human":
            self.render()
        return self._observe(), {key: value[0] for key, value in blank_info(self.simulator).items()}

    def step(self, action: NDArray[Any]) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Decode the action and advance one slot.

        Raises:
            InvalidActionError: wrong shape, NaN or out of range.
        """
        values = self._interface.read(action, self.action_space)
        self._require_running()
        return self._advance(self._interface.decode(values, self.problem))

    def allocate(self, allocation: Allocation) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Advance one slot with an `Allocation` (N = 1) instead of an action.

        Raises:
            AllocationError: the allocation breaks one of the constraints C1 to C5, or does not hold numeric arrays.
        """
        self._require_running()
        if not isinstance(allocation, Allocation):
            raise AllocationError(f"allocate takes an Allocation, got {shown(allocation)}")
        allocation.check(self.problem)
        return self._advance(allocation)

    def _require_running(self) -> None:
        if self._over:
            raise gymnasium.error.ResetNeeded("the episode is over (or never began); call reset()")

    def _advance(self, allocation: Allocation) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        problem = self.problem
        outcome = self.simulator.step(allocation)
        self._last, self._over = (problem, allocation, outcome), bool(outcome.truncated[0])
        if self.render_mode == "human":
            self.render()
        info = {key: value[0] for key, value in slot_info(problem, allocation, outcome).items()}
        return self._observe(), float(outcome.reward[0]), False, self._over, info

    def _observe(self) -> Any:
        return row(self._interface.observe(self.problem), 0)

    def render(self) -> Any:
        """Draw the last slot: returns (H, W, 3) uint8, text, or ``None`` if it is shown in a window."""
        if self.render_mode is None:
            gymnasium.logger.warn("render() does nothing without a render_mode; pass one to gymnasium.make()")
            return None
        scene = self._scene()
        if self.render_mode == "ansi":
            return self._as_text(scene)
        if self._renderer is None:
            self._renderer = self._make_renderer(window=self.render_mode == "human")
        frame = self._renderer.draw(scene)
        return frame if self.render_mode == "rgb_array" else None

    def _scene(self) -> Any:
        """What is drawn: the last slot, or the upcoming one before the first step."""
        from edgevision.envs.drawing.rendering import Scene

        return Scene.of(self.problem, self.simulator.trace, int(self.simulator.slot[0]), self._last)

    def _as_text(self, scene: Scene) -> str:
        """Text of the scene for the mode ``ansi``."""
        from edgevision.envs.drawing.rendering import as_text

        return as_text(scene)

    def _make_renderer(self, *, window: bool) -> Renderer:
        """The renderer for the modes ``rgb_array`` and ``human``."""
        from edgevision.envs.drawing.rendering import Renderer

        return Renderer(window=window)

    def __getstate__(self) -> dict[str, Any]:
        """Everything but the renderer: a window belongs to one process, and is opened again when asked for."""
        return {**vars(self), "_renderer": None}

    def close(self) -> None:
        """Close the window, if one is open."""
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None


def reset_options(options: dict[str, Any] | None) -> dict[str, Any]:
    """A copy of the options of ``reset``; empty for ``None``.

    Raises:
        ScenarioError: they are no dictionary.
    """
    if options is not None and not isinstance(options, dict):
        raise ScenarioError(f"options must be a dictionary, got {shown(options)}")
    return dict(options or {})


def requested_trace(options: dict[str, Any] | None, kind: type[Any]) -> Any:
    """The trace in the options of ``reset``, or ``None``.

    Raises:
        ScenarioError: there is no such option, or the trace is not of this kind.
    """
    unknown = reset_options(options).keys() - {"trace"}
    if unknown:
        raise ScenarioError(f"unknown reset option {shown(min(unknown, key=str))}; 'trace' is the only one")
    trace = (options or {}).get("trace")
    if trace is not None and not isinstance(trace, kind):
        raise ScenarioError(f"options['trace'] must be of type {kind.__name__}, got {type(trace).__name__}")
    return trace


def blank_info(simulator: EpisodeSimulator) -> dict[str, NDArray[Any]]:
    """The entries of `slot_info` before the first slot: zeros, because some tools want the same keys at all times."""
    types: dict[str, tuple[type, bool]] = {
        "in_time": (float, False),
        "accuracy": (float, False),
        "task_success": (float, False),
    }
    types |= {"active_users": (int, False), "user_in_time": (float, True), "user_accuracy": (float, True)}
    types |= {
        "operating_point": (int, True),
        "bandwidth": (float, True),
        "power": (float, True),
        "energy": (float, True),
    }
    shapes = {False: (simulator.n,), True: (simulator.n, simulator.config.users)}
    return {
        key: np.zeros(shapes[per_user], kind) for key, (kind, per_user) in {**types, **simulator.term_types}.items()
    }


def slot_info(problem: SlotProblem, allocation: Allocation, outcome: SlotOutcome) -> dict[str, NDArray[Any]]:
    """Terms of the reward for ``info``, batched over N; means are over the active users."""
    return {
        "in_time": problem.mean_over_active(outcome.in_time),
        "accuracy": problem.mean_over_active(outcome.accuracy),
        "task_success": outcome.reward,
        "active_users": problem.count.astype(np.int64),
        "user_in_time": outcome.in_time,
        "user_accuracy": outcome.accuracy,
        "operating_point": allocation.operating_point,
        "bandwidth": allocation.bandwidth,
        "power": allocation.power,
        "energy": outcome.energy,
        **outcome.terms,
    }
