"""Algorithm 1: train ViT_FA, ViT_FA+SA and ViT_STAE step by step, with steps shared between budgets.

M_FA does not depend on the budget, and M_SA depends on alpha only. So FA is trained once, SA once per alpha and FR once
per (alpha, beta). Each SA and FR starts from the one trained before it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor

from edgevision.codecs.stae.selection import FRAME_BUDGETS, PIXEL_BUDGETS
from edgevision.codecs.stae.stae_model_set import StaeModels
from edgevision.codecs.stae.stae_network import Stae
from edgevision.codecs.stae.training import steps
from edgevision.codecs.stae.training.clipset import ClipSet, reduced_precision, varied
from edgevision.codecs.stae.training.fit_step import FitConfig, Log, Loss, fit_named
from edgevision.progress import StageProgress

Insertion = Literal["features", "input"]
_CHUNK = 8  # clips per batch where no network is trained


@dataclass(frozen=True)
class Plan:
    """Settings of Algorithm 1.

    Attributes:
        frames: A, the frame budgets.
        pixels: B, the pixel budgets; 100 % needs neither SA nor FR.
        vit: training of the classifier.
        second_vit: second training of the classifier, half of the time on frames drawn by FA, because it must read the
            frames that FA keeps; FA is then trained anew. ``None`` for no second training.
        views: views of each clip in the hybrid's training; all but the first are cropped and lit at random.
        fa: training of the frame attention.
        sa: training of each spatial attention; its ``clips`` are for alpha = 1, see ``per_frame``.
        fr: training of each recovery network but the first; its ``clips`` are for alpha = 1, see ``per_frame``.
        first_fr: training of the first recovery network, from which the others start.
        insertion: where FA is inserted for training: before the frozen classifier as published (``input``), or after
            its frame features (``features``).
        seed: of all random numbers.
    """

    frames: tuple[int, ...] = FRAME_BUDGETS
    pixels: tuple[float, ...] = PIXEL_BUDGETS
    vit: FitConfig = field(default_factory=lambda: FitConfig(20, 32, 1.5e-3, 0.05))
    second_vit: FitConfig | None = field(default_factory=lambda: FitConfig(8, 32, 5e-4, 0.05))
    views: int = 1
    fa: FitConfig = field(default_factory=lambda: FitConfig(40, 32, 5e-3))
    sa: FitConfig = field(default_factory=lambda: FitConfig(2, 16, 3e-3, clips=480))
    fr: FitConfig = field(default_factory=lambda: FitConfig(1, 16, 2e-3, clips=960))
    first_fr: FitConfig = field(default_factory=lambda: FitConfig(3, 16, 5e-3, clips=1600))
    insertion: Insertion = "features"
    seed: int = 0


class StepByStep:
    """One run of Algorithm 1 on a training set; a killed run continues where it stopped."""

    def __init__(
        self,
        models: StaeModels,
        data: ClipSet,
        plan: Plan,
        folder: Path | None = None,
        *,
        stem: Callable[[], Tensor | None] | None = None,
        log: Log = lambda name, value, epoch: None,
        progress: StageProgress = lambda step, done, total: None,
    ) -> None:
        """Set up a run.

        Args:
            models: the models to train, in place.
            data: training clips.
            plan: settings.
            folder: for checkpoints; ``None`` for no checkpoints.
            stem: returns ``stem_features`` of the clips, where runs share them; ``None`` to compute them.
            log: called with ``STEP/QUANTITY``, a value and the epoch.
            progress: called with a step's name, its epochs done and all of them.
        """
        self.models, self.data, self.plan, self.folder = models, data, plan, folder
        self._log, self._progress = log, progress
        # Computed only when a step needs it: a continued run may have finished these steps already.
        self._stem = functools.cache(stem or (lambda: stem_features(models.base, data, plan.views, plan.seed)))

    def run(self) -> StaeModels:
        """Run all steps; returns the trained models, in evaluation mode."""
        self.train_vit()
        self.train_fa("fa")
        if self.plan.second_vit:
            self.train_second_vit(self.plan.second_vit)
            self.train_fa("second-fa")
        for alpha in sorted(self.plan.frames):
            kept = kept_frames(self.models.base, self.data, alpha)
            budgets = sorted((beta for beta in self.plan.pixels if beta < 1), reverse=True)
            if budgets:
                self.train_sa(alpha, kept, budgets)
            for beta in budgets:
                self.train_fr(alpha, beta, kept)
        return self.models.eval()

    def train_vit(self) -> None:
        """Train the classifier G, which Algorithm 1 requires."""
        model = self.models.base
        self._fit("vit", model, "vit", steps.vit_loss(model, self.data, self._stem), self.plan.vit)

    def train_second_vit(self, config: FitConfig) -> None:
        """Train G a second time, half of the time on frames drawn by FA."""
        model = self.models.base
        scores = frame_scores(model, self.data)
        self._fit("second-vit", model, "vit", steps.vit_loss(model, self.data, self._stem, scores), config)

    def train_fa(self, name: str) -> None:
        """Lines 2 and 3: train a new FA with the classifier frozen."""
        model = self.models.base
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.plan.seed)
            model.fa.load_state_dict(model.config.frame_attention().state_dict())
        if self.plan.insertion == "input":
            loss = steps.fa_loss(model, self.data)
        else:
            frozen = functools.cache(lambda: frozen_frames(model, self.data, self._stem()))
            loss = steps.fa_loss_on_features(model, frozen)
        self._fit(name, model, "fa", loss, self.plan.fa)

    def train_sa(self, alpha: int, kept: Tensor, budgets: Sequence[float]) -> None:
        """Lines 6 and 7: train the SA of alpha."""
        model = self.models.model(alpha)
        config = per_frame(self.plan.sa, alpha)
        self._fit(f"sa-{alpha}", model, "sa", steps.sa_loss(model, self.data, kept, budgets), config)

    def train_fr(self, alpha: int, beta: float, kept: Tensor) -> None:
        """Lines 9 and 10: train the FR of (alpha, beta)."""
        first = alpha == min(self.plan.frames) and beta == max(value for value in self.plan.pixels if value < 1)
        model = self.models.model(alpha, beta)
        config = per_frame(self.plan.first_fr if first else self.plan.fr, alpha)
        name = f"fr-{alpha}-{round(100 * beta)}"
        self._fit(name, model, "fr", steps.fr_loss(model, self.data, kept, beta), config)

    def _fit(self, name: str, model: Stae, step: steps.Step, loss: Loss, config: FitConfig) -> None:
        trained = steps.freeze_all_but(model, step)
        model.eval()
        seed, rows = self.plan.seed, self.data.rows
        fit_named(name, trained, loss, rows, config, seed, self.folder, self._log, self._progress)


def kept_frames(model: Stae, data: ClipSet, count: int) -> Tensor:
    """Indices of the frames that FA keeps of each clip, (n, alpha)."""
    with torch.no_grad():
        return torch.cat([model.keep_frames(data.frames(rows), count)[1] for rows in data.rows.split(_CHUNK)])


def frame_scores(model: Stae, data: ClipSet) -> Tensor:
    """M_FA of all clips, (n, F)."""
    with torch.no_grad():
        return torch.cat([model.fa(data.frames(rows)).flatten(1) for rows in data.rows.split(_CHUNK)])


def frozen_frames(model: Stae, data: ClipSet, stem: Tensor | None) -> steps.FrozenFrames:
    """The frozen classifier's answers to each frame alone, and FA's pooled pixels, of all clips.

    Args:
        model: the networks.
        data: the clips.
        stem: result of ``stem_features``.
    """
    right, pooled = [], []
    with torch.no_grad():
        for rows in data.rows.split(_CHUNK):
            clip = data.frames(rows)
            with reduced_precision():
                ready = model.vit.frame_features(clip) if stem is None else model.vit.features_after_stem(stem[0, rows])
                scores = model.vit.classify(ready.flatten(0, 1)[:, None]).float().unflatten(0, ready.shape[:2])
            right.append(scores.softmax(2)[torch.arange(len(rows)), :, data.target(rows)])
            pooled.append(model.fa.pool(clip))
    return steps.FrozenFrames(torch.cat(right), torch.cat(pooled))


def stem_features(model: Stae, data: ClipSet, views: int, seed: int) -> Tensor | None:
    """Output of a hybrid's frozen stem for all frames in V views, (V, n, F, 112, h, w) bfloat16; else ``None``."""
    if model.vit.stem is None:
        return None
    generator = torch.Generator().manual_seed(seed)
    found = None  # takes gigabytes, so it is written in place and never copied
    with torch.no_grad(), reduced_precision():
        for rows in data.rows.split(_CHUNK):
            clips = data.frames(rows)
            seen = torch.stack([clips] + [varied(clips, generator) for _ in range(views - 1)])
            stem = model.vit.stem_features(seen.flatten(0, 2)).unflatten(0, seen.shape[:3])
            if found is None:
                found = stem.new_empty(views, len(data), *stem.shape[2:], dtype=torch.bfloat16)
            found[:, rows] = stem.bfloat16()
    return found


def per_frame(config: FitConfig, alpha: int) -> FitConfig:
    """Settings for clips of alpha frames: fewer clips, so that an epoch has equally many frames for every alpha."""
    clips = max(config.batch, config.clips // alpha) if config.clips else None
    return replace(config, clips=clips, batch=max(4, config.batch // max(1, alpha // 4)))
