"""Measuring clips with models that were trained without them: leave one group out."""

from __future__ import annotations

import contextlib
import copy
import functools
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from edgevision.arrays import IntArray
from edgevision.codecs.stae.stae_model_set import StaeModels
from edgevision.codecs.stae.training.algorithm1 import Plan, StepByStep, stem_features
from edgevision.codecs.stae.training.clipset import ClipSet
from edgevision.errors import ClipError, WeightsError
from edgevision.measure.video_outcomes import Outcomes
from edgevision.measure.video_parts import by_groups, group_name
from edgevision.part_store import PartStore
from edgevision.progress import Progress


def leave_one_group_out(
    start: StaeModels,
    data: ClipSet,
    groups: IntArray,
    plan: Plan,
    measure: Callable[[StaeModels, IntArray], Outcomes],
    folder: Path,
    label: str = "fold",
    progress: Progress = lambda done, total: None,
) -> Outcomes:
    """For each group, train on all other clips, and measure the group's clips with the models so trained.

    Args:
        start: models that every fold's training starts from; not changed.
        data: n clips.
        groups: group of each clip, (n,). A negative group is of test clips, on which no fold is trained.
        plan: of each fold's training.
        measure: called with a fold's models and the indices of its clips.
        folder: keeps the models and outcomes of finished folds, which are not trained again.
        label: of the outcomes in ``folder``; tells measurements with the same models apart.
        progress: called with folds done and all of them.

    Returns:
        Outcomes of all clips, in the order of ``data``.

    Raises:
        ClipError: all clips are of one group.
    """
    if len(np.unique(groups[groups >= 0])) < 2:
        raise ClipError("all clips are of one group, so none can be left out; measure them all with one set of weights")

    # The stem is never trained, so all folds share its outputs, which take long to compute.
    stem = functools.cache(lambda: stem_features(start.base, data, plan.views, plan.seed))

    def fold(group: int, rows: IntArray, others: IntArray) -> Outcomes:
        return measure(_fold_models(start, data, others, plan, stem, fold_path(folder, group)), rows)

    return by_groups(PartStore(folder), label, {"plan": asdict(plan)}, groups, fold, progress)


def fold_path(folder: Path, group: int) -> Path:
    """The file of STAE's models that were trained without a group."""
    return folder / f"fold-{group_name(group)}.safetensors"


def train_without(
    start: StaeModels, data: ClipSet, rows: IntArray, plan: Plan, stem: Callable[[], Tensor | None]
) -> StaeModels:
    """A copy of ``start``, trained further on the clips ``rows`` only; ``stem`` returns features of all clips."""
    models = copy.deepcopy(start)

    def features() -> Tensor | None:
        every = stem()
        return None if every is None else every[:, torch.from_numpy(rows)]

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(plan.seed)
        return StepByStep(models, data.subset(rows), plan, stem=features).run()


def _fold_models(
    start: StaeModels, data: ClipSet, rows: IntArray, plan: Plan, stem: Callable[[], Tensor | None], path: Path
) -> StaeModels:
    """A fold's models as they are on disk, in half precision; trained now if the file is missing or damaged."""
    with contextlib.suppress(WeightsError):
        return StaeModels.load(path)
    train_without(start, data, rows, plan, stem).save(path, {"rows": rows.tolist()})
    return StaeModels.load(path)
