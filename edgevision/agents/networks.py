"""Set networks: one small network for all users, with the mean over the active users as context.

Actions are permutation-equivariant and values permutation-invariant in the users, and the same weights work for any
number of users. This module needs only PyTorch, so that a trained policy runs without Stable-Baselines3.
Source: Zaheer et al., Deep Sets, NeurIPS 2017, section 3.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

#: Standard deviation of the initial output weights; small, so that an untrained policy gives nearly equal shares.
INITIAL_HEAD_SCALE = 0.01


def mean_over_active(values: Tensor, active: Tensor) -> Tensor:
    """Mean of (N, U, W) over the users whose ``active`` (N, U) is 1, (N, W); zeros if no user is active."""
    count = active.sum(dim=1, keepdim=True).clamp(min=1.0)
    return (active.unsqueeze(1) @ values).squeeze(1) / count


class SetEncoder(nn.Module):
    """Embeds users in the context of the others: h_i = g(e_i, mean of active e_j), e_i = f(user_i, cell, active_i)."""

    def __init__(self, user_features: int, cell_features: int, width: int) -> None:
        super().__init__()
        self.features = (user_features, cell_features)
        self.embed = nn.Sequential(
            nn.Linear(user_features + cell_features + 1, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU()
        )
        self.own = nn.Linear(width, width)
        self.others = nn.Linear(width, width, bias=False)
        self.mix = nn.Sequential(nn.ReLU(), nn.Linear(width, width), nn.ReLU())

    def forward(self, users: Tensor, cell: Tensor, active: Tensor) -> Tensor:
        """Embed users (N, U, F) of cells (N, G) with activity (N, U) as (N, U, W)."""
        shared = cell.unsqueeze(1).expand(-1, users.shape[1], -1)
        embedded = self.embed(torch.cat([users, shared, active.unsqueeze(-1)], dim=-1))
        context = self.others(mean_over_active(embedded, active))
        hidden: Tensor = self.mix(self.own(embedded) + context.unsqueeze(1))
        return hidden


class SetActor(nn.Module):
    """Actor network: the deterministic action of every user."""

    def __init__(self, user_features: int, cell_features: int, actions: int, width: int) -> None:
        super().__init__()
        self.encoder = SetEncoder(user_features, cell_features, width)
        self.head = nn.Linear(width, actions)
        nn.init.normal_(self.head.weight, std=INITIAL_HEAD_SCALE)
        nn.init.zeros_(self.head.bias)

    def forward(self, users: Tensor, cell: Tensor, active: Tensor) -> Tensor:
        """Action of each user in [-1, 1], (N, U, A + 2); zeros for inactive users."""
        return torch.tanh(self.head(self.encoder(users, cell, active))) * active.unsqueeze(-1)


class SetCritic(nn.Module):
    """Critic network: the mean over the active users of a value per user, because the reward is such a mean."""

    def __init__(self, user_features: int, cell_features: int, width: int) -> None:
        super().__init__()
        self.encoder = SetEncoder(user_features, cell_features, width)
        self.head = nn.Linear(width, 1)

    def forward(self, users: Tensor, cell: Tensor, active: Tensor) -> Tensor:
        """Value of each slot, (N, 1); 0 if no user is active."""
        return mean_over_active(self.head(self.encoder(users, cell, active)), active)
