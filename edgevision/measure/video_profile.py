"""A whole measurement: clips from a source, STAE's bytes, answers and times, a profile of ``EdgeVision/Video-v0``."""

from __future__ import annotations

import copy
import datetime
import functools
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from edgevision import provenance
from edgevision.arrays import BoolArray, ByteClip, FloatArray, IntArray
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
from edgevision.progress import Progress, StageProgress

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
    check_name(name)
    run = VideoMeasurement(source, models, fold_plan, out_folder, progress)
    models = copy.deepcopy(run.models)
    for alpha in FRAMES:
        for beta in PIXELS:
            models.model(alpha, beta)  # what only folds have trained must exist to be timed
    codec = StaeCodec(models, Coding[coding])
    outcomes = run.stae
    times = run.times(coding, lambda clips, report: time_parts(codec, clips, FRAMES, PIXELS, report))
    about = {
        "codec_version": StaeCodec.version,
        "networks": models.config.as_json(),
        # Sending all frames whole involves no attention: the classifier alone, on all frames.
        "uniform_accuracy": float(outcomes.right[:, 0, 0].mean()),
        **(record or {}),
    }
    method = "stae" if recovered else "fa-sa"
    return run.save_profile(name, method, outcomes, run.local, times, about, recovered=recovered, coding=coding)


def check_name(name: str) -> None:
    """Refuse a profile's name that is no file name.

    Raises:
        ProfileError: it is none.
    """
    if not name or Path(name).name != name:
        raise ProfileError(f"profile name {name!r} must be a plain file name")


class VideoMeasurement:
    """What is measured of one set of clips and STAE's weights, by any codec, kept in a folder named after them.

    Attributes:
        source: the clips' source.
        models: STAE's, for the source's classes; with a plan, what every fold starts from.
        plan: trains once more for each group, without it; ``None``: the models know the classes.
        progress: called with a stage's name, what of it is done and what there is to do.
        out_folder: where profiles are written.
        folder: what is kept here, where a killed run goes on: clips, outcomes, times, models of folds.
        cached: the clips.
        data: the clips, for training.
        groups: of each clip, what a split must not divide, (n,).
    """

    def __init__(
        self, source: ClipSource, models: StaeModels, plan: Plan | None, out_folder: Path, progress: StageProgress
    ) -> None:
        """Read the clips.

        Raises:
            ProfileError: the models do not fit the grid or the classes.
            ClipError: no clip can be read.
        """
        self.source, self.plan, self.progress, self.out_folder = source, plan, progress, out_folder
        self.models = _fitting(models, source, may_differ=plan is not None)
        self.folder = out_folder / f".measured-{_key(source, self.models, plan)[:16]}"
        self.store = PartStore(self.folder)
        shape = {"frames": self.models.config.frames, "size": self.models.config.vit.size}
        self.cached: CachedClips = cached_clips(source, self.folder, **shape, progress=self.reporter("clips"))
        self.groups: IntArray = np.array([item.group for item in self.cached.items], np.int64)
        self.data = clip_set(self.cached)

    @functools.cached_property
    def stae(self) -> Outcomes:
        """STAE's outcomes of all clips on the grid; measured on first use, and with them the models of folds."""
        if self.plan is None:
            return self._in_parts(self.reporter("measure"))
        return leave_one_group_out(
            self.models, self.data, self.groups, self.plan, self._measure, self.folder, self.reporter("folds")
        )

    @property
    def local(self) -> BoolArray:
        """Whether the device is right that classifies its own kept frames, (n, A); as STAE, which loses nothing."""
        return self.stae.right[:, :, 0] > 0.5

    def times(
        self, key: str, time: Callable[[list[ByteClip], Progress], dict[str, FloatArray]]
    ) -> dict[str, FloatArray]:
        """Parts of eq. 3, of networks of the folds' shapes; those under ``key`` on disk are not timed again."""
        label, description = f"times-{key}", {"timed": _TIMED, "parts": PARTS}
        found = self.store.load_arrays(label, description)
        if found is None:
            found = time(list(np.array(self.data.clips[:_TIMED])), self.reporter("times"))
            self.store.save_arrays(label, description, found)
        return found

    def save_profile(
        self,
        name: str,
        codec: str,
        outcomes: Outcomes,
        local: BoolArray,
        times: dict[str, FloatArray],
        about: Mapping[str, Any],
        *,
        recovered: bool = True,
        coding: EntropyCoding = "huffman",
    ) -> OperatingPointProfile:
        """Put a codec's outcomes and times into ``NAME.npz`` and ``NAME.json``, with where they come from."""
        metadata = {
            "data_set": self.source.name,
            "data_set_fingerprint": self.source.fingerprint(),
            "skipped": self.cached.skipped,
            "codec": codec,
            "folds": len(np.unique(self.groups)) if self.plan else None,
            "versions": provenance.versions(_LIBRARIES),
            "cpu": provenance.cpu_name(),
            "threads": torch.get_num_threads(),
            "date": datetime.date.today().isoformat(),
            "times": f"medians over {min(_TIMED, len(self.groups))} clips, one at a time, one machine for both sides",
            "licence": "numbers measured on the clips are given; no clip or part of one is",
            **about,
        }
        clips, ids = list(self.cached.clips), [item.content_id for item in self.cached.items]
        groups = self.groups.tolist()
        profile = assemble(
            name, outcomes, local, times, clips, ids, groups, metadata, recovered=recovered, coding=coding
        )
        save_profile(profile, self.out_folder)
        return profile

    def reporter(self, what: str) -> Progress:
        """Reports a stage."""
        return lambda done, total: self.progress(what, done, total)

    def _in_parts(self, progress: Progress) -> Outcomes:
        """Of all clips by the same models; parts that are on disk are not measured again."""
        parts: list[Outcomes] = []
        for rows in np.split(np.arange(len(self.data)), range(_PART, len(self.data), _PART)):
            progress(int(rows[0]), len(self.data))
            shown = _shifted(progress, int(rows[0]), len(self.data))
            make = functools.partial(self._measure, self.models, rows, shown)
            parts.append(kept(self.store, f"part-{rows[0]:06d}", {"rows": rows.tolist()}, make))
        progress(len(self.data), len(self.data))
        return Outcomes.join(parts)

    def _measure(self, models: StaeModels, rows: IntArray, progress: Progress = lambda done, total: None) -> Outcomes:
        clips, labels = list(self.data.clips[rows]), self.data.labels[rows].tolist()
        return measure(StaeSender(StaeCodec(models)), clips, labels, FRAMES, PIXELS, progress)


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


def _shifted(progress: Progress, first: int, total: int) -> Progress:
    """Progress of a part that begins with clip ``first`` of ``total``."""
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
