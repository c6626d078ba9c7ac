"""`OffloadingVectorEnv`: the vector environment, a `gymnasium.vector.VectorEnv` around the simulator with N = n."""

from __future__ import annotations

import copy
import dataclasses
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, cast

import gymnasium
import numpy as np
from gymnasium.envs.registration import EnvSpec
from gymnasium.utils import seeding
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from edgevision.arrays import BoolArray, FloatArray, IntArray
from edgevision.checks import whole_number
from edgevision.envs.allocation import Allocation
from edgevision.envs.config import ScenarioConfig
from edgevision.envs.environment import Observation, blank_info, requested_trace, reset_options, slot_info
from edgevision.envs.interface import Interface, row
from edgevision.envs.problem import SlotProblem
from edgevision.envs.settings import MAX_SEED
from edgevision.envs.simulation.episode_simulator import EpisodeSimulator
from edgevision.envs.simulation.simulator import OutcomeSource, Simulator
from edgevision.envs.view import SLOT_VIEW, View
from edgevision.errors import AllocationError, ScenarioError, UnknownSettingError, shown, unknown_name

MAX_ENVS = 2**20

StepResult = tuple[Observation, FloatArray, BoolArray, BoolArray, dict[str, Any]]


def make_vector(env_id: str, n: int, autoreset_mode: AutoresetMode, settings: Mapping[str, Any]) -> OffloadingVectorEnv:
    """``n`` environments of an id, with settings that a file or a user gave.

    Raises:
        UnknownNameError: no such preset, setting or profile.
        ScenarioError: settings contradict each other.
    """
    # Names of parameters on the way to the environment; as settings Python would refuse them in its own words.
    taken = {*inspect.signature(gymnasium.make_vec).parameters, "self", "cls", "autoreset_mode"} & settings.keys()
    if taken:
        config = cast("OffloadingVectorEnv", gymnasium.make_vec(env_id, num_envs=1).unwrapped).config
        known = {"preset", *(field.name for field in dataclasses.fields(config))}
        raise UnknownSettingError(str(unknown_name("scenario setting", min(taken), known)))
    if settings.get("backend", "numpy") != "numpy":
        raise ScenarioError("backend: policies and agents here play on NumPy; leave it away, or use gymnasium.make_vec")
    env = gymnasium.make_vec(env_id, num_envs=n, autoreset_mode=autoreset_mode, **settings)
    return cast("OffloadingVectorEnv", env.unwrapped)


class OffloadingVectorEnv(VectorEnv[Observation, NDArray[Any], NDArray[Any]]):
    """Base of the vector environments of all ids; bit for bit equal to n scalar ones in every autoreset mode.

    The docstring of the scalar class of each id describes the problem.

    Environment ``i`` is seeded with ``seed + i`` or ``seed[i]``, as `gymnasium.vector.SyncVectorEnv` does.
    """

    metadata: ClassVar[dict[str, Any]]  # type: ignore[misc]
    default_preset: ClassVar[str]
    config_type: ClassVar[type[Any]] = ScenarioConfig
    simulator_type: ClassVar[Callable[..., EpisodeSimulator]] = Simulator
    view: ClassVar[View] = SLOT_VIEW

    def __new__(cls, *arguments: Any, backend: str = "numpy", **settings: Any) -> Any:
        """Make the environment, or one on PyTorch around it if ``backend="torch"`` asks for that."""
        if backend == "numpy":
            return super().__new__(cls)
        if backend != "torch":
            raise ScenarioError(f"backend must be numpy or torch, got {shown(backend)}")
        from edgevision.envs.torch_environment import TorchVectorEnv

        own = {name: settings.pop(name) for name in ("device", "dtype", "compile") if name in settings}
        return TorchVectorEnv(cls(*arguments, **settings), **own)

    def __init__(
        self,
        num_envs: int = 1,
        *,
        backend: str = "numpy",
        preset: str | None = None,
        render_mode: str | None = None,
        outcomes: OutcomeSource | None = None,
        autoreset_mode: str | AutoresetMode = AutoresetMode.NEXT_STEP,
        max_episode_steps: int | None = None,
        spaces: str = "sets",
        **settings: Any,
    ) -> None:
        """Build the environment.

        Args:
            num_envs: number of environments n.
            backend: ``numpy``, or ``torch`` for a `TorchVectorEnv`, which takes ``device``, ``dtype`` and ``compile``.
            preset: name of the scenario, or of a stress; by default that of the id.
            render_mode: must be ``None``; render a scalar environment instead.
            outcomes: source that runs codec and classifier for ``accuracy="live"``.
            autoreset_mode: ``NextStep``, ``SameStep`` or ``Disabled``, or a member of ``AutoresetMode``.
            max_episode_steps: truncate episodes after this number of steps, if they are longer.
            spaces: ``sets``, ``flat`` or ``discrete``; see `edgevision.envs.interface`.
            **settings: fields of `ScenarioConfig` that differ from the preset.

        Raises:
            UnknownNameError: no such preset, setting or profile.
            ScenarioError: an argument is invalid, or settings contradict each other.
        """
        num_envs = whole_number("num_envs", num_envs, 1, MAX_ENVS, ScenarioError)
        if render_mode is not None:
            raise ScenarioError("the vector environment does not render; use gymnasium.make(id, render_mode=...)")
        if max_episode_steps is not None:
            max_episode_steps = whole_number("max_episode_steps", max_episode_steps, 1, 2**31, ScenarioError)
        base = self.default_preset
        self.config = self.config_type.from_preset(base if preset is None else preset, base, **settings)
        try:
            self.autoreset_mode = AutoresetMode(autoreset_mode)
        except ValueError:
            known = ", ".join(mode.value for mode in AutoresetMode)
            raise ScenarioError(f"autoreset_mode must be one of {known}, got {shown(autoreset_mode)}") from None
        self.metadata = {"autoreset_mode": self.autoreset_mode, "render_modes": []}  # type: ignore[misc]
        self.num_envs = num_envs
        self.simulator = type(self).simulator_type(self.config, num_envs, outcomes)
        profile = self.simulator.profile
        self._interface = Interface(spaces, self.view, self.config.users, len(profile.feature_names), profile.grid)
        self.single_observation_space = self._interface.observation_space
        self.single_action_space = self._interface.action_space
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.spaces = spaces
        self._max_steps = max_episode_steps
        self._generators: list[np.random.Generator | None] = [None] * num_envs
        self._done = np.ones(num_envs, bool)
        self._begun = False
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
        """The current slot of every environment, the input of policies (N = n)."""
        return self.simulator.problem

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Start episodes in all environments, or in those where ``options["reset_mask"]`` is true.

        ``options={"trace": trace}`` replays an `EpisodeTrace` with one episode per environment that is reset.

        Raises:
            ScenarioError: the seed or an option is invalid.
        """
        options = reset_options(options)
        rows = np.flatnonzero(self._reset_mask(options.pop("reset_mask", None)))
        self._seed(seed, rows)
        trace = requested_trace(options, self.simulator.trace_type)
        if trace is None:
            self._draw(rows)
        else:
            self.simulator.install(rows, trace)
        self._done[rows] = False
        self._begun = True
        begun = np.zeros(self.num_envs, bool)
        begun[rows] = True
        return self._interface.observe(self.problem), _masked(blank_info(self.simulator), begun)

    def _reset_mask(self, mask: Any) -> BoolArray:
        if mask is None:
            return np.ones(self.num_envs, bool)
        if not isinstance(mask, np.ndarray) or mask.dtype != np.bool_ or mask.shape != (self.num_envs,):
            raise ScenarioError(f"options['reset_mask'] must be a bool array of shape ({self.num_envs},)")
        if not mask.any():
            raise ScenarioError("options['reset_mask'] must be true somewhere")
        return mask

    def _seed(self, seed: Any, rows: IntArray) -> None:
        if seed is None:
            return
        if (isinstance(seed, Sequence) and not isinstance(seed, str | bytes)) or (
            isinstance(seed, np.ndarray) and seed.ndim == 1
        ):
            seeds = list(seed)
        else:
            first = whole_number("seed", seed, 0, MAX_SEED - self.num_envs, ScenarioError)
            seeds = [first + i for i in range(self.num_envs)]
        if len(seeds) != self.num_envs:
            raise ScenarioError(f"seed list must have length {self.num_envs}, got {len(seeds)}")
        for i in rows:
            if seeds[i] is not None:
                self._generators[i], _ = seeding.np_random(whole_number("seed", seeds[i], 0, MAX_SEED, ScenarioError))

    def _draw(self, rows: IntArray) -> None:
        generators = []
        for i in rows:
            generator = self._generators[i]
            if generator is None:
                generator = self._generators[i] = seeding.np_random()[0]
            generators.append(generator)
        self.simulator.reset(rows, generators)

    def step(self, actions_: NDArray[Any]) -> StepResult:
        """Decode the actions (n, U, A + 2) and advance every environment one slot.

        Raises:
            InvalidActionError: wrong shape, NaN or out of range.
        """
        values = self._interface.read(actions_, self.action_space)
        self._require_running()
        return self._advance(self._interface.decode(values, self.problem))

    def allocate(self, allocation: Allocation) -> StepResult:
        """Advance one slot with an `Allocation` (N = n) instead of actions.

        Raises:
            AllocationError: the allocation breaks one of the constraints C1 to C5, or does not hold numeric arrays.
        """
        self._require_running()
        if not isinstance(allocation, Allocation):
            raise AllocationError(f"allocate takes an Allocation, got {shown(allocation)}")
        allocation.check(self.problem)
        return self._advance(copy.deepcopy(allocation))  # info shows it, and its owner may change it later

    def _require_running(self) -> None:
        if not self._begun or (self.autoreset_mode == AutoresetMode.DISABLED and self._done.any()):
            raise gymnasium.error.ResetNeeded("some episodes are over (or never began); call reset()")

    def _advance(self, allocation: Allocation) -> StepResult:
        restarting = self._done
        running = ~restarting
        problem = self.problem
        outcome = self.simulator.step(allocation, running)
        truncated = outcome.truncated & running
        if self._max_steps is not None:
            truncated |= (self.simulator.slot >= self._max_steps) & running
        info = _masked(slot_info(problem, allocation, outcome), running, np.ones(self.num_envs, bool))
        reward = np.where(running, outcome.reward, 0.0)
        if restarting.any():  # only in NEXT_STEP mode, which ignores the actions of these environments
            self._draw(np.flatnonzero(restarting))
        self._done = truncated.copy()
        if self.autoreset_mode == AutoresetMode.SAME_STEP and truncated.any():
            info = self._restart_now(info, truncated)
        return self._interface.observe(self.problem), reward, np.zeros(self.num_envs, bool), truncated, info

    def _restart_now(self, info: dict[str, Any], over: BoolArray) -> dict[str, Any]:
        """Reset finished episodes within the step; info keeps their last observation and info under ``final_*``."""
        last = self._interface.observe(self.problem)
        final_obs = np.full(self.num_envs, None, dtype=object)
        for i in np.flatnonzero(over):
            final_obs[i] = row(last, int(i))
        terms = {key: value for key, value in info.items() if not key.startswith("_")}
        rest = _masked(terms, ~over, np.ones(self.num_envs, bool))
        self._draw(np.flatnonzero(over))
        self._done = np.zeros(self.num_envs, bool)
        final = {"final_obs": final_obs, "final_info": _masked(terms, over)}
        return {**rest, **final, "_final_obs": over.copy(), "_final_info": over.copy()}


def _masked(terms: dict[str, NDArray[Any]], mask: BoolArray, told: BoolArray | None = None) -> dict[str, Any]:
    """Terms in the format of Gymnasium's vector info: zero outside ``mask``, and under ``_key`` whose entries count.

    These are the environments in ``told``; by default those in ``mask``.
    """
    told = mask if told is None else told
    if not told.any():
        return {}
    whole, info = mask.all(), dict[str, Any]()
    for key, value in terms.items():
        applies = mask.reshape(-1, *[1] * (value.ndim - 1))
        info[key] = value if whole else np.where(applies, value, np.zeros((), value.dtype))
        info[f"_{key}"] = told.copy()
    return info
