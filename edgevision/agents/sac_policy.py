"""`SetSACPolicy`: set networks as actor and critics for Stable-Baselines3's SAC."""

from __future__ import annotations

from typing import Any

import torch
from gymnasium.spaces import Box, Dict
from stable_baselines3.common.distributions import SquashedDiagGaussianDistribution
from stable_baselines3.common.policies import BaseModel, BasePolicy
from stable_baselines3.common.torch_layers import CombinedExtractor
from stable_baselines3.sac.policies import LOG_STD_MAX, LOG_STD_MIN, SACPolicy
from torch import Tensor, nn

from edgevision.agents.networks import SetActor, SetCritic
from edgevision.agents.ppo_policy import network_inputs, observation_widths

#: Number of critics; SAC uses the lowest of their values.
N_CRITICS = 2


class SquashedSetActor(BasePolicy):
    """tanh-squashed Gaussian with mean `SetActor` before its tanh; inactive users have a constant distribution."""

    observation_space: Dict
    action_space: Box

    def __init__(self, observation_space: Dict, action_space: Box, width: int, log_std_init: float) -> None:
        super().__init__(observation_space, action_space, squash_output=True)
        actions = action_space.shape[1]
        self.set_actor = SetActor(*observation_widths(observation_space), actions, width)
        self.log_std = nn.Linear(width, actions)
        nn.init.zeros_(self.log_std.weight)
        nn.init.constant_(self.log_std.bias, log_std_init)
        self._log_std_init = log_std_init

    def _parameters_of(self, obs: Any) -> tuple[Tensor, Tensor]:
        """Mean and log standard deviation of the flattened action before the tanh, (N, U (A + 2)) each."""
        inputs = network_inputs(obs)
        hidden = self.set_actor.encoder(*inputs)
        active = inputs[2].unsqueeze(-1) > 0
        mean = torch.where(active, self.set_actor.head(hidden), 0.0)
        log_std = torch.where(active, self.log_std(hidden), self._log_std_init).clamp(LOG_STD_MIN, LOG_STD_MAX)
        return mean.flatten(1), log_std.flatten(1)

    def _distribution(self) -> SquashedDiagGaussianDistribution:
        return SquashedDiagGaussianDistribution(self.action_space.shape[0] * self.action_space.shape[1])

    def forward(self, obs: Any, deterministic: bool = False) -> Tensor:
        """Actions (N, U (A + 2)) in (-1, 1)."""
        return self._distribution().actions_from_params(*self._parameters_of(obs), deterministic=deterministic)

    def action_log_prob(self, obs: Any) -> tuple[Tensor, Tensor]:
        """Drawn actions (N, U (A + 2)) and their log-probabilities (N,)."""
        return self._distribution().log_prob_from_params(*self._parameters_of(obs))

    def _predict(self, observation: Any, deterministic: bool = False) -> Tensor:
        return self(observation, deterministic)


class SetCritics(BaseModel):
    """``N_CRITICS`` networks `SetCritic`, whose inputs per user are its features and its action."""

    def __init__(self, observation_space: Dict, action_space: Box, width: int) -> None:
        super().__init__(observation_space, action_space)
        self._actions = action_space.shape
        user_features, cell_features = observation_widths(observation_space)
        self.critics = nn.ModuleList(
            SetCritic(user_features + action_space.shape[1], cell_features, width) for _ in range(N_CRITICS)
        )

    def forward(self, obs: Any, actions: Tensor) -> tuple[Tensor, ...]:
        """Values (N, 1) of the actions (N, U (A + 2)), one for each critic."""
        users, cell, active = network_inputs(obs)
        rows = torch.cat([users, actions.reshape(-1, *self._actions)], dim=-1)
        return tuple(critic(rows, cell, active) for critic in self.critics)


class SetSACPolicy(SACPolicy):
    """SAC's policy with set networks for the actor and the critics."""

    observation_space: Dict
    action_space: Box

    def __init__(
        self, *args: Any, width: int = 32, log_std_init: float = -1.5, weight_decay: float = 0.0, **kwargs: Any
    ) -> None:
        """Build actor and critics.

        Args:
            *args: positional arguments of the parent class.
            width: neurons per layer.
            log_std_init: logarithm of the initial standard deviation of the actions.
            weight_decay: weight decay of AdamW.
            **kwargs: keywords of the parent class.
        """
        self._width, self._log_std_init = width, log_std_init
        kwargs["features_extractor_class"] = CombinedExtractor
        kwargs["optimizer_class"] = torch.optim.AdamW
        kwargs["optimizer_kwargs"] = {"weight_decay": weight_decay}
        super().__init__(*args, **kwargs)

    @property
    def set_actor(self) -> SetActor:
        """The network that a `LearnedPolicy` uses."""
        actor: SetActor = self.actor.set_actor  # type: ignore[assignment]
        return actor

    def make_actor(self, features_extractor: Any = None) -> Any:
        """Build the actor."""
        return SquashedSetActor(self.observation_space, self.action_space, self._width, self._log_std_init)

    def make_critic(self, features_extractor: Any = None) -> Any:
        """Build the critics."""
        return SetCritics(self.observation_space, self.action_space, self._width)
