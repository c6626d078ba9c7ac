"""Policies of sb3-contrib in the evaluation: their memory belongs to the episodes that they play."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from edgevision.agents.sb3_vec_env import SB3VecEnv
from edgevision.envs import DynamicConfig, DynamicSimulator
from edgevision.envs.simulation.episodes import play

contrib = pytest.importorskip("sb3_contrib")


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The benchmark, which is found as a script is."""
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "benchmarks"))
    import dynamic_agents as module

    return module


def test_a_recurrent_policy_plays_episodes_together_as_it_plays_each_alone(benchmark: ModuleType) -> None:
    """Whatever it played before: an evaluation asks it for one slot of another episode first."""
    settings: dict[str, Any] = {"users": 2, "episode_slots": 6}
    env = SB3VecEnv.make(benchmark.PRICE_ID, 2, **settings)
    small = {"net_arch": [8], "lstm_hidden_size": 8}
    model = contrib.RecurrentPPO("MultiInputLstmPolicy", env, n_steps=2, batch_size=4, seed=0, policy_kwargs=small)
    policy = benchmark.Contrib("recurrent-ppo", model)

    def powers(seeds: list[int]) -> np.ndarray:
        simulator = DynamicSimulator(DynamicConfig(**settings), len(seeds))
        return np.stack([slot.allocation.power for slot in play(simulator, lambda one, _: policy.act(one), seeds)], 1)

    alone = [powers([seed]) for seed in (3, 4, 5)]
    assert np.concatenate(alone).any()
    np.testing.assert_allclose(powers([3, 4, 5]), np.concatenate(alone), rtol=1e-4, atol=1e-9)
