"""The environments on PyTorch score, observe and differentiate as those on NumPy do."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import pytest

import edgevision  # noqa: F401 - registers the ids
from edgevision.envs.torch_environment import slot_step
from edgevision.errors import InvalidActionError, ScenarioError

torch = pytest.importorskip("torch")
BANDITS = ("EdgeVision/Paper-v0", "EdgeVision/Image-v0", "EdgeVision/Video-v0")


@pytest.mark.parametrize("env_id", BANDITS)
def test_a_thousand_steps_are_those_of_numpy(env_id: str) -> None:
    reference: Any = gymnasium.make_vec(env_id, num_envs=2)
    random, seen = np.random.default_rng(0), reference.reset(seed=5)[0]
    bounds = {"float64": 1e-12, "float32": 1e-5}
    envs = {dtype: gymnasium.make_vec(env_id, num_envs=2, backend="torch", dtype=dtype) for dtype in bounds}
    for env in envs.values():
        given = env.reset(seed=5)[0]
        assert all(np.allclose(given[key].numpy(), value, atol=1e-5) for key, value in seen.items())
    for _ in range(1000):
        action = random.uniform(-1, 1, reference.action_space.shape).astype(np.float32)
        seen, reward, _, truncated, info = reference.step(action)
        for dtype, env in envs.items():
            given, tensor, _, over, terms = env.step(torch.from_numpy(action))
            assert tensor.dtype == getattr(torch, dtype)
            assert np.abs(tensor.numpy() - reward).max() <= bounds[dtype]
            assert (over.numpy() == truncated).all()
            assert not terms or (terms["operating_point"].numpy() == info["operating_point"]).all()
            # The load grows without bound as the time that is left goes to 0, and float32 has few digits of that.
            assert all(np.abs(given[key].numpy() - value).max() < 1e-2 for key, value in seen.items())


@pytest.mark.parametrize("env_id", BANDITS)
def test_a_step_is_one_graph_for_the_compiler(env_id: str) -> None:
    """Traced as ``compile=True`` does it, but run without the code that takes minutes to make."""
    env: Any = gymnasium.make_vec(env_id, num_envs=4, backend="torch")
    env.reset(seed=2)
    traced = torch.compile(slot_step, fullgraph=True, backend="eager")
    action = torch.from_numpy(np.random.default_rng(1).uniform(-1, 1, env.action_space.shape)).float()
    given = (env._rules, env._now(0), env._now(1), action)
    for key, value in slot_step(*given).items():
        assert torch.equal(traced(*given)[key], value), key


@pytest.mark.parametrize("env_id", BANDITS)
def test_gradients_in_the_shares_are_central_differences(env_id: str) -> None:
    env: Any = gymnasium.make_vec(env_id, num_envs=4, backend="torch", dtype="float64")
    env.reset(seed=2)
    now, random = env._now(0), np.random.default_rng(1)
    action = torch.from_numpy(random.uniform(-0.5, 0.5, env.action_space.shape)).requires_grad_()

    def reward(values: Any) -> Any:
        return slot_step(env._rules, now, now, values)["reward"].sum()

    reward(action).backward()
    gradient = action.grad[..., -2:]
    assert torch.isfinite(gradient).all() and gradient.abs().max() > 1e-3
    for index in np.ndindex(*gradient.shape):
        step = torch.zeros_like(action)
        step[..., -2:][index] = 1e-6
        with torch.no_grad():
            difference = (reward(action + step) - reward(action - step)) / 2e-6
        assert float(gradient[index]) == pytest.approx(float(difference), abs=1e-6)


@pytest.mark.parametrize(
    ("env_id", "settings"),
    [
        ("EdgeVision/Dynamic-v0", {}),
        ("EdgeVision/Stream-v0", {}),
        ("EdgeVision/Paper-v0", {"dtype": "float16"}),
        ("EdgeVision/Paper-v0", {"device": "abacus"}),
        ("EdgeVision/Paper-v0", {"spaces": "flat"}),
        ("EdgeVision/Paper-v0", {"episode_slots": (5, 9)}),
        ("EdgeVision/Paper-v0", {"autoreset_mode": "Disabled"}),
    ],
)
def test_what_is_not_covered_is_refused_in_one_line(env_id: str, settings: dict[str, Any]) -> None:
    with pytest.raises(ScenarioError) as error:
        gymnasium.make_vec(env_id, num_envs=2, backend="torch", **settings)
    assert "\n" not in str(error.value)


def test_unknown_backends_and_wrong_shapes_are_refused() -> None:
    with pytest.raises(ScenarioError, match="numpy or torch"):
        gymnasium.make_vec("EdgeVision/Paper-v0", num_envs=2, backend="abacus")
    env: Any = gymnasium.make_vec("EdgeVision/Paper-v0", num_envs=2, backend="torch")
    env.reset(seed=0)
    with pytest.raises(InvalidActionError, match="shape"):
        env.step(torch.zeros(2, 6, 4))
