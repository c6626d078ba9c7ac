from __future__ import annotations

from pathlib import Path

import pytest

from edgevision.agents import LearnedPolicy, TrainConfig, train
from edgevision.agents.validation import validate
from edgevision.experiments.evaluation.evaluate import EvaluationConfig, evaluate
from edgevision.experiments.evaluation.scenario import Scenario
from edgevision.protocol import SEEDS

SMALL = {"users": 2, "episode_slots": 20}


@pytest.mark.parametrize("env_id", ["EdgeVision/Dynamic-v0", "EdgeVision/Dynamic-Price-v0", "EdgeVision/Stream-v0"])
def test_agents_of_sequential_environments_train_reload_and_evaluate(tmp_path: Path, env_id: str) -> None:
    config = TrainConfig(
        env_id,
        tmp_path / "run",
        steps=320,
        settings=SMALL,
        hyperparameters={"n_envs": 8, "n_steps": 20, "batch_size": 40, "n_epochs": 1, "width": 8},
        evaluation_interval=160,
        evaluation_episodes=4,
    )
    summary = train(config)
    policy = LearnedPolicy.load(summary.folder)
    assert policy.description.view == env_id.split("/")[1].removesuffix("-v0").lower()
    played = env_id.replace("-Price", "")
    simulator = Scenario(played, SMALL, "validation").make(4).simulator
    again = validate(policy, simulator, SEEDS["validation"][:4])
    assert again.score.mean() == summary.best.score
    asked = EvaluationConfig(played, (policy, "random"), 4, "validation", SMALL)
    scores = evaluate(asked, show_progress=False).results[0].scores
    assert scores.mean() == pytest.approx(summary.best.score)
