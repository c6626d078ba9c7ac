from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch

from edgevision import agents
from edgevision.agents.belief.belief_policy import BeliefDescription
from edgevision.agents.belief.round_checkpoint import CHECKPOINT, RoundCheckpoint, Saved, grouped, only_run
from edgevision.agents.belief.street_network import StreetNetwork
from edgevision.errors import TrainingError

SMALL = {"users": 3, "episode_slots": 12}
BATTERY = {**SMALL, "preset": "street-battery", "battery_frames": (1, 3)}


class KilledError(Exception):
    """Stands for a signal in the middle of a run."""


def killed_after(rounds: int) -> Callable[[int, int], None]:
    def report(done: int, total: int) -> None:
        if done == rounds:
            raise KilledError

    return report


def weights(module: torch.nn.Module | None) -> list[torch.Tensor]:
    assert module is not None
    return list(module.state_dict().values())


def test_a_belief_goes_on_after_a_kill_as_if_there_had_been_none(tmp_path: Path) -> None:
    config = agents.BeliefConfig(7, 2, settings=SMALL)
    whole = agents.train_belief(config)
    with pytest.raises(KilledError):
        agents.train_belief(config, killed_after(6), tmp_path)
    counted: list[int] = []
    again = agents.train_belief(config, lambda done, total: counted.append(done), tmp_path)
    assert counted == [6, 7]
    assert again.cross_entropy == whole.cross_entropy and again.score == whole.score
    for one, other in zip(weights(again.policy.network), weights(whole.policy.network), strict=True):
        assert torch.equal(one, other)


def test_sending_goes_on_after_a_kill_as_if_there_had_been_none(tmp_path: Path) -> None:
    belief = agents.train_belief(agents.BeliefConfig(2, 0, settings=BATTERY)).policy
    config = agents.SendingConfig(3, 4)
    whole = agents.train_sending(belief, config)
    with pytest.raises(KilledError):
        agents.train_sending(belief, config, killed_after(2), tmp_path)
    counted: list[int] = []
    again = agents.train_sending(belief, config, lambda done, total: counted.append(done), tmp_path)
    assert counted == [3] and again.scores == whole.scores


def test_a_checkpoint_of_other_settings_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KilledError):
        agents.train_belief(agents.BeliefConfig(6, 0, settings=SMALL), killed_after(5), tmp_path)
    with pytest.raises(TrainingError, match="other settings"):
        agents.train_belief(agents.BeliefConfig(6, 1, settings=SMALL), folder=tmp_path)


@pytest.mark.parametrize("keep", [0, 7, 200, 5000])
def test_a_damaged_checkpoint_begins_the_run_anew(tmp_path: Path, keep: int) -> None:
    config = agents.BeliefConfig(6, 0, settings=SMALL)
    with pytest.raises(KilledError):
        agents.train_belief(config, killed_after(5), tmp_path)
    path = tmp_path / CHECKPOINT
    path.write_bytes(path.read_bytes()[:keep])
    counted: list[int] = []
    agents.train_belief(config, lambda done, total: counted.append(done), tmp_path)
    assert counted[0] == 1


RANDOM = np.random.default_rng(0).bit_generator.state


@pytest.mark.parametrize(
    "noted",
    [
        *("5", '"text"', "[]", "{}", "[" * 100_000, '{"random": 1, "numbers": [NaN]}'),
        '{"random": 1, "numbers": [1' + 400 * "0" + "]}",
    ],
)
def test_a_state_of_another_form_is_none(tmp_path: Path, noted: str) -> None:
    payload = safetensors.torch.save({"one": torch.zeros(1)}, {"state": noted})
    (tmp_path / CHECKPOINT).write_bytes(payload)
    assert RoundCheckpoint(tmp_path, "run").load() is None


def test_tensors_that_are_not_finite_are_none(tmp_path: Path) -> None:
    checkpoint = RoundCheckpoint(tmp_path, "run")
    for value, kept in ((0.0, True), (float("nan"), False)):
        checkpoint.save(Saved({"one": torch.full((2,), value)}, RANDOM, (1.0,)))
        assert (checkpoint.load() is not None) == kept


def saved(monkeypatch: pytest.MonkeyPatch, tensors: dict[str, torch.Tensor], random: Any, rounds: int) -> None:
    """Let every checkpoint hold this state."""
    monkeypatch.setattr(RoundCheckpoint, "load", lambda _: Saved(tensors, random, (1.0,) * rounds))


@pytest.mark.parametrize(
    ("changes", "random"),
    [
        ({"network/enter.weight": torch.zeros(1)}, RANDOM),
        ({"optimiser/0/exp_avg": torch.zeros(1)}, RANDOM),
        ({"optimiser/0/step": torch.zeros((), dtype=torch.int64)}, RANDOM),
        ({"0/other": torch.zeros(1)}, RANDOM),
        ({f"0/{name}": torch.zeros(1) for name in ("seen", "truth", "weight")}, RANDOM),
        ({}, 5),
        ({}, {**RANDOM, "state": 3}),
        ({}, {**RANDOM, "state": {"state": 10**80, "inc": 1}}),
    ],
)
def test_a_state_of_another_belief_is_refused(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, torch.Tensor], random: Any
) -> None:
    network = StreetNetwork()
    tensors = grouped("network", network.state_dict())
    for index, weight in enumerate(network.parameters()):
        moments = {"step": torch.tensor(1.0), **dict.fromkeys(("exp_avg", "exp_avg_sq"), torch.zeros_like(weight))}
        tensors |= grouped(f"optimiser/{index}", moments)
    saved(monkeypatch, tensors | changes, random, 1)
    with pytest.raises(TrainingError, match="delete it to start anew") as caught:
        agents.train_belief(agents.BeliefConfig(1, 0, settings=SMALL))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "tensors",
    [
        {},
        {"torch/random": torch.zeros(3)},
        {"torch/random": torch.get_rng_state(), "samples0/gain": torch.zeros(2)},
        {"torch/random": torch.get_rng_state()}
        | {f"samples0/{name}": torch.zeros(2) for name in ("seen", "gain", "measured")},
    ],
)
def test_a_state_of_other_samples_is_refused(monkeypatch: pytest.MonkeyPatch, tensors: dict[str, torch.Tensor]) -> None:
    description = BeliefDescription("belief", "street-gru", 0.0, 0.7, provenance={"settings": BATTERY})
    saved(monkeypatch, tensors, RANDOM, 1)
    with pytest.raises(TrainingError, match="delete it to start anew"):
        agents.train_sending(agents.BeliefPolicy(description, StreetNetwork()), agents.SendingConfig(1))


def test_a_run_that_was_stopped_after_it_stored_its_policy_goes_on(tmp_path: Path) -> None:
    for name in (CHECKPOINT, "policy.json", "policy.safetensors"):
        (tmp_path / name).touch()
    with only_run(tmp_path):
        assert (tmp_path / CHECKPOINT).exists()
    assert not (tmp_path / CHECKPOINT).exists()
    with pytest.raises(TrainingError, match="holds a finished run"), only_run(tmp_path):
        pass
