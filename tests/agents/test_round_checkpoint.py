from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from edgevision import agents
from edgevision.agents.belief.round_checkpoint import CHECKPOINT
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
