"""`flat_policy_of`: the actor of a model that Stable-Baselines3 trained on flat spaces, as a `FlatPolicy`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stable_baselines3.common.base_class import BaseAlgorithm
from torch import nn

from edgevision.agents.flat_policy import FlatDescription, FlatPolicy, flat_network
from edgevision.agents.sb3_vec_env import SB3VecEnv
from edgevision.errors import LearnedPolicyError


def flat_policy_of(
    model: BaseAlgorithm, env: SB3VecEnv, name: str, provenance: Mapping[str, Any] | None = None
) -> FlatPolicy:
    """The deterministic policy of a model with an ``MlpPolicy``, such as PPO, A2C, SAC, TD3 or TQC.

    It shares the weights of the model.

    Args:
        model: trained on ``SB3VecEnv.make(.., spaces="flat")``.
        env: the environment that it was trained on.
        name: name in tables.
        provenance: how it was trained.

    Raises:
        LearnedPolicyError: the policy is of another kind.
    """
    layers, squashed = _actor(model.policy)
    network, hidden, activation = flat_network(layers)
    profile = env.env.simulator.profile
    description = FlatDescription(
        name=name,
        hidden=hidden,
        activation=activation,
        squashed=squashed,
        view=env.env.view.name,
        users=env.env.config.users,
        content_features=len(profile.feature_names),
        grid=profile.grid,
        provenance=dict(provenance or {}),
    )
    return FlatPolicy(description, network)


def _actor(policy: Any) -> tuple[list[nn.Module], bool]:
    """The layers from observation to mean action, and whether tanh follows."""
    if hasattr(policy, "mlp_extractor"):  # on-policy: a Gaussian whose samples are clipped
        return [*policy.mlp_extractor.policy_net, policy.action_net], False
    actor: Any = getattr(policy, "actor", None)
    if hasattr(actor, "latent_pi"):  # SAC, TQC: a Gaussian before tanh
        return [*actor.latent_pi, actor.mu], True
    if isinstance(getattr(actor, "mu", None), nn.Sequential):  # TD3, DDPG: tanh is the last layer
        return list(actor.mu)[:-1], True
    raise LearnedPolicyError(f"{type(policy).__name__} is no MlpPolicy with continuous actions")
