"""Builds the model (PPO, SAC or marginal values, with set networks) for given hyperparameters."""

from __future__ import annotations

from typing import Any

from stable_baselines3 import PPO, SAC
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.vec_env import VecMonitor

from edgevision.agents.content_noise import ContentNoise
from edgevision.agents.hyperparameters import (
    Hyperparameters,
    MarginalHyperparameters,
    PPOHyperparameters,
    SACHyperparameters,
)
from edgevision.agents.marginal.marginal_values import MarginalValues
from edgevision.agents.mean_return import MeanReturn
from edgevision.agents.networks import SetActor
from edgevision.agents.ppo_policy import SetActorCriticPolicy
from edgevision.agents.sac_policy import SetSACPolicy
from edgevision.agents.sb3_vec_env import SB3VecEnv

_PPO_ONLY = ("n_steps", "n_epochs", "gae_lambda", "clip_range", "vf_coef", "max_grad_norm")
_SAC_ONLY = ("buffer_size", "learning_starts", "train_freq", "gradient_steps", "tau")


def build_model(hyperparameters: Hyperparameters, env: SB3VecEnv, seed: int) -> BaseAlgorithm:
    """An untrained model; the type of the hyperparameters decides which."""
    if isinstance(hyperparameters, MarginalHyperparameters):
        return MarginalValues(env, hyperparameters, seed)
    ppo = isinstance(hyperparameters, PPOHyperparameters)
    values = vars(hyperparameters)
    own = ("batch_size", "gamma", "ent_coef", *(_PPO_ONLY if ppo else _SAC_ONLY))
    options: dict[str, Any] = {
        **{name: values[name] for name in own},
        "learning_rate": lambda remaining: hyperparameters.learning_rate * remaining,
        "policy_kwargs": {name: values[name] for name in ("width", "log_std_init", "weight_decay")},
        "seed": seed,
        "device": "cpu",  # networks this small are slower on an accelerator
    }
    noisy = VecMonitor(ContentNoise(env, hyperparameters.content_noise, len(env.env.view.user_features)))
    wrapped = MeanReturn(noisy, hyperparameters.gamma)
    return PPO(SetActorCriticPolicy, wrapped, **options) if ppo else SAC(SetSACPolicy, wrapped, **options)


def set_actor(model: BaseAlgorithm) -> SetActor:
    """The network of a model that chooses actions; it is shared with the model, so training changes it."""
    actor: SetActor = model.policy.set_actor  # type: ignore[assignment]
    return actor


def log_interval(hyperparameters: Hyperparameters) -> int:
    """Argument ``log_interval`` of ``learn``: ten rollouts (PPO), or one episode of every environment (SAC)."""
    return hyperparameters.n_envs if isinstance(hyperparameters, SACHyperparameters) else 10
