"""`TorchVectorEnv`: the vector environments whose slots are separate problems, on PyTorch and on any of its devices.

Decoding, scoring and observing are the functions of the environments on NumPy. Episodes are drawn on the host, by the
same generators, and moved to the device when they begin; a step copies nothing from the device.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv

from edgevision.arrays import Array
from edgevision.envs.config import ScenarioConfig
from edgevision.envs.randomisation import varied
from edgevision.envs.simulation.simulator import Simulator
from edgevision.envs.simulation.slot_rules import SLOT_FIELDS, SlotRules
from edgevision.envs.view import SLOT_VIEW
from edgevision.errors import InvalidActionError, ScenarioError, shown

if TYPE_CHECKING:
    from edgevision.envs.vector_environment import OffloadingVectorEnv

_DTYPES = ("float32", "float64")


def slot_step(rules: SlotRules, now: dict[str, Array], following: dict[str, Array], action: Array) -> dict[str, Array]:
    """Score actions (N, U, A + 2) in the slot ``now`` and observe the ``following`` one: a pure function of arrays.

    Returns:
        ``reward`` (N,), ``in_time``, ``accuracy``, ``energy``, ``operating_point``, ``bandwidth`` and ``power`` (N, U),
        and the observation ``users``, ``cell`` and ``active``.
    """
    problem = rules.problem(now)
    allocation = SLOT_VIEW.decode(action, problem)
    score = rules.score(problem, allocation, now["content"], now["fading"])
    return {**vars(score), **vars(allocation), **SLOT_VIEW.observe(rules.problem(following))}


class TorchVectorEnv(VectorEnv[Any, Any, Any]):
    """n environments of Paper-v0, Image-v0 or Video-v0 whose observations, rewards and actions are tensors.

    Actions are not checked, as that would wait for the device: out of [-1, 1] they give shares as a softmax does, and
    the nearest operating point. All episodes begin together, in the next step after the last of them is over
    (``NEXT_STEP``), so that ``episode_slots`` must be one number.
    """

    def __init__(self, env: OffloadingVectorEnv, device: str = "cpu", dtype: str = "float32", *, compile: bool = False):  # noqa: A002
        """Take over the scenario of a vector environment on NumPy.

        Raises:
            ScenarioError: the environment or a setting cannot be used on PyTorch.
        """
        import torch

        config, simulator = env.config, env.simulator
        if not isinstance(config, ScenarioConfig) or not isinstance(simulator, Simulator):
            raise ScenarioError("backend='torch' covers Paper-v0, Image-v0 and Video-v0; leave backend= away here")
        if config.accuracy == "live" or env.autoreset_mode != AutoresetMode.NEXT_STEP or env.spaces != "sets":
            raise ScenarioError(
                "backend='torch' needs autoreset_mode='NextStep', spaces='sets', and no accuracy='live'"
            )
        if varied(config):
            raise ScenarioError(
                "backend='torch' needs settings that are the same in all episodes; leave randomise away"
            )
        if config.slots[0] != config.slots[1]:
            raise ScenarioError("backend='torch' needs episodes of one length; give episode_slots one number")
        if dtype not in _DTYPES:
            raise ScenarioError(f"dtype must be one of {', '.join(_DTYPES)}, got {shown(dtype)}")
        try:
            self.device = torch.device(device)
            torch.zeros(1, device=self.device)
        except (RuntimeError, AssertionError) as error:
            raise ScenarioError(f"device {shown(device)} cannot be used: {str(error).splitlines()[0]}") from None
        self.dtype: Any = getattr(torch, dtype)
        self.num_envs, self.config, self._env = env.num_envs, config, env
        self.metadata = {"autoreset_mode": AutoresetMode.NEXT_STEP, "render_modes": []}
        self.single_observation_space, self.single_action_space = env.single_observation_space, env.single_action_space
        self.observation_space, self.action_space = env.observation_space, env.action_space
        self._rules = simulator.rules.converted(self._moved)
        self._step = torch.compile(slot_step, fullgraph=True) if compile else slot_step
        self._slot, self._episodes = -1, dict[str, Array]()

    def _moved(self, array: Any) -> Array:
        import torch

        values = torch.from_numpy(np.array(array))
        return values.to(self.device, self.dtype if values.is_floating_point() else None)

    def _now(self, slot: int) -> dict[str, Array]:
        return {name: values[slot] for name, values in self._episodes.items()}

    def _begin(self) -> None:
        """Move the episodes that the environment on NumPy has begun to the device, slots first."""
        trace = self._env.simulator.trace
        self._episodes = {name: self._moved(getattr(trace, name).swapaxes(0, 1)) for name in SLOT_FIELDS}
        self._slot = 0

    def _observe(self) -> dict[str, Array]:
        return SLOT_VIEW.observe(self._rules.problem(self._now(self._slot)))

    def reset(
        self, *, seed: Any = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Array], dict[str, Any]]:
        """Start episodes in all environments; seeds and ``options["trace"]`` are those of `OffloadingVectorEnv`.

        Raises:
            ScenarioError: the seed or an option is invalid.
        """
        if options and "reset_mask" in options:
            raise ScenarioError("backend='torch' resets all environments together; leave options['reset_mask'] away")
        self._env.reset(seed=seed, options=options)
        self._begin()
        return self._observe(), {}

    def step(self, actions: Array) -> tuple[dict[str, Array], Array, Array, Array, dict[str, Any]]:
        """Advance every environment one slot by a tensor of actions (n, U, A + 2), which may require gradients.

        Raises:
            InvalidActionError: the actions have a wrong shape.
        """
        import torch

        if tuple(actions.shape) != self.action_space.shape:
            raise InvalidActionError(f"action must have shape {self.action_space.shape}, got {tuple(actions.shape)}")
        over = torch.zeros(self.num_envs, dtype=torch.bool, device=self.device)
        if self._slot == self.config.slots[1]:
            observation, info = self.reset()
            return observation, torch.zeros_like(over, dtype=self.dtype), over, over.clone(), info
        found = self._step(self._rules, self._now(self._slot), self._now(self._slot + 1), actions.to(self.dtype))
        self._slot += 1
        observation = {key: found.pop(key) for key in ("users", "cell", "active")}
        truncated = torch.full_like(over, self._slot == self.config.slots[1])
        return observation, found.pop("reward"), over, truncated, found
