"""Learning agents: training with Stable-Baselines3 and the policies that come out of it.

Importing this package is light; PyTorch and Stable-Baselines3 are imported at the first use of what needs them.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from edgevision.agents.errors import LearnedPolicyError, TrainingError
from edgevision.errors import require

if TYPE_CHECKING:
    from edgevision.agents.hyperparameters import load_hyperparameters
    from edgevision.agents.policy import LearnedPolicy
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

_TRAINING = ("torch", "stable_baselines3", "safetensors", "tensorboard", "matplotlib", "yaml")
#: Name -> the module that defines it and what that module needs besides the package's own dependencies.
_LAZY: dict[str, tuple[str, tuple[str, ...]]] = {
    "LearnedPolicy": ("policy", ("torch", "safetensors")),
    "SB3VecEnv": ("sb3_vec_env", ("stable_baselines3",)),
    "TrainConfig": ("training", _TRAINING),
    "TrainingSummary": ("training", _TRAINING),
    "load_hyperparameters": ("hyperparameters", ("yaml",)),
    "resume": ("training", _TRAINING),
    "train": ("training", _TRAINING),
}


def __getattr__(name: str) -> Any:
    """Import what is asked for.

    Raises:
        MissingExtraError: the extra ``agents`` is not installed.
    """
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, needed = _LAZY[name]
    for library in needed:
        require(library, "agents")
    return getattr(importlib.import_module(f"{__name__}.{module}"), name)
