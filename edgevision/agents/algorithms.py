"""Stable-Baselines3 models on set policies, from hyperparameters."""

from __future__ import annotations

from typing import Any

from stable_baselines3 import PPO, SAC
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.vec_env import VecMonitor

from edgevision.agents.content_noise import ContentNoise
from edgevision.agents.hyperparameters import Hyperparameters, PPOHyperparameters
from edgevision.agents.networks import SetActor
from edgevision.agents.ppo_policy import SetActorCriticPolicy
from edgevision.agents.sac_policy import SetSACPolicy
from edgevision.agents.sb3_vec_env import SB3VecEnv

_PPO_ONLY = ("n_steps", "n_epochs", "gae_lambda", "clip_range", "vf_coef", "max_grad_norm")
_SAC_ONLY = ("buffer_size", "learning_starts", "train_freq", "gradient_steps", "tau")
_POLICY = ("width", "log_std_init", "weight_decay")


def build_model(hyperparameters: Hyperparameters, env: SB3VecEnv, seed: int) -> BaseAlgorithm:
    """An untrained model of the algorithm that the hyperparameters are for."""
    ppo = isinstance(hyperparameters, PPOHyperparameters)
    values = vars(hyperparameters)
    own = ("batch_size", "gamma", "ent_coef", *(_PPO_ONLY if ppo else _SAC_ONLY))
    options: dict[str, Any] = {
        **{name: values[name] for name in own},
        "learning_rate": lambda remaining: hyperparameters.learning_rate * remaining,
        "policy_kwargs": {name: values[name] for name in _POLICY},
        "seed": seed,
        "device": "cpu",  # networks this small are slower on an accelerator
    }
    wrapped = VecMonitor(ContentNoise(env, hyperparameters.content_noise))
    return PPO(SetActorCriticPolicy, wrapped, **options) if ppo else SAC(SetSACPolicy, wrapped, **options)


def set_actor(model: BaseAlgorithm) -> SetActor:
    """The part of a model that acts; it goes on learning with the model."""
    actor: SetActor = model.policy.set_actor  # type: ignore[assignment]
    return actor


def log_interval(hyperparameters: Hyperparameters) -> int:
    """How often to log: every tenth rollout, or once per round of episodes."""
    return 10 if isinstance(hyperparameters, PPOHyperparameters) else hyperparameters.n_envs
