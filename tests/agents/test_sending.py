from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from edgevision import agents
from edgevision.agents.belief import sending_training
from edgevision.agents.belief.belief_policy import BeliefDescription
from edgevision.agents.belief.paired_sending import Samples, paired_sending
from edgevision.agents.belief.sending_network import SendingNetwork
from edgevision.agents.belief.street_network import StreetNetwork
from edgevision.envs import StreamConfig, StreamSimulator
from edgevision.envs.simulation.episodes import play, start
from edgevision.errors import LearnedPolicyError, TrainingError
from tests.end_to_end.command import run

SMALL = {"users": 4, "episode_slots": 12, "battery_frames": (1, 4)}


def untrained(**settings: object) -> agents.BeliefPolicy:
    torch.manual_seed(0)
    description = BeliefDescription("belief", "street-gru", 0.0, 0.7, provenance={"settings": {**SMALL, **settings}})
    return agents.BeliefPolicy(description, StreetNetwork())


def simulator(n: int, seed: int = 0, **settings: object) -> StreamSimulator:
    made = StreamSimulator(StreamConfig.from_preset("street", **{**SMALL, **settings}), n)
    start(made, range(seed, seed + n))
    return made


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("_GROUPS", 2), ("_EPISODES", 24), ("_TESTS", 4)):
        monkeypatch.setattr(sending_training, name, value)


def test_a_copy_goes_on_alike_and_apart() -> None:
    original, policy = simulator(6), untrained()
    for _ in range(4):
        original.step(policy.act(original.problem))
    branch, follower = original.copies(np.arange(6)), policy.copy()
    rewards = [branch.step(follower.act(branch.problem)).reward for _ in range(8)]
    assert (original.slot == 4).all()
    for reward in rewards:
        np.testing.assert_array_equal(original.step(policy.act(original.problem)).reward, reward)


def test_what_sending_brings_in_the_last_slot_is_what_the_trace_says() -> None:
    """There is nothing later: a frame that arrives replaces the answer, and costs nothing."""
    made, policy = simulator(300, bandwidth_mhz=1.0, battery_frames=(12, 12)), untrained()
    samples = paired_sending(made, policy, [11], np.random.default_rng(0))
    assert len(samples.gain) > 50
    weights = {-10.0, -1.0, 0.0, 1.0, 10.0}
    assert set(np.unique(samples.measured.round(9)).tolist()) <= weights
    assert samples.measured.mean() > 0.1


def test_the_network_learns_what_the_dynamic_program_misses() -> None:
    random = np.random.default_rng(0)
    seen = random.normal(size=(20_000, 16 + StreetNetwork.width)).astype(np.float32)
    gain, missed = random.normal(size=20_000), 3.0 * np.tanh(seen[:, 6])
    network = SendingNetwork(StreetNetwork.width)
    assert not network.corrections(seen).any()
    sending_training._fit(network, Samples(seen, gain, gain + missed + random.normal(size=20_000)), random)
    assert np.mean((network.corrections(seen) - missed) ** 2) < 0.3 * np.var(missed)


def test_training_repeats_and_a_saved_policy_decides_alike(quick: None, tmp_path: Path) -> None:
    first, again = (agents.train_sending(untrained(), agents.SendingConfig(2, 1)) for _ in range(2))
    assert first.scores == again.scores and len(first.scores) == 3
    assert first.policy.description.provenance["settings"]["users"] == 4
    sending = SendingNetwork(StreetNetwork.width)
    torch.nn.init.normal_(sending.layers[-1].weight)
    described = dataclasses.replace(untrained().description, corrected=True)
    policy = agents.BeliefPolicy(described, untrained().network, sending)
    policy.save(tmp_path)
    loaded, plain, differ = agents.load_policy(tmp_path), untrained(), False
    made = simulator(4)
    for slot in play(made, lambda problem, _: loaded.act(problem), range(4)):
        slot.allocation.check(slot.problem)
        np.testing.assert_array_equal(policy.act(slot.problem).bandwidth, slot.allocation.bandwidth)
        differ |= bool((plain.act(slot.problem).bandwidth != slot.allocation.bandwidth).any())
    assert differ


def test_files_that_contradict_themselves_are_refused(tmp_path: Path) -> None:
    policy = untrained()
    policy.save(tmp_path)
    described = json.loads((tmp_path / "policy.json").read_text(encoding="utf-8"))
    for changes, message in (({"corrected": True}, "other weights"), ({"corrected": 1}, "true or false")):
        (tmp_path / "policy.json").write_text(json.dumps({**described, **changes}), encoding="utf-8")
        with pytest.raises(LearnedPolicyError, match=message):
            agents.load_policy(tmp_path)
    with pytest.raises(LearnedPolicyError, match="corrected"):
        agents.BeliefPolicy(policy.description, policy.network, SendingNetwork(StreetNetwork.width))


def test_wrong_settings_are_named() -> None:
    with pytest.raises(TrainingError, match="rounds"):
        agents.SendingConfig(0)
    with pytest.raises(TrainingError, match="content_split"):
        agents.train_sending(untrained(), agents.SendingConfig(1, settings={"content_split": "test"}))


def test_the_command_trains_what_evaluate_takes(
    quick: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    belief, out = tmp_path / "belief", tmp_path / "sending"
    untrained().save(belief)
    assert run("train-sending", str(belief), "--out", str(out), "--rounds", "1") == 0
    assert "on validation" in capsys.readouterr().out
    settings = ["--set", "users=4", "--set", "episode_slots=12", "--set", "battery_frames=1,4"]
    assert run("evaluate", "EdgeVision/Stream-v0", str(out), "--episodes", "2", *settings) == 0
    assert run("train-sending", str(belief), "--out", str(out)) == 2
    assert "holds a finished run" in capsys.readouterr().err
    assert run("train-sending", str(tmp_path / "none"), "--out", str(tmp_path / "other")) == 2
    wrong = ["--out", str(tmp_path / "other"), "--set", "battery_frames=9,3"]
    assert run("train-sending", str(belief), *wrong) == 2
    assert not (tmp_path / "other").exists()
