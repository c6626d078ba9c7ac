"""Training the networks of one step: AdamW, a one-cycle learning rate, and checkpoints."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from edgevision.checks import whole_number
from edgevision.codecs.training_checkpoint import load_checkpoint, save_checkpoint
from edgevision.errors import DivergedError, WeightsError
from edgevision.progress import Progress, StageProgress

Log = Callable[[str, float, int], None]
#: The loss of some rows of the training set; the generator is for all random numbers of the loss.
Loss = Callable[[Tensor, torch.Generator], Tensor]

_WARM_UP = 0.2  # share of all steps until the learning rate is highest


@dataclass(frozen=True)
class FitConfig:
    """Length and rate of a training.

    Attributes:
        epochs: passes over the training set.
        batch: clips per gradient step.
        learning_rate: highest learning rate of AdamW, reached after a fifth of the steps; it then falls along a cosine
            to 0.
        weight_decay: of AdamW.
        clips: clips drawn per epoch; ``None`` for all.
    """

    epochs: int
    batch: int = 16
    learning_rate: float = 1e-3
    weight_decay: float = 0.01
    clips: int | None = None

    def __post_init__(self) -> None:
        for name in ("epochs", "batch", "learning_rate"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be > 0, got {getattr(self, name)!r}")
        if self.clips is not None and not self.clips >= 1:
            raise ValueError(f"clips must be None or >= 1, got {self.clips!r}")

    def steps(self, rows: int) -> int:
        """Gradient steps per epoch with ``rows`` clips."""
        return math.ceil(min(self.clips or rows, rows) / self.batch)


def fit(
    trained: nn.Module,
    loss: Loss,
    rows: Tensor,
    config: FitConfig,
    seed: int,
    *,
    checkpoint: Path | None = None,
    log: Log = lambda name, value, epoch: None,
    progress: Progress = lambda done, total: None,
) -> float:
    """Minimise ``loss`` over the parameters of ``trained`` that require a gradient.

    An epoch depends only on the seed and its number, so a run continued from a checkpoint ends in the same way as a run
    without interruption. A step with a gradient that is not finite is skipped; reduced precision sometimes causes one.

    Args:
        trained: the network to train, which the checkpoint stores.
        loss: called with a batch of ``rows``.
        rows: indices of the clips to train on, (n,).
        config: settings.
        seed: of all random numbers.
        checkpoint: file that keeps the state after each epoch; a state stored there is continued.
        log: called with ``loss``, its value and the epoch; if steps were skipped, also with ``skipped`` and their
            number.
        progress: called with epochs done and all of them.

    Returns:
        Mean loss of the last epoch; NaN if the checkpoint already had all epochs.

    Raises:
        DivergedError: the loss is not finite, or no gradient of an epoch is.
    """
    parameters = [parameter for parameter in trained.parameters() if parameter.requires_grad]
    optimiser = torch.optim.AdamW(parameters, config.learning_rate, weight_decay=config.weight_decay)
    done, mean = 0, math.nan
    stored = {"trained": trained.state_dict()}
    if checkpoint and (found := load_checkpoint(checkpoint, stored, optimiser, {"epoch": _epochs})):
        weights, values = found
        trained.load_state_dict(weights["trained"])
        done = values["epoch"]
    for epoch in range(done, config.epochs):
        progress(epoch, config.epochs)
        mean, skipped = _epoch(trained, parameters, optimiser, loss, rows, config, seed, epoch)
        log("loss", mean, epoch + 1)
        if skipped:
            log("skipped", skipped, epoch + 1)
        if checkpoint:
            save_checkpoint(checkpoint, {"trained": trained.state_dict()}, optimiser, {"epoch": epoch + 1})
    progress(config.epochs, config.epochs)
    trained.eval()
    return mean


def _epochs(value: Any) -> int:
    return whole_number("epoch", value, 1, 2**31, WeightsError)


def fit_named(
    name: str,
    trained: nn.Module,
    loss: Loss,
    rows: Tensor,
    config: FitConfig,
    seed: int,
    folder: Path | None,
    log: Log,
    progress: StageProgress,
) -> None:
    """``fit`` a step with a name, under which it is stored in ``folder`` (if there is one), logged and reported."""
    fit(
        trained,
        loss,
        rows,
        config,
        seed,
        checkpoint=folder / f"{name}.safetensors" if folder else None,
        log=lambda quantity, value, epoch: log(f"{name}/{quantity}", value, epoch),
        progress=lambda done, total: progress(name, done, total),
    )


def _epoch(
    trained: nn.Module,
    parameters: list[nn.Parameter],
    optimiser: torch.optim.AdamW,
    loss: Loss,
    rows: Tensor,
    config: FitConfig,
    seed: int,
    epoch: int,
) -> tuple[float, int]:
    """Train for one epoch; returns the mean loss and the number of skipped steps."""
    trained.train()
    generator = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
    steps = config.steps(len(rows))
    order = rows[torch.randperm(len(rows), generator=generator)][: config.clips]
    total, skipped = 0.0, 0
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed * 1_000_003 + epoch)  # for dropout inside the networks
        for step, batch in enumerate(order.split(config.batch)):
            for group in optimiser.param_groups:
                group["lr"] = config.learning_rate * _cycle((epoch * steps + step + 0.5) / (config.epochs * steps))
            value = loss(batch, generator)
            if not torch.isfinite(value):
                raise DivergedError(f"the loss became {value.item()} in epoch {epoch + 1}; lower the learning rate")
            optimiser.zero_grad()
            value.backward()
            if torch.nn.utils.clip_grad_norm_(parameters, 1.0).isfinite():
                optimiser.step()
            else:
                skipped += 1
            total += value.item()
    if skipped == steps:
        raise DivergedError(f"no gradient of epoch {epoch + 1} was finite; lower the learning rate")
    return total / steps, skipped


def _cycle(position: float) -> float:
    """Learning rate as a fraction of the highest one, at a position in (0, 1) of the training."""
    if position < _WARM_UP:
        return position / _WARM_UP
    return 0.5 * (1 + math.cos(math.pi * (position - _WARM_UP) / (1 - _WARM_UP)))
