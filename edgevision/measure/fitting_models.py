"""`fitting`: STAE's models for the classes of a source and the grid of a profile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch

from edgevision.codecs.stae.stae_model_set import StaeModels
from edgevision.codecs.stae.training.train_stae import adopt
from edgevision.data.clips import ClipSource
from edgevision.errors import ProfileError
from edgevision.profiles.video_grid import FRAMES


def fitting(models: StaeModels, source: ClipSource, pixels: Sequence[float], *, may_differ: bool) -> StaeModels:
    """Models for the source's classes.

    Args:
        models: the models given.
        source: the clips' source.
        pixels: the pixel budgets that are needed.
        may_differ: whether ``models`` may know other classes (folds train further); a new head is then made, with the
            weights of the classes in common.

    Raises:
        ProfileError: the models do not fit the grid or, unless ``may_differ``, the classes.
    """
    if models.config.frames != FRAMES[0]:
        raise ProfileError(
            f"video profiles are of clips of {FRAMES[0]} frames; these weights are for clips of {models.config.frames}"
        )
    if may_differ:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            fitting = StaeModels(replace(models.config, classes=len(source.classes)), source.classes)
        adopt(fitting, models)
        return fitting
    if models.classes != source.classes:
        raise ProfileError(
            f"the weights know other classes than {source.name} ({', '.join(models.classes)}); measure in folds, which "
            "train further (--folds)"
        )
    missing = [f"{alpha} x {beta:g}" for alpha in FRAMES for beta in pixels if not models.trained(alpha, beta)]
    if missing:
        raise ProfileError(f"the weights lack {len(missing)} budgets of the grid, such as {missing[0]}; train them too")
    return models
