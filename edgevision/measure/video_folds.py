"""Measuring clips with models that were trained without them: leave one group out."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch

from edgevision.arrays import IntArray
from edgevision.codecs.stae.stae_model_set import StaeModels
from edgevision.codecs.stae.training.algorithm1 import Plan, StepByStep
from edgevision.codecs.stae.training.clipset import ClipSet
from edgevision.errors import WeightsError
from edgevision.measure.video_outcomes import Outcomes, kept
from edgevision.part_store import PartStore


def leave_one_group_out(
    start: StaeModels,
    data: ClipSet,
    groups: IntArray,
    plan: Plan,
    measure: Callable[[StaeModels, IntArray], Outcomes],
    folder: Path,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Outcomes:
    """Train without each group in turn, and measure its clips with what was trained.

    Args:
        start: models that every fold's training starts from; not changed.
        data: n clips.
        groups: group of each, (n,).
        plan: of each fold's training.
        measure: called with a fold's models and the rows of its clips.
        folder: keeps the models and outcomes of finished folds, which are not trained again.
        progress: called with folds done and all of them.

    Returns:
        Outcomes of all clips, in the order of ``data``.

    Raises:
        ValueError: all clips are of one group.
    """
    names = np.unique(groups)
    if len(names) < 2:
        raise ValueError("leave one group out needs at least two groups")
    parts: list[Outcomes] = []
    store = PartStore(folder)
    for done, group in enumerate(names):
        progress(done, len(names))
        path = folder / f"fold-{group}.safetensors"
        rows, others = np.flatnonzero(groups == group), np.flatnonzero(groups != group)

        def fold(rows: IntArray = rows, others: IntArray = others, path: Path = path) -> Outcomes:
            return measure(_fold_models(start, data, others, plan, path), rows)

        parts.append(kept(store, f"fold-{group}", {"plan": asdict(plan), "rows": rows.tolist()}, fold))
    progress(len(names), len(names))
    return _in_order(Outcomes.join(parts), np.concatenate([np.flatnonzero(groups == group) for group in names]))


def _fold_models(start: StaeModels, data: ClipSet, rows: IntArray, plan: Plan, path: Path) -> StaeModels:
    """A fold's models as they are on disk, half precision included; trained where they are not there yet."""
    with contextlib.suppress(WeightsError):
        return StaeModels.load(path)
    train_without(start, data, rows, plan).save(path, {"rows": rows.tolist()})
    return StaeModels.load(path)


def train_without(start: StaeModels, data: ClipSet, rows: IntArray, plan: Plan) -> StaeModels:
    """A copy of ``start``, trained further on some rows."""
    models = copy.deepcopy(start)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(plan.seed)
        return StepByStep(models, ClipSet(data.clips[rows], data.labels[rows]), plan).run()


def _in_order(outcomes: Outcomes, rows: IntArray | Sequence[int]) -> Outcomes:
    order = np.argsort(rows)
    return Outcomes(**{name: values[order] for name, values in vars(outcomes).items()})
