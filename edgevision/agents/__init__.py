"""Learning agents: training with Stable-Baselines3, and the trained policies.

Importing this package is fast, because PyTorch and Stable-Baselines3 are imported at the first use of a name below.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgevision.errors import LearnedPolicyError, TrainingError
from edgevision.imports import AGENT_LIBRARIES, lazy_attributes

if TYPE_CHECKING:
    from edgevision.agents.hyperparameters import load_hyperparameters
    from edgevision.agents.learned_policy import LearnedPolicy
    from edgevision.agents.sb3_vec_env import SB3VecEnv
    from edgevision.agents.training import TrainConfig, TrainingSummary, resume, train

__all__ = [
    "LearnedPolicy",
    "LearnedPolicyError",
    "SB3VecEnv",
    "TrainConfig",
    "TrainingError",
    "TrainingSummary",
    "load_hyperparameters",
    "resume",
    "train",
]

_MODULE_OF = {
    "LearnedPolicy": "learned_policy",
    "SB3VecEnv": "sb3_vec_env",
    "TrainConfig": "training",
    "TrainingSummary": "training",
    "load_hyperparameters": "hyperparameters",
    "resume": "training",
    "train": "training",
}

# Using a trained policy needs fewer libraries than training.
_NEEDS = dict.fromkeys(_MODULE_OF, AGENT_LIBRARIES) | {"LearnedPolicy": ("torch", "safetensors")}

__getattr__ = lazy_attributes(__name__, _MODULE_OF, "agents", _NEEDS)
