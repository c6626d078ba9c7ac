"""Training theta's head on examples, with early stopping and checkpoints."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from edgevision.arrays import Float32Array, IntArray
from edgevision.checks import real_number, whole_number
from edgevision.codecs.spat_imco.theta.agreement import rank_correlation
from edgevision.codecs.spat_imco.theta.examples import Examples
from edgevision.codecs.spat_imco.theta.large_network import RefiningHead, standardise
from edgevision.codecs.training_checkpoint import load_checkpoint, save_checkpoint
from edgevision.errors import WeightsError
from edgevision.progress import Progress

Log = Callable[[str, float, int], None]


@dataclass(frozen=True)
class TrainingConfig:
    """Settings of a training run.

    Attributes:
        width: channels of the head.
        views: crops and mirror images per picture.
        true_class: whether labels explain the true class (true) or the class that each teacher predicts.
        epochs: largest number of epochs.
        patience: epochs without a better rank correlation with the sensitivity before stopping.
        batch: pictures per step.
        learning_rate: of AdamW.
        weight_decay: of AdamW.
        validation: one picture in this many is held back for early stopping.
        seed: of all random numbers.
    """

    width: int = 64
    views: int = 3
    true_class: bool = True
    epochs: int = 60
    patience: int = 8
    batch: int = 32
    learning_rate: float = 2e-3
    weight_decay: float = 1e-2
    validation: int = 8
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("width", "views", "epochs", "patience", "batch", "learning_rate"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be > 0, got {getattr(self, name)!r}")
        if self.validation < 2:
            raise ValueError(f"validation must be >= 2, got {self.validation!r}")


@dataclass
class _Run:
    """State of a run between two epochs."""

    head: RefiningHead
    optimiser: torch.optim.AdamW
    best: dict[str, Tensor]
    epoch: int = 0
    best_epoch: int = 0
    scores: list[float] = field(default_factory=list)


def fit_head(
    head: RefiningHead,
    examples: Examples,
    pictures: IntArray,
    config: TrainingConfig,
    *,
    checkpoint: Path | None = None,
    log: Log = lambda name, value, epoch: None,
    progress: Progress = lambda done, total: None,
) -> list[float]:
    """Train ``head`` in place on the given pictures; it ends with the weights of the best epoch, in evaluation mode.

    The loss of each map is 1 minus Pearson's correlation of output and target. The validation score is Spearman's
    correlation of the sensitivity, on the first view of every ``config.validation``-th picture.

    Args:
        head: the head to train.
        examples: of I pictures.
        pictures: indices of the pictures to train and validate on.
        config: settings.
        checkpoint: file that keeps the run's state after each epoch; a run stored there is continued.
        log: called with a quantity's name, its value and the epoch.
        progress: called with epochs done and their largest number.

    Returns:
        Validation score before training and after each epoch.
    """
    held = pictures[:: config.validation]
    kept = np.setdiff1d(pictures, held)
    optimiser = torch.optim.AdamW(head.parameters(), config.learning_rate, weight_decay=config.weight_decay)
    run = _Run(head, optimiser, deepcopy(head.state_dict()))
    if not (checkpoint and _restore(run, checkpoint)):
        run.scores = [_score(head, examples, held)]
    while run.epoch < config.epochs and run.epoch - run.best_epoch < config.patience:
        run.epoch += 1
        loss = _train_epoch(run, examples, torch.from_numpy(kept), config)
        run.scores.append(_score(head, examples, held))
        if run.scores[-1] > run.scores[run.best_epoch]:
            run.best_epoch, run.best = run.epoch, deepcopy(head.state_dict())
        log("loss/train", loss, run.epoch)
        log("rank_correlation/validation", run.scores[-1], run.epoch)
        if checkpoint:
            _save(run, checkpoint)
        progress(run.epoch, config.epochs)
    progress(config.epochs, config.epochs)
    head.load_state_dict(run.best)
    head.eval()
    return run.scores


def predict_maps(head: RefiningHead, examples: Examples, pictures: IntArray) -> Float32Array:
    """Importance and sensitivity of the first view of the given pictures, (B, 2, 14, 14)."""
    head.eval()
    rows = torch.from_numpy(pictures)
    with torch.inference_mode():
        maps: Float32Array = head(examples.middle[rows, 0].float(), examples.coarse[rows, 0]).numpy()
    return maps


def _score(head: RefiningHead, examples: Examples, held: IntArray) -> float:
    maps = predict_maps(head, examples, held)[:, 1]
    return float(rank_correlation(maps, examples.target[torch.from_numpy(held), 0, 1].numpy()).mean())


def _train_epoch(run: _Run, examples: Examples, kept: Tensor, config: TrainingConfig) -> float:
    """Train on a random view of each picture; return the mean loss. Random numbers depend on seed and epoch only."""
    run.head.train()
    losses = []
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed * 1_000_003 + run.epoch)
        order = kept[torch.randperm(len(kept))]
        views = torch.randint(examples.target.shape[1], (len(kept),))
        for rows, chosen in zip(order.split(config.batch), views.split(config.batch), strict=True):
            maps = run.head(examples.middle[rows, chosen].float(), examples.coarse[rows, chosen])
            loss = 1 - (standardise(maps) * standardise(examples.target[rows, chosen])).mean()
            run.optimiser.zero_grad()
            loss.backward()
            run.optimiser.step()
            losses.append(float(loss.detach()))
    return float(np.mean(losses))


def _save(run: _Run, path: Path) -> None:
    weights = {"head": run.head.state_dict(), "best": run.best}
    state = {"epoch": run.epoch, "best_epoch": run.best_epoch, "scores": run.scores}
    save_checkpoint(path, weights, run.optimiser, {"state": state})


def _restore(run: _Run, path: Path) -> bool:
    """Put the checkpoint at ``path`` into ``run``; false, and nothing changed, if there is none that fits."""
    found = load_checkpoint(path, {"head": run.head.state_dict(), "best": run.best}, run.optimiser, {"state": _state})
    if found is None:
        return False
    weights, values = found
    run.head.load_state_dict(weights["head"])
    run.best = weights["best"]
    run.epoch, run.best_epoch, run.scores = values["state"]
    return True


def _state(value: Any) -> tuple[int, int, list[float]]:
    """Epoch, best epoch and the scores of all epochs.

    Raises:
        WeightsError, KeyError, TypeError: they are none.
    """
    scores = [real_number("score", score, -2, 2, WeightsError) for score in value["scores"]]
    epoch = whole_number("epoch", value["epoch"], 1, len(scores) - 1, WeightsError)
    return epoch, whole_number("best epoch", value["best_epoch"], 0, epoch, WeightsError), scores
