"""What can go wrong with training runs and learned policies."""

from __future__ import annotations


class TrainingError(ValueError):
    """A training run's settings, hyperparameters or folder are wrong."""


class LearnedPolicyError(ValueError):
    """A learned policy's folder is missing or damaged, or the policy does not fit the environment."""
