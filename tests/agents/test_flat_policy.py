"""A perceptron on flat spaces decides as the model that it comes from, and its files are checked."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

pytest.importorskip("stable_baselines3", reason="needs the extra 'agents'")

from stable_baselines3 import PPO, SAC, TD3
from stable_baselines3.common.base_class import BaseAlgorithm

from edgevision.agents import FlatPolicy, LearnedPolicyError, SB3VecEnv, flat_policy_of, load_policy
from edgevision.agents.policy_files import policy_files


def build(algorithm: type[BaseAlgorithm], env: SB3VecEnv, **network: Any) -> BaseAlgorithm:
    return algorithm("MlpPolicy", env, policy_kwargs={"net_arch": [16, 8], **network}, seed=0, device="cpu")


def flat(env_id: str = "EdgeVision/Paper-v0", **settings: Any) -> SB3VecEnv:
    env = SB3VecEnv.make(env_id, 3, spaces="flat", users=2, **settings)
    env.seed_episodes([1, 2, 3])
    return env


@pytest.fixture
def policy() -> FlatPolicy:
    env = flat()
    return flat_policy_of(build(PPO, env), env, "toy", {"seed": 0})


@pytest.mark.parametrize("algorithm", [PPO, SAC, TD3])
@pytest.mark.parametrize("env_id", ["EdgeVision/Image-v0", "EdgeVision/Dynamic-v0"])
def test_it_decides_as_the_model_that_it_comes_from(algorithm: type[BaseAlgorithm], env_id: str) -> None:
    env = flat(env_id)
    model = build(algorithm, env)
    with torch.no_grad():
        for parameter in model.policy.parameters():
            parameter.mul_(3.0)  # so that some actions reach the ends of their range
    policy = flat_policy_of(model, env, "toy")
    action, _ = model.predict(env.reset(), deterministic=True)
    problem = env.env.problem
    expected = env.env.view.decode(action.astype(np.float64).reshape(3, 2, -1), problem)
    found = policy.act(problem)
    for name, value in vars(expected).items():
        np.testing.assert_allclose(getattr(found, name), value, rtol=1e-5, atol=1e-12)


def test_what_is_saved_is_loaded(policy: FlatPolicy, tmp_path: Path) -> None:
    policy.save(tmp_path)
    loaded = load_policy(tmp_path)
    assert isinstance(loaded, FlatPolicy)
    assert loaded.description == policy.description
    env = flat()
    env.reset()
    for name, value in vars(policy.act(env.env.problem)).items():
        np.testing.assert_array_equal(getattr(loaded.act(env.env.problem), name), value)
    assert [path.name for path in policy_files(tmp_path)] == ["policy.json", "policy.safetensors"]


def test_another_environment_is_refused(policy: FlatPolicy) -> None:
    env = flat("EdgeVision/Image-v0")
    env.reset()
    with pytest.raises(LearnedPolicyError, match="is for 2 users, operating points"):
        policy.act(env.env.problem)


def test_another_kind_of_network_is_refused() -> None:
    env = flat()
    model = build(PPO, env, activation_fn=torch.nn.Softplus)
    with pytest.raises(LearnedPolicyError, match="linear layers with one activation"):
        flat_policy_of(model, env, "toy")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.update(hidden=[16, 10**9]), "hidden must hold whole numbers from 1 to 1024"),
        (lambda d: d.update(hidden=[16] * 17), "hidden must hold"),
        (lambda d: d.update(hidden=[16, 9]), "other weights than its architecture"),
        (lambda d: d.update(users=1024, hidden=[1024]), "other weights than its architecture"),
        (lambda d: d.update(activation="os.system"), "activation must be one of"),
        (lambda d: d.update(view="nowhere"), "view must be one of"),
        (lambda d: d.update(grid=[]), "grid must hold"),
        (lambda d: d.update(users=True), "users must hold"),
        (lambda d: d.update(more=1), "entries of policy.json must be"),
        (lambda d: d.update(sha256="0" * 64), "does not match its checksum"),
    ],
)
def test_a_damaged_description_is_refused(
    policy: FlatPolicy, tmp_path: Path, change: Callable[[dict[str, Any]], None], message: str
) -> None:
    policy.save(tmp_path)
    document = json.loads((tmp_path / "policy.json").read_text())
    change(document)
    (tmp_path / "policy.json").write_text(json.dumps(document))
    with pytest.raises(LearnedPolicyError, match=message):
        load_policy(tmp_path)
