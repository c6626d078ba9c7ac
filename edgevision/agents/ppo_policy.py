"""`SetActorCriticPolicy`: set networks as a policy for Stable-Baselines3's PPO."""

from __future__ import annotations

from typing import Any

import torch
from gymnasium.spaces import Box, Dict
from stable_baselines3.common.distributions import DiagGaussianDistribution
from stable_baselines3.common.policies import MultiInputActorCriticPolicy
from stable_baselines3.common.type_aliases import Schedule
from torch import Tensor, nn

from edgevision.agents.networks import SetActor, SetCritic


def network_inputs(observation: Any) -> tuple[Tensor, Tensor, Tensor]:
    """The parts of a batched observation as float tensors, in the order of the inputs of set networks."""
    return observation["users"].float(), observation["cell"].float(), observation["active"].float()


def observation_widths(space: Dict) -> tuple[int, int]:
    """Number of features per user and of the cell."""
    (_, user_features), (cell_features,) = space["users"].shape, space["cell"].shape  # type: ignore[misc]
    return user_features, cell_features


class SetActorCriticPolicy(MultiInputActorCriticPolicy):
    """Gaussian policy around ``SetActor``, with one standard deviation per action coordinate, shared by the users.

    Inactive users have a constant distribution, so that their actions add no gradient. The features extractor of the
    parent class has no weights and is not used.
    """

    observation_space: Dict
    action_space: Box

    def __init__(
        self,
        *args: Any,
        width: int = 32,
        log_std_init: float = -1.5,
        weight_decay: float = 0.0,
        **kwargs: Any,
    ) -> None:
        """Build actor and critic.

        Args:
            *args: positional arguments of the parent class.
            width: neurons per layer.
            log_std_init: logarithm of the initial standard deviation of the actions.
            weight_decay: weight decay of AdamW.
            **kwargs: keywords of the parent class.
        """
        self._width = width
        kwargs["log_std_init"] = log_std_init
        kwargs["optimizer_class"] = torch.optim.AdamW
        kwargs["optimizer_kwargs"] = {"eps": 1e-5, "weight_decay": weight_decay}
        super().__init__(*args, **kwargs)

    def _build(self, lr_schedule: Schedule) -> None:
        widths, actions = observation_widths(self.observation_space), self.action_space.shape[1]
        self.set_actor = SetActor(*widths, actions, self._width)
        self.set_critic = SetCritic(*widths, self._width)
        self.log_std = nn.Parameter(torch.full((actions,), self.log_std_init))
        self.optimizer = self.optimizer_class(self.parameters(), lr=lr_schedule(1), **self.optimizer_kwargs)  # type: ignore[call-arg]

    def forward(self, obs: Any, deterministic: bool = False) -> tuple[Tensor, Tensor, Tensor]:
        """Actions (N, U, A + 2), values (N, 1) and log-probabilities (N,)."""
        distribution = self.get_distribution(obs)
        actions = distribution.get_actions(deterministic=deterministic)
        log_prob = distribution.log_prob(actions)
        return actions.reshape(-1, *self.action_space.shape), self.predict_values(obs), log_prob

    def evaluate_actions(self, obs: Any, actions: Tensor) -> tuple[Tensor, Tensor, Tensor | None]:
        """Values (N, 1), log-probabilities (N,) and entropies (N,) of given actions (N, U (A + 2))."""
        distribution = self.get_distribution(obs)
        return self.predict_values(obs), distribution.log_prob(actions), distribution.entropy()

    def get_distribution(self, obs: Any) -> DiagGaussianDistribution:
        """Distribution of the flattened actions (N, U (A + 2))."""
        users, cell, active = network_inputs(obs)
        mean = self.set_actor(users, cell, active)
        log_std = torch.where(active.unsqueeze(-1) > 0, self.log_std, self.log_std_init)
        distribution = DiagGaussianDistribution(mean[0].numel())
        return distribution.proba_distribution(mean.flatten(1), log_std.flatten(1))

    def predict_values(self, obs: Any) -> Tensor:
        """Values (N, 1)."""
        value: Tensor = self.set_critic(*network_inputs(obs))
        return value
