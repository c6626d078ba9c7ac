from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from edgevision.agents.networks import SetActor, SetCritic, mean_over_active

F, G, A, W = 5, 3, 3, 8


def observations(seed: int, users: int, n: int = 4) -> tuple[Tensor, Tensor, Tensor]:
    rng = np.random.default_rng(seed)
    active = rng.uniform(size=(n, users)) < 0.6
    rows = np.where(active[..., None], rng.normal(size=(n, users, F)), 0.0)
    return tuple(torch.tensor(x, dtype=torch.float32) for x in (rows, rng.normal(size=(n, G)), active))


def actor() -> SetActor:
    torch.manual_seed(1)
    network = SetActor(F, G, A, W)
    torch.nn.init.normal_(network.head.weight)
    return network


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 1000), st.integers(1, 7))
def test_actions_move_with_the_users_and_values_stay(seed: int, users: int) -> None:
    rows, cell, active = observations(seed, users)
    order = torch.tensor(np.random.default_rng(seed).permutation(users))
    network, critic = actor(), SetCritic(F, G, W)
    moved = network(rows[:, order], cell, active[:, order])
    torch.testing.assert_close(moved, network(rows, cell, active)[:, order], rtol=1e-5, atol=1e-6)
    value = critic(rows[:, order], cell, active[:, order])
    torch.testing.assert_close(value, critic(rows, cell, active), rtol=1e-5, atol=1e-6)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 1000))
def test_absent_users_change_nothing(seed: int) -> None:
    rows, cell, active = observations(seed, 4)
    more = torch.cat([rows, torch.zeros(4, 2, F)], dim=1), cell, torch.cat([active, torch.zeros(4, 2)], dim=1)
    network, critic = actor(), SetCritic(F, G, W)
    torch.testing.assert_close(network(*more)[:, :4], network(rows, cell, active), rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(critic(*more), critic(rows, cell, active), rtol=1e-5, atol=1e-6)
    assert not network(*more)[:, 4:].any()


def test_users_react_to_each_other() -> None:
    rows, cell, _ = observations(3, 3)
    active = torch.ones(4, 3)
    other = rows.clone()
    other[:, 2] += 1.0
    network = actor()
    assert (network(rows, cell, active)[:, 0] - network(other, cell, active)[:, 0]).abs().max() > 1e-4


def test_untrained_actor_is_close_to_the_middle() -> None:
    torch.manual_seed(0)
    assert SetActor(F, G, A, 32)(*observations(0, 6)).abs().max() < 0.1


def test_mean_of_nobody_is_zero() -> None:
    values, active = torch.ones(2, 3, 4), torch.tensor([[0.0, 0.0, 0.0], [1.0, 0.0, 1.0]])
    assert mean_over_active(values, active).tolist() == [[0.0] * 4, [1.0] * 4]


@pytest.mark.parametrize("users", [1, 9])
def test_any_number_of_users(users: int) -> None:
    assert actor()(*observations(0, users)).shape == (4, users, A)
