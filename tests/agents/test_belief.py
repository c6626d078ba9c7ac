from __future__ import annotations

import json
from pathlib import Path

import gymnasium
import numpy as np
import pytest
import torch

from edgevision import agents
from edgevision.agents.belief import belief_training
from edgevision.agents.belief.belief_policy import BeliefDescription
from edgevision.agents.belief.street_network import NETWORKS
from edgevision.envs import StreamConfig, StreamSimulator
from edgevision.envs.simulation.episodes import play
from edgevision.errors import LearnedPolicyError, ScenarioError, SlotProblemError, TrainingError, UnknownNameError
from edgevision.experiments.evaluation.evaluate import EvaluationConfig, evaluate
from tests.end_to_end.command import run
from tests.envs.strategies import random_problem

SMALL = {"users": 3, "episode_slots": 12}


@pytest.fixture(scope="module", params=list(NETWORKS))
def trained(request: pytest.FixtureRequest) -> agents.BeliefSummary:
    return agents.train_belief(agents.BeliefConfig(2, 1, request.param, SMALL))


@pytest.mark.parametrize("architecture", NETWORKS)
def test_passes_over_a_recording_lower_its_loss(architecture: str) -> None:
    torch.manual_seed(0)
    network, scenario = NETWORKS[architecture](), StreamConfig.from_preset("street", **SMALL)
    policy = agents.BeliefPolicy(BeliefDescription("one", architecture, 0.0, 0.7), network)
    recording = belief_training._record(policy, scenario, [0, 1, 2, 3], np.array([True, False, False, True]))
    optimiser = torch.optim.Adam(network.parameters(), lr=4e-3)
    losses = [belief_training._learn(network, optimiser, recording) for _ in range(15)]
    assert losses[-1] < 0.95 * losses[0]


def test_training_repeats(trained: agents.BeliefSummary) -> None:
    architecture = trained.policy.description.architecture
    again = agents.train_belief(agents.BeliefConfig(2, 1, architecture, SMALL))
    assert again.cross_entropy == trained.cross_entropy and again.score == trained.score


def test_a_saved_belief_decides_alike_and_can_be_evaluated(trained: agents.BeliefSummary, tmp_path: Path) -> None:
    trained.policy.save(tmp_path)
    loaded = agents.load_policy(tmp_path)
    simulator = StreamSimulator(StreamConfig.from_preset("street", **SMALL), 4)
    for slot in play(simulator, lambda problem, _: loaded.act(problem), range(4)):
        slot.allocation.check(slot.problem)
        again = trained.policy.act(slot.problem)
        np.testing.assert_array_equal(again.bandwidth, slot.allocation.bandwidth)
        belief = trained.policy.belief(slot.problem)
        np.testing.assert_allclose(belief.sum(axis=-1), 1.0)
        assert not belief[slot.problem.street.empty][:, :2].any()
    asked = EvaluationConfig("EdgeVision/Stream-v0", (str(tmp_path), "max-age:level=3"), 3, "validation", SMALL)
    found = evaluate(asked, show_progress=False).results[0]
    assert found.spec.kind == "learned" and found.spec.label == trained.policy.name
    with pytest.raises(SlotProblemError, match="Stream"):
        loaded.act(random_problem(0))


def test_damaged_files_are_refused_in_one_line(trained: agents.BeliefSummary, tmp_path: Path) -> None:
    trained.policy.save(tmp_path)
    described = json.loads((tmp_path / "policy.json").read_text(encoding="utf-8"))
    for changes, message in (
        ({"horizon": -1}, "horizon"),
        ({"thrift": float("nan")}, "thrift"),
        ({"signs": ["x"]}, "other signs"),
        ({"name": ""}, "name must be"),
        ({"format_version": 9}, "format_version"),
        ({"extra": 1}, "entries"),
        ({"sha256": "0" * 64}, "checksum"),
    ):
        (tmp_path / "policy.json").write_text(json.dumps({**described, **changes}), encoding="utf-8")
        with pytest.raises(LearnedPolicyError, match=message) as caught:
            agents.load_policy(tmp_path)
        assert "\n" not in str(caught.value)
    (tmp_path / "policy.json").write_text(json.dumps(described), encoding="utf-8")
    (tmp_path / "policy.safetensors").write_bytes(b"nothing")
    with pytest.raises(LearnedPolicyError, match="checksum"):
        agents.load_policy(tmp_path)


def test_a_belief_that_is_not_finite_is_refused(trained: agents.BeliefSummary, tmp_path: Path) -> None:
    trained.policy.save(tmp_path)
    loaded = agents.load_policy(tmp_path)
    assert isinstance(loaded, agents.BeliefPolicy)
    for weights in loaded.network.parameters():
        weights.fill_(3e38)
    env = gymnasium.make("EdgeVision/Stream-v0", users=3).unwrapped
    env.reset(seed=0)
    with pytest.raises(LearnedPolicyError, match="NaN or infinity"):
        loaded.act(env.problem)  # type: ignore[attr-defined]


def test_a_belief_that_leaves_nothing_possible_is_refused() -> None:
    network = NETWORKS["lagged-regression"]()
    network.weights.bias.data[0] = 1e6  # the first state: the scene is that of the answer, which the edge does not have
    policy = agents.BeliefPolicy(BeliefDescription("sure", "lagged-regression", 0.0, 0.7), network)
    env = gymnasium.make("EdgeVision/Stream-v0", users=3).unwrapped
    env.reset(seed=0)
    with pytest.raises(LearnedPolicyError, match="does not have"):
        policy.act(env.problem)  # type: ignore[attr-defined]


def test_wrong_settings_are_named() -> None:
    with pytest.raises(TrainingError, match="content_split"):
        agents.BeliefConfig(settings={"content_split": "test"})
    with pytest.raises(UnknownNameError, match="street-gru"):
        agents.BeliefConfig(architecture="street-gpu")
    with pytest.raises(ScenarioError, match="users"):
        agents.BeliefConfig(1, settings={"users": 0})


def test_the_command_trains_what_evaluate_takes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--rounds", "1", "--seed", "2", "--set", "users=2", "--set", "episode_slots=6"]
    assert run("train-belief", "--network", "camera-gru", "--out", str(tmp_path / "b"), *words) == 0
    assert "on validation" in capsys.readouterr().out
    assert run("train-belief", "--out", str(tmp_path / "b"), *words) == 2
    assert "holds a finished run; choose another folder" in capsys.readouterr().err
    assert run("evaluate", "EdgeVision/Stream-v0", str(tmp_path / "b"), "--episodes", "2", *words[-4:]) == 0
    assert "camera-gru" in capsys.readouterr().out
    assert run("train-belief", "--network", "street-gpu", "--out", str(tmp_path / "c")) == 2
    assert "did you mean 'street-gru'" in capsys.readouterr().err
