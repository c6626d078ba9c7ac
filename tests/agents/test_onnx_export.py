"""A policy in ONNX Runtime acts as it does in PyTorch, in every id and for any number of slots and users."""

from __future__ import annotations

import json
from pathlib import Path

import gymnasium
import numpy as np
import pytest
import torch

pytest.importorskip("onnxruntime", reason="needs the extra 'onnx'")

import onnxruntime

from edgevision.agents import LearnedPolicy
from edgevision.agents.learned_policy import PolicyDescription
from edgevision.envs.registration import IDS


@pytest.mark.parametrize("env_id", IDS)
@pytest.mark.parametrize(("slots", "users"), [(1, 1), (5, 7)])
def test_actions_are_those_of_the_network(env_id: str, slots: int, users: int, tmp_path: Path) -> None:
    env = gymnasium.make_vec(env_id, num_envs=slots, users=users).unwrapped
    view, profile = env.view, env.simulator.profile
    description = PolicyDescription(
        "toy", 16, profile.grid, profile.feature_names, view.user_features, view.cell_features, view.name
    )
    torch.manual_seed(users)
    policy = LearnedPolicy(description, description.network())
    torch.nn.init.normal_(policy.actor.head.weight)
    policy.export_onnx(tmp_path / "policy.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "policy.onnx", providers=["CPUExecutionProvider"])
    observation, _ = env.reset(seed=0)
    seen = {key: observation[key].astype(np.float32) for key in ("users", "cell", "active")}
    seen["active"][-1] = 0  # nobody has a request
    with torch.inference_mode():
        expected = policy.actor(*map(torch.from_numpy, seen.values())).numpy()
    (action,) = session.run(None, seen)
    np.testing.assert_allclose(action, expected, rtol=0, atol=1e-5)
    assert not action[-1].any() and (slots == 1 or action.any())
    assert env.single_action_space.contains(action[0])
    noted = json.loads(session.get_modelmeta().custom_metadata_map["edgevision"])
    assert noted["view"] == view.name and tuple(noted["grid"]) == profile.grid
