from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from edgevision.agents import LearnedPolicy, TrainConfig, TrainingError, resume, train
from edgevision.agents.checkpoint import checkpoints
from edgevision.agents.marginal.paired_rollouts import Samples, paired_rollouts
from edgevision.agents.marginal.sample_store import SampleStore
from edgevision.arrays import FloatArray
from edgevision.baselines.dynamic.look_ahead import LookAhead
from edgevision.envs import DynamicConfig, DynamicSimulator, SlotProblem
from edgevision.envs.simulation.episodes import start
from tests.agents.test_resume import assert_same_end

SMALL = {"users": 2, "episode_slots": 20}
FAST = {"n_envs": 4, "groups": 5, "batch_size": 20, "n_epochs": 2, "width": 8}


def config(folder: Path, **changes: object) -> TrainConfig:
    return TrainConfig(
        "EdgeVision/Dynamic-Price-v0",
        folder,
        "marginal",
        **{"steps": 3000, "settings": SMALL, "evaluation_episodes": 4, "hyperparameters": FAST, **changes},  # type: ignore[arg-type]
    )


def reference(problem: SlotProblem) -> FloatArray:
    return np.zeros((*problem.active.shape, 2))


def sampled(episodes: int, gamma: float = 1.0, **settings: object) -> Samples:
    scenario = DynamicConfig.from_preset("patrol", **settings)
    simulator = DynamicSimulator(scenario, episodes)
    start(simulator, range(episodes))
    return paired_rollouts(simulator, reference, 30, 0.2, gamma, np.random.default_rng(0))[0]


def test_a_resumed_run_ends_like_a_whole_one(tmp_path: Path) -> None:
    whole = train(config(tmp_path / "whole"))
    assert len(whole.curve) >= 3
    shutil.copytree(whole.folder, tmp_path / "cut")
    shutil.rmtree(checkpoints(tmp_path / "cut" / "checkpoints")[-1])
    resume(tmp_path / "cut")
    assert_same_end(tmp_path / "cut", whole.folder)
    assert LearnedPolicy.load(whole.folder).description.view == "dynamic-price"


@pytest.mark.parametrize(("entry", "value"), [("camera", 999), ("camera", -7), ("begun", -1), ("energy", np.nan)])
def test_samples_of_a_damaged_checkpoint_are_refused(entry: str, value: float) -> None:
    store = SampleStore(2, 4, (3, 5), 2)
    state = store.state_dict()
    state[entry] = torch.full_like(state[entry], value)
    with pytest.raises(ValueError, match="samples"):
        store.load_state_dict(state)


def test_it_learns_prices_only(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="Dynamic-Price-v0"):
        train(TrainConfig("EdgeVision/Dynamic-v0", tmp_path, "marginal", hyperparameters=FAST))


def test_energy_and_requests_are_worth_something_on_average() -> None:
    samples = sampled(48)
    assert 0.2 < samples.waiting_value[samples.waits].mean() < 1.0
    assert samples.energy_value.mean() > 0.1
    assert (samples.energy > 0).all()


def test_without_a_future_nothing_is_worth_saving() -> None:
    samples = sampled(8, gamma=0.0)
    assert samples.waiting_value[samples.waits] == pytest.approx(0.0, abs=1e-12)


def test_a_battery_without_limits_has_no_value() -> None:
    samples = sampled(8, battery_mj=(1e8, 1e8))
    assert np.abs(samples.energy_value) == pytest.approx(0.0, abs=1e-6)


def test_copies_go_on_like_the_original() -> None:
    simulator = DynamicSimulator(DynamicConfig.from_preset("patrol"), 3)
    start(simulator, range(3))
    policy = LookAhead()
    for _ in range(10):
        simulator.step(policy.act(simulator.problem))
    copied = simulator.copies(np.array([2, 0]))
    for _ in range(10):
        right = simulator.step(policy.act(simulator.problem)).reward
        again = copied.step(policy.act(copied.problem)).reward
        assert again == pytest.approx(right[[2, 0]])
    assert copied.battery == pytest.approx(simulator.battery[[2, 0]])
