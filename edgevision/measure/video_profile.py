"""A whole measurement: clips from a source, STAE's bytes, answers and times, a profile of ``EdgeVision/Video-v0``."""

from __future__ import annotations

import copy
import datetime
import functools
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from edgevision import provenance
from edgevision.arrays import FloatArray, IntArray
from edgevision.codecs.stae.bitstream import Coding
from edgevision.codecs.stae.stae_codec import StaeCodec
from edgevision.codecs.stae.stae_model_set import StaeModels
from edgevision.codecs.stae.training.algorithm1 import Plan
from edgevision.codecs.stae.training.fit_step import FitConfig
from edgevision.codecs.stae.training.train_stae import STEPS_VERSION, adopt, clip_set
from edgevision.data.clip_cache import CachedClips, cached_clips
from edgevision.data.clips import ClipSource
from edgevision.errors import ProfileError
from edgevision.measure.stae_sender import StaeSender
from edgevision.measure.timing import PARTS, time_parts
from edgevision.measure.video_assembly import EntropyCoding, assemble
from edgevision.measure.video_folds import leave_one_group_out
from edgevision.measure.video_outcomes import Outcomes, kept, measure
from edgevision.part_store import PartStore
from edgevision.profiles.profile import OperatingPointProfile, save_profile
from edgevision.profiles.video_grid import FRAMES, PIXELS
from edgevision.progress import StageProgress

#: Called with what is being done, how much of it is done and how much there is.

#: How each fold goes on from the weights without the group that it is measured on.
FOLD_PLAN = Plan(
    vit=FitConfig(24, 8, 1e-3, 0.05),
    second_vit=FitConfig(12, 8, 5e-4, 0.05),
    views=5,
    fa=FitConfig(40, 16, 2e-3),
    sa=FitConfig(2, 16, 3e-3, clips=160),
    fr=FitConfig(1, 16, 1e-3, clips=160),
    first_fr=FitConfig(2, 16, 1e-3),
)
_PART = 20  # clips between two writes to disk
_TIMED = 5  # clips
_LIBRARIES = ("numpy", "torch", "timm", "av", "constriction", "safetensors")


def measure_video_profile(
    source: ClipSource,
    models: StaeModels,
    out_folder: Path,
    name: str,
    *,
    recovered: bool = True,
    coding: EntropyCoding = "huffman",
    fold_plan: Plan | None = None,
    record: dict[str, Any] | None = None,
    progress: StageProgress = lambda what, done, total: None,
) -> OperatingPointProfile:
    """Send every clip of a source under every budget, and save the profile.

    A run that is killed goes on where it stopped when called again with the same arguments. What was measured stays in
    ``out_folder / ".measured-..."``, where a second profile of the same clips and weights (``recovered`` or not) finds
    it. Clips that cannot be read are skipped and named in the profile's metadata.

    Args:
        source: clips; what a split must not divide is one group.
        models: trained for all budgets of the grid and for the source's classes, or, with ``fold_plan``, what every
            fold starts from.
        out_folder: where ``NAME.npz`` and ``NAME.json`` are written.
        name: of the profile.
        recovered: whether answers are those with feature recovery (``stae``), or without (``fa-sa``).
        coding: of the mode ``entropy``, see ``assemble``.
        fold_plan: trains once more for each group, without it, and measures the group with what was trained.
        record: what else the metadata should say, such as the weights' SHA-256 and the command.
        progress: called with ``clips``, ``measure`` or ``folds``, and ``times``.

    Raises:
        ProfileError: the models do not fit the grid or the classes, or a name that is no file name.
        ClipError: no clip can be read.
    """
    if not name or Path(name).name != name:
        raise ProfileError(f"profile name {name!r} must be a plain file name")
    models = _fitting(models, source, may_differ=fold_plan is not None)
    run = _Run(source, models, fold_plan, out_folder, progress)
    outcomes, times = run.outcomes(), run.times(Coding[coding])
    metadata = {
        "data_set": source.name,
        "data_set_fingerprint": source.fingerprint(),
        "skipped": run.cached.skipped,
        "codec": "stae" if recovered else "fa-sa",
        "codec_version": StaeCodec.version,
        "networks": models.config.as_json(),
        "folds": len(np.unique(run.groups)) if fold_plan else None,
        # Sending all frames whole involves no attention: the classifier alone, on all frames.
        "uniform_accuracy": float(outcomes.right[:, 0, 0].mean()),
        "versions": provenance.versions(_LIBRARIES),
        "cpu": provenance.cpu_name(),
        "threads": torch.get_num_threads(),
        "date": datetime.date.today().isoformat(),
        "times": f"medians over {min(_TIMED, len(run.groups))} clips, one at a time, one machine for both sides",
        "licence": "numbers measured on the clips are given; no clip or part of one is",
        **(record or {}),
    }
    local = outcomes.right[:, :, 0] > 0.5  # whole frames are sent without loss, so the answers are the device's own
    clips, ids = list(run.cached.clips), [item.content_id for item in run.cached.items]
    profile = assemble(
        name, outcomes, local, times, clips, ids, run.groups.tolist(), metadata, recovered=recovered, coding=coding
    )
    save_profile(profile, out_folder)
    return profile


def measured_folder(source: ClipSource, models: StaeModels, plan: Plan | None, out_folder: Path) -> Path:
    """Where ``measure_video_profile`` keeps what it measures, and the models of its folds."""
    fitting = _fitting(models, source, may_differ=plan is not None)
    return out_folder / f".measured-{_key(source, fitting, plan)[:16]}"


class _Run:
    """Measurements of one set of clips and weights, kept in a folder named after them."""

    def __init__(
        self, source: ClipSource, models: StaeModels, plan: Plan | None, out_folder: Path, progress: StageProgress
    ) -> None:
        self.models, self.plan, self.progress = models, plan, progress
        self.folder = out_folder / f".measured-{_key(source, models, plan)[:16]}"
        self.store = PartStore(self.folder)
        shape = {"frames": models.config.frames, "size": models.config.vit.size}
        self.cached: CachedClips = cached_clips(source, self.folder, **shape, progress=self._reporter("clips"))
        self.groups: IntArray = np.array([item.group for item in self.cached.items], np.int64)
        self.data = clip_set(self.cached)

    def outcomes(self) -> Outcomes:
        """Of all clips on the grid."""
        if self.plan is None:
            return self._in_parts(self._reporter("measure"))
        return leave_one_group_out(
            self.models, self.data, self.groups, self.plan, self._measure, self.folder, self._reporter("folds")
        )

    def times(self, coding: Coding) -> dict[str, FloatArray]:
        """Parts of eq. 3; those of folds are those of networks of the same shape."""
        label = f"times-{coding.name}"
        found = self.store.load(label, {"timed": _TIMED, "parts": PARTS})
        if found is None:
            models = copy.deepcopy(self.models)
            for alpha in FRAMES:
                for beta in PIXELS:
                    models.model(alpha, beta)  # what only folds have trained must exist to be timed
            clips = list(np.array(self.data.clips[:_TIMED]))
            times = time_parts(StaeCodec(models, coding), clips, FRAMES, PIXELS, self._reporter("times"))
            found = {part: values.tolist() for part, values in times.items()}
            self.store.save(label, {"timed": _TIMED, "parts": PARTS}, found)
        return {part: np.array(found[part], np.float64) for part in PARTS}

    def _in_parts(self, progress: Callable[[int, int], None]) -> Outcomes:
        """Of all clips by the same models; parts that are on disk are not measured again."""
        parts: list[Outcomes] = []
        for rows in np.split(np.arange(len(self.data)), range(_PART, len(self.data), _PART)):
            progress(int(rows[0]), len(self.data))
            shown = _shifted(progress, int(rows[0]), len(self.data))
            make = functools.partial(self._measure, self.models, rows, shown)
            parts.append(kept(self.store, f"part-{rows[0]:06d}", {"rows": rows.tolist()}, make))
        progress(len(self.data), len(self.data))
        return Outcomes.join(parts)

    def _measure(
        self,
        models: StaeModels,
        rows: IntArray,
        progress: Callable[[int, int], None] = lambda done, total: None,
    ) -> Outcomes:
        clips, labels = list(self.data.clips[rows]), self.data.labels[rows].tolist()
        return measure(StaeSender(StaeCodec(models)), clips, labels, FRAMES, PIXELS, progress)

    def _reporter(self, what: str) -> Callable[[int, int], None]:
        return lambda done, total: self.progress(what, done, total)


def _fitting(models: StaeModels, source: ClipSource, *, may_differ: bool) -> StaeModels:
    """Models for the source's classes; those that folds start from may know others."""
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
    missing = [f"{alpha} x {beta:g}" for alpha in FRAMES for beta in PIXELS if not models.trained(alpha, beta)]
    if missing:
        raise ProfileError(f"the weights lack {len(missing)} budgets of the grid, such as {missing[0]}; train them too")
    return models


def _shifted(progress: Callable[[int, int], None], first: int, total: int) -> Callable[[int, int], None]:
    """StageProgress of a part that begins with clip ``first`` of ``total``."""
    return lambda done, _: progress(first + done, total)


def _key(source: ClipSource, models: StaeModels, plan: Plan | None) -> str:
    """Hash of everything that decides outcomes and times: measurements of other settings are never mixed in."""
    parts = [
        source.fingerprint(),
        models.config.as_json(),
        models.classes,
        StaeCodec.version,
        plan and [STEPS_VERSION, asdict(plan)],
    ]
    machine = [provenance.versions(_LIBRARIES), provenance.cpu_name(), torch.get_num_threads()]
    return provenance.digest([*parts, *machine], [models])
