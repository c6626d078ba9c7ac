"""The Stable-Baselines3 policies around set networks."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from edgevision.agents import SB3VecEnv
from edgevision.agents.ppo_policy import SetActorCriticPolicy
from edgevision.agents.sac_policy import SetSACPolicy

ORDER = [2, 0, 3, 1]
KEYWORDS: dict[str, Any] = {"width": 16, "log_std_init": -1.0, "weight_decay": 0.0}


@pytest.fixture(scope="module")
def observation() -> dict[str, torch.Tensor]:
    env = SB3VecEnv.make("EdgeVision/Paper-v0", 8, users=4, arrivals_per_slot=0.5)
    env.seed(3)
    found = {key: torch.as_tensor(value) for key, value in env.reset().items()}
    assert found["active"].any() and not found["active"].all()
    return found


def policy(kind: type[Any]) -> Any:
    env = SB3VecEnv.make("EdgeVision/Paper-v0", 1, users=4)
    torch.manual_seed(0)
    built = kind(env.observation_space, env.action_space, lambda _: 1e-3, **KEYWORDS)
    for module in built.modules():  # output layers start at zero; give every path something to show
        if isinstance(module, torch.nn.Linear):
            torch.nn.init.normal_(module.weight, std=0.4)
    return built


def permuted(observation: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {key: value if key == "cell" else value[:, ORDER] for key, value in observation.items()}


def test_ppo_does_not_care_who_is_first(observation: dict[str, torch.Tensor]) -> None:
    model = policy(SetActorCriticPolicy)
    actions, value, log_prob = model(observation)
    value_, log_prob_, _ = model.evaluate_actions(permuted(observation), actions[:, ORDER].flatten(1))
    torch.testing.assert_close(value_, value)
    torch.testing.assert_close(log_prob_, log_prob)


def test_sac_does_not_care_who_is_first(observation: dict[str, torch.Tensor]) -> None:
    model = policy(SetSACPolicy)
    actions = model.actor(observation, deterministic=True).reshape(8, 4, 3)
    moved = model.actor(permuted(observation), deterministic=True).reshape(8, 4, 3)
    torch.testing.assert_close(moved, actions[:, ORDER])
    values = model.critic(observation, actions.flatten(1))
    for value, other in zip(values, model.critic(permuted(observation), moved.flatten(1)), strict=True):
        torch.testing.assert_close(other, value)


@pytest.mark.parametrize("kind", [SetActorCriticPolicy, SetSACPolicy])
def test_what_absent_users_do_moves_no_gradient(kind: type[Any], observation: dict[str, torch.Tensor]) -> None:
    model = policy(kind)
    nobody = {**observation, "active": torch.zeros_like(observation["active"])}
    if kind is SetActorCriticPolicy:
        actions = torch.randn(8, 12, generator=torch.Generator().manual_seed(0))
        log_prob, parameters = (
            model.evaluate_actions(nobody, actions)[1],
            [model.log_std, *model.set_actor.parameters()],
        )
    else:
        log_prob, parameters = model.actor.action_log_prob(nobody)[1], list(model.actor.parameters())
    for gradient in torch.autograd.grad(log_prob.sum(), parameters, allow_unused=True):
        assert gradient is None or not gradient.any()


@pytest.mark.parametrize("kind", [SetActorCriticPolicy, SetSACPolicy])
def test_the_deterministic_action_is_the_set_actors(kind: type[Any], observation: dict[str, torch.Tensor]) -> None:
    model = policy(kind)
    action, _ = model.predict({key: value.numpy() for key, value in observation.items()}, deterministic=True)
    inputs = [observation[key].float() for key in ("users", "cell", "active")]
    expected = model.set_actor(*inputs).detach()
    active = observation["active"].bool().unsqueeze(-1)
    torch.testing.assert_close(torch.where(active, torch.as_tensor(action), 0.0), expected)
