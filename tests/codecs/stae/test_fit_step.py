"""Fitting: it minimises, is a function of its seed, and goes on after a kill as if there had been none."""

from __future__ import annotations

import copy
import itertools
import math
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from edgevision.codecs.stae.training.fit_step import FitConfig, Loss, fit
from edgevision.errors import DivergedError

ROWS = torch.arange(24)
CONFIG = FitConfig(epochs=6, batch=5, learning_rate=1e-2)


class KilledError(Exception):
    """Stands for a kill in the middle of an epoch."""


def network(seed: int = 0) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Dropout(0.2), nn.Linear(16, 1))


def task(trained: nn.Module, killed_at: int | None = None) -> Loss:
    inputs = torch.randn(24, 3, generator=torch.Generator().manual_seed(1))
    wanted = inputs.prod(1, keepdim=True)
    calls = 0

    def loss(rows: Tensor, generator: torch.Generator) -> Tensor:
        nonlocal calls
        calls += 1
        if calls == killed_at:
            raise KilledError
        noise = 0.01 * torch.randn(len(rows), 3, generator=generator)
        return (trained(inputs[rows] + noise) - wanted[rows]).square().mean()

    return loss


def same(first: nn.Module, second: nn.Module) -> bool:
    return all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))


def test_the_loss_falls_and_every_epoch_is_logged() -> None:
    trained, logged = network(), []
    last = fit(
        trained,
        task(trained),
        ROWS,
        FitConfig(30, 5, 1e-2),
        0,
        log=lambda name, value, epoch: logged.append((name, value, epoch)),
    )
    assert [entry[2] for entry in logged] == list(range(1, 31))
    assert {entry[0] for entry in logged} == {"loss"}
    assert last == logged[-1][1] < 0.6 * logged[0][1]
    assert not trained.training


def test_the_seed_decides_everything_else_nothing() -> None:
    first, second, other = network(), network(), network()
    fit(first, task(first), ROWS, CONFIG, 3)
    torch.rand(7)  # whatever else draws numbers
    before = torch.random.get_rng_state()
    fit(second, task(second), ROWS, CONFIG, 3)
    assert torch.equal(torch.random.get_rng_state(), before)
    fit(other, task(other), ROWS, CONFIG, 4)
    assert same(first, second) and not same(first, other)


@pytest.mark.parametrize("killed_at", [1, 5, 8, 17, 30])
def test_a_killed_run_ends_as_one_that_was_not(killed_at: int, tmp_path: Path) -> None:
    whole, resumed = network(), network()
    expected = fit(whole, task(whole), ROWS, CONFIG, 3)
    checkpoint, steps = tmp_path / "step.safetensors", CONFIG.steps(len(ROWS))
    with pytest.raises(KilledError):
        fit(resumed, task(resumed, killed_at), ROWS, CONFIG, 3, checkpoint=checkpoint)
    again, epochs = network(9), []  # a new process: other weights in memory
    if killed_at <= steps:
        again = network()
    last = fit(
        again, task(again), ROWS, CONFIG, 3, checkpoint=checkpoint, progress=lambda done, total: epochs.append(done)
    )
    assert epochs == list(range((killed_at - 1) // steps, CONFIG.epochs + 1))
    assert last == expected
    assert same(again, whole)


def test_a_finished_run_is_not_repeated(tmp_path: Path) -> None:
    first, second = network(), network(9)
    fit(first, task(first), ROWS, CONFIG, 3, checkpoint=tmp_path / "x.safetensors")
    loss = fit(second, task(second, killed_at=1), ROWS, CONFIG, 3, checkpoint=tmp_path / "x.safetensors")
    assert math.isnan(loss)
    assert same(first, second)


@pytest.mark.parametrize("damage", ["short", "noise", "empty", "another network"])
def test_a_damaged_checkpoint_counts_as_none(damage: str, tmp_path: Path) -> None:
    whole, resumed, checkpoint = network(), network(), tmp_path / "step.safetensors"
    fit(whole, task(whole), ROWS, CONFIG, 3, checkpoint=checkpoint)
    payload = checkpoint.read_bytes()
    if damage == "another network":
        other = nn.Sequential(nn.Linear(3, 1))
        fit(other, task(other), ROWS, CONFIG, 3, checkpoint=tmp_path / "other.safetensors")
        payload = (tmp_path / "other.safetensors").read_bytes()
    checkpoint.write_bytes({"short": payload[:-9], "noise": b"\xff" * 99, "empty": b""}.get(damage, payload))
    fit(resumed, task(resumed), ROWS, CONFIG, 3, checkpoint=checkpoint)
    assert same(resumed, whole)


@pytest.mark.parametrize("other", ["another last layer", "other parameters in the optimiser"])
def test_a_checkpoint_that_does_not_fit_changes_nothing(other: str, tmp_path: Path) -> None:
    first, checkpoint = network(), tmp_path / "step.safetensors"
    if other == "another last layer":
        first[3] = nn.Linear(16, 2)  # type: ignore[operator]
    else:
        first[0].requires_grad_(False)  # type: ignore[index]
    fit(first, task(first), ROWS, CONFIG, 3, checkpoint=checkpoint)
    fresh, resumed = network(1), network(1)
    fit(fresh, task(fresh), ROWS, CONFIG, 3)
    fit(resumed, task(resumed), ROWS, CONFIG, 3, checkpoint=checkpoint)
    assert same(fresh, resumed)


class Spoilt(torch.autograd.Function):
    """A number whose gradient is none, as reduced precision yields now and then."""

    @staticmethod
    def forward(ctx: object, value: Tensor) -> Tensor:
        return value.clone()

    @staticmethod
    def backward(ctx: object, gradient: Tensor) -> Tensor:
        return gradient * math.nan


@pytest.mark.parametrize("spoilt", [1, 7, CONFIG.epochs * 5])
def test_a_step_without_a_finite_gradient_is_skipped_and_logged(spoilt: int, tmp_path: Path) -> None:
    trained, logged, calls = network(), [], 0
    inner, states = task(trained), []

    def loss(rows: Tensor, generator: torch.Generator) -> Tensor:
        nonlocal calls
        calls += 1
        states.append(copy.deepcopy(trained))
        return Spoilt.apply(inner(rows, generator)) if calls == spoilt else inner(rows, generator)

    checkpoint = tmp_path / "step.safetensors"
    last = fit(trained, loss, ROWS, CONFIG, 0, checkpoint=checkpoint, log=lambda *entry: logged.append(entry))
    states.append(trained)
    assert math.isfinite(last) and all(parameter.isfinite().all() for parameter in trained.parameters())
    assert [same(*pair) for pair in itertools.pairwise(states)] == [n == spoilt for n in range(1, calls + 1)]
    assert [entry for entry in logged if entry[0] == "skipped"] == [("skipped", 1, (spoilt - 1) // 5 + 1)]


def test_training_that_went_astray_is_given_up(tmp_path: Path) -> None:
    trained, checkpoint = network(), tmp_path / "step.safetensors"
    inner = task(trained)
    with pytest.raises(DivergedError, match="no gradient of epoch 1 was finite"):
        fit(trained, lambda *given: Spoilt.apply(inner(*given)), ROWS, CONFIG, 0, checkpoint=checkpoint)
    with pytest.raises(DivergedError, match="the loss became inf in epoch 1"):
        fit(trained, lambda *given: inner(*given) + math.inf, ROWS, CONFIG, 0, checkpoint=checkpoint)
    assert not checkpoint.exists()


def test_frozen_parameters_are_not_touched() -> None:
    trained = network()
    trained[0].requires_grad_(False)  # type: ignore[index]
    before = [parameter.clone() for parameter in trained.parameters()]
    fit(trained, task(trained), ROWS, CONFIG, 0)
    changed = [not torch.equal(old, new) for old, new in zip(before, trained.parameters(), strict=True)]
    assert changed == [False, False, True, True]


def test_clips_bounds_what_an_epoch_sees() -> None:
    trained, seen = network(), []
    inner = task(trained)

    def loss(rows: Tensor, generator: torch.Generator) -> Tensor:
        seen.append(rows.tolist())
        return inner(rows, generator)

    fit(trained, loss, ROWS, FitConfig(2, 4, 1e-2, clips=10), 0)
    assert [len(rows) for rows in seen] == [4, 4, 2] * 2
    first, second = ({row for rows in epoch for row in rows} for epoch in (seen[:3], seen[3:]))
    assert len(first) == len(second) == 10 and first != second
    assert FitConfig(1, 5, clips=10).steps(100) == 2 and FitConfig(1, 5, clips=100).steps(11) == 3


@pytest.mark.parametrize(
    "wrong", [{"epochs": 0}, {"batch": 0}, {"learning_rate": 0.0}, {"learning_rate": float("nan")}]
)
def test_settings_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(wrong))} must be > 0"):
        FitConfig(**({"epochs": 1} | wrong))  # type: ignore[arg-type]
    for clips in (0, -1):
        with pytest.raises(ValueError, match="clips must be None or >= 1"):
            FitConfig(1, clips=clips)
