from __future__ import annotations

import json
import zipfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from edgevision.agents import LearnedPolicy, TrainConfig, TrainingError, TrainingSummary, resume, train
from edgevision.agents.validation import validate
from edgevision.envs import ScenarioConfig, Simulator
from edgevision.envs.action import decode, encode
from edgevision.errors import ScenarioError, UnknownNameError
from edgevision.protocol import SEEDS
from tests.agents.conftest import SETTINGS, tiny


def scenario(**settings: Any) -> ScenarioConfig:
    return ScenarioConfig.from_preset("paper", **settings)


def test_ppo_learns(tmp_path: Path) -> None:
    summary = train(tiny(tmp_path / "run", steps=24_000, evaluation_interval=8_000, evaluation_episodes=16))
    assert summary.best.score > summary.curve[0].score + 0.03


def test_sac_learns(tmp_path: Path) -> None:
    config = tiny(tmp_path / "run", "sac", steps=4_000, evaluation_interval=1_000, evaluation_episodes=16)
    config.hyperparameters.update(buffer_size=4_000, gradient_steps=4, width=32)  # type: ignore[attr-defined]
    summary = train(config)
    assert summary.best.score > summary.curve[0].score + 0.02


def test_the_run_keeps_its_best_policy(finished_run: TrainingSummary) -> None:
    policy = LearnedPolicy.load(finished_run.folder)
    again = validate(policy, Simulator(scenario(**SETTINGS), 4), SEEDS["validation"][:4])
    assert again.score.mean() == finished_run.best.score
    assert finished_run.best.score == max(point.score for point in finished_run.curve)


def test_validation_is_what_the_environment_pays(finished_run: TrainingSummary) -> None:
    policy, seeds = LearnedPolicy.load(finished_run.folder), (10_000, 10_003)
    settings = {**SETTINGS, "episode_slots": (4, 9), "traffic": "poisson"}
    result = validate(policy, Simulator(scenario(**settings), len(seeds)), seeds)
    env = gymnasium.make("EdgeVision/Paper-v0", **settings)
    requests, in_time = 0, 0.0
    for seed, score in zip(seeds, result.score, strict=True):
        env.reset(seed=seed)
        rewards, over = [], False
        while not over:
            problem = env.unwrapped.problem
            allocation = policy.act(problem)
            _, reward, _, over, info = env.step(encode(allocation, problem)[0].astype(np.float32))
            expected = problem.value(decode(encode(allocation, problem).astype(np.float32), problem))
            assert reward == pytest.approx(expected[0])
            rewards.append(reward)
            requests, in_time = requests + info["active_users"], in_time + info["user_in_time"].sum()
        assert score == pytest.approx(np.mean(rewards), abs=1e-6)
    assert len(result.decisions.in_time) == requests
    assert result.decisions.in_time.sum() == pytest.approx(in_time, abs=1e-4)


def test_the_folder_says_everything(finished_run: TrainingSummary) -> None:
    folder = finished_run.folder
    config = json.loads((folder / "config.json").read_text())
    assert config["training"]["hyperparameters"]["gamma"] == 0.0
    assert config["training"]["settings"] == SETTINGS
    assert config["scenario"] == json.loads(json.dumps(asdict(scenario(**SETTINGS))))
    assert (folder / "command.txt").read_text().strip()
    assert {"torch", "numpy", "gymnasium", "edgevision-gym"} <= json.loads(
        (folder / "versions.json").read_text()
    ).keys()
    curve = json.loads((folder / "curve.json").read_text())
    assert [point["steps"] for point in curve] == [point.steps for point in finished_run.curve] == [0, 384, 768, 1024]
    assert len(list((folder / "checkpoints").iterdir())) == 2


def test_tensorboard_has_scalars_and_figures(finished_run: TrainingSummary) -> None:
    events = EventAccumulator(str(finished_run.folder / "tensorboard"))
    events.Reload()
    scores = events.Scalars("validation/score")
    assert [(event.step, event.value) for event in scores] == [
        (point.steps, pytest.approx(point.score)) for point in finished_run.curve
    ]
    assert {f"validation/{name}" for name in ("learning_curve", "operating_points", "shares")} <= set(
        events.Tags()["images"]
    )


@pytest.mark.parametrize("algorithm", ["ppo", "sac"])
def test_no_file_of_a_run_is_a_pickle(algorithm: str, tmp_path: Path) -> None:
    folder = train(tiny(tmp_path / "run", algorithm, steps=400)).folder
    allowed = {".json", ".txt", ".safetensors", ".npz"}
    for path in (path for path in folder.rglob("*") if path.is_file()):
        assert path.suffix in allowed or path.name == ".lock" or path.name.startswith("events.out.tfevents"), path
        assert not path.read_bytes().startswith(b"\x80"), path
        if path.suffix == ".npz":
            with np.load(path, allow_pickle=False) as archive:
                assert all(archive[key].dtype != object for key in archive.files)
        else:
            assert not zipfile.is_zipfile(path), path


def test_trains_on_train_and_evaluates_on_validation_contents(
    tmp_path: Path, measured_profile: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from edgevision.agents import callback

    evaluated = []
    monkeypatch.setattr(
        callback,
        "validate",
        lambda policy, simulator, seeds: evaluated.append(simulator.config) or validate(policy, simulator, seeds),
    )
    settings = {"preset": "umi-image", "profile": str(measured_profile), "episode_slots": 5}
    options = {"hyperparameters": {"n_envs": 8, "batch_size": 16}, "evaluation_episodes": 3}
    summary = train(TrainConfig("EdgeVision/Image-v0", tmp_path / "run", steps=64, settings=settings, **options))
    assert {config.content_split for config in evaluated} == {"validation"}
    document = json.loads((summary.folder / "config.json").read_text())
    assert document["scenario"]["content_split"] == "train"
    assert LearnedPolicy.load(summary.folder).description.content_features == ("a", "b", "c")


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"env_id": "EdgeVision/Papr-v0"}, UnknownNameError, "did you mean 'EdgeVision/Paper-v0'"),
        ({"algorithm": "dqn"}, UnknownNameError, "unknown algorithm"),
        ({"steps": 0}, TrainingError, "steps must be"),
        ({"steps": 2.5}, TrainingError, "steps must be"),
        ({"seed": -1}, TrainingError, "seed must be"),
        ({"evaluation_episodes": 1001}, TrainingError, "from 1 to 1000"),
        ({"settings": {"content_split": "test"}}, TrainingError, "chosen by training"),
        ({"settings": {"codec": object()}}, TrainingError, "plain values"),
        ({"settings": {"user": 3}}, UnknownNameError, "did you mean 'users'"),
        ({"settings": {"users": 0}}, ScenarioError, "users must be"),
        ({"hyperparameters": {"n_env": 3}}, UnknownNameError, "did you mean 'n_envs'"),
    ],
)
def test_wrong_settings_are_refused_before_a_folder_is_made(
    changes: dict[str, Any], error: type[Exception], message: str, tmp_path: Path
) -> None:
    with pytest.raises(error, match=message):
        train(TrainConfig(**{"env_id": "EdgeVision/Paper-v0", "folder": tmp_path / "run", **changes}))
    assert not (tmp_path / "run").exists()


def test_refuses_a_folder_in_use_and_one_without_a_run(finished_run: TrainingSummary, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="not empty; resume"):
        train(tiny(finished_run.folder))
    with pytest.raises(TrainingError, match="no training run"):
        resume(tmp_path)


@pytest.mark.parametrize("spaces", ["flat", "discrete"])
def test_other_spaces_are_refused_before_a_folder_is_made(tmp_path: Path, spaces: str) -> None:
    with pytest.raises(TrainingError, match="leave spaces= away"):
        TrainConfig("EdgeVision/Image-v0", tmp_path / "run", settings={"spaces": spaces})
    assert not (tmp_path / "run").exists()
