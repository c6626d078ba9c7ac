"""Learning agents: training with Stable-Baselines3, and the trained policies.

Importing this package is fast, because PyTorch and Stable-Baselines3 are imported at the first use of a name below.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgevision.errors import LearnedPolicyError, TrainingError
from edgevision.imports import AGENT_LIBRARIES, lazy_attributes

if TYPE_CHECKING:
    from edgevision.agents.belief.belief_policy import BeliefPolicy
    from edgevision.agents.belief.belief_training import BeliefConfig, BeliefSummary, train_belief
    from edgevision.agents.belief.sending_training import SendingConfig, SendingSummary, train_sending
    from edgevision.agents.flat_policy import FlatDescription, FlatPolicy
    from edgevision.agents.hyperparameters import load_hyperparameters
    from edgevision.agents.learned_policy import LearnedPolicy
    from edgevision.agents.ppo_policy import SetActorCriticPolicy
    from edgevision.agents.sac_policy import SetSACPolicy
    from edgevision.agents.saved_policy import load_policy
    from edgevision.agents.sb3_export import flat_policy_of
    from edgevision.agents.sb3_vec_env import SB3VecEnv
    from edgevision.agents.training import TrainConfig, TrainingSummary, resume, train

__all__ = [
    "BeliefConfig",
    "BeliefPolicy",
    "BeliefSummary",
    "FlatDescription",
    "FlatPolicy",
    "LearnedPolicy",
    "LearnedPolicyError",
    "SB3VecEnv",
    "SendingConfig",
    "SendingSummary",
    "SetActorCriticPolicy",
    "SetSACPolicy",
    "TrainConfig",
    "TrainingError",
    "TrainingSummary",
    "flat_policy_of",
    "load_hyperparameters",
    "load_policy",
    "resume",
    "train",
    "train_belief",
    "train_sending",
]

_MODULE_OF = {
    "BeliefConfig": "belief.belief_training",
    "BeliefPolicy": "belief.belief_policy",
    "BeliefSummary": "belief.belief_training",
    "FlatDescription": "flat_policy",
    "FlatPolicy": "flat_policy",
    "LearnedPolicy": "learned_policy",
    "SB3VecEnv": "sb3_vec_env",
    "SendingConfig": "belief.sending_training",
    "SendingSummary": "belief.sending_training",
    "SetActorCriticPolicy": "ppo_policy",
    "SetSACPolicy": "sac_policy",
    "TrainConfig": "training",
    "TrainingSummary": "training",
    "flat_policy_of": "sb3_export",
    "load_hyperparameters": "hyperparameters",
    "load_policy": "saved_policy",
    "resume": "training",
    "train": "training",
    "train_belief": "belief.belief_training",
    "train_sending": "belief.sending_training",
}

# Using a trained policy needs fewer libraries than training.
_LIGHT = (
    *("BeliefConfig", "BeliefPolicy", "BeliefSummary", "FlatDescription", "FlatPolicy", "LearnedPolicy"),
    *("SendingConfig", "SendingSummary", "load_policy", "train_belief", "train_sending"),
)
_NEEDS = dict.fromkeys(_MODULE_OF, AGENT_LIBRARIES) | dict.fromkeys(_LIGHT, ("torch", "safetensors"))

__getattr__ = lazy_attributes(__name__, _MODULE_OF, "agents", _NEEDS)
