"""A scenario that is learned in seconds, and a run on it that several tests look at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edgevision.agents import TrainConfig, TrainingSummary, train

SETTINGS = {"users": 3, "episode_slots": 10, "traffic": "full-buffer"}
PPO = {"n_envs": 32, "n_steps": 4, "batch_size": 64, "n_epochs": 3, "width": 16, "learning_rate": 0.003}
SAC = {"n_envs": 16, "learning_starts": 64, "buffer_size": 400, "batch_size": 32, "gradient_steps": 2, "width": 16}


def tiny(folder: Path, algorithm: str = "ppo", **changes: Any) -> TrainConfig:
    """A run of a moment."""
    hyperparameters = PPO if algorithm == "ppo" else SAC
    options = {"steps": 1024, "evaluation_interval": 384, "evaluation_episodes": 4, **changes}
    return TrainConfig(
        "EdgeVision/Paper-v0", folder, algorithm, settings=SETTINGS, hyperparameters=hyperparameters, **options
    )


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory: pytest.TempPathFactory) -> TrainingSummary:
    """A short PPO run that went through; read only."""
    return train(tiny(tmp_path_factory.mktemp("runs") / "ppo"))
