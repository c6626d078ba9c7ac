"""A suite that is scored in a second, and entries for it."""

from __future__ import annotations

from pathlib import Path

import torch

from edgevision.agents import FlatDescription, FlatPolicy
from edgevision.experiments.benchmark.suite import Reference, Suite, Task
from edgevision.profiles import load_profile

SMALL = {"users": 2, "episode_slots": 3}
WHO = "A. Reader <reader@example.org>"

#: The choice of tasks, not frozen yet.
CHOICE = Suite(
    "Tiny-1",
    4,
    (
        Task("image", "EdgeVision/Image-v0", SMALL, Reference("fracr-exact"), Reference("joint")),
        Task("patrol", "EdgeVision/Dynamic-v0", SMALL, Reference("myopic"), Reference("myopic")),
    ),
)


def perceptron(folder: Path, seed: int = 0) -> FlatPolicy:
    """An untrained policy for the task ``image``, saved into a folder."""
    profile = load_profile("image-lite0-spat-imco")
    description = FlatDescription(
        name="perceptron",
        hidden=(8,),
        activation="tanh",
        squashed=False,
        view="slot",
        users=SMALL["users"],
        content_features=len(profile.feature_names),
        grid=profile.grid,
        provenance={"env_id": "EdgeVision/Image-v0", "steps": 0, "seed": seed, "seconds": 0.5},
    )
    torch.manual_seed(seed)
    policy = FlatPolicy(description, description.network())
    policy.save(folder)
    return policy
