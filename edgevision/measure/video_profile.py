"""Measuring STAE's operating points on the clips of a source: a profile for ``EdgeVision/Video-v0``.

The kept frames travel as exact values, or through a video codec.
"""

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
from edgevision.arrays import BoolArray, ByteClip, IntArray
from edgevision.codecs.stae.bitstream import Coding
from edgevision.codecs.stae.stae_codec import StaeCodec
from edgevision.codecs.stae.stae_model_set import StaeModels
from edgevision.codecs.stae.training.algorithm1 import Plan
from edgevision.codecs.stae.training.clipset import ClipSet
from edgevision.codecs.stae.training.fit_step import FitConfig
from edgevision.codecs.stae.training.train_stae import STEPS_VERSION, clip_set
from edgevision.data.clip_cache import CachedClips, cached_clips
from edgevision.data.clips import ClipSource
from edgevision.data.sources import WithTest
from edgevision.locking import only_writer
from edgevision.measure.clip_coding import clip_work, coder_of, needed_pixels
from edgevision.measure.fitting_models import fitting
from edgevision.measure.frame_sender import FrameSender
from edgevision.measure.stae_sender import StaeSender
from edgevision.measure.times import stae_work
from edgevision.measure.times.clean_timing import PartTimes, TimedWork, time_interleaved
from edgevision.measure.video_assembly import ClipCoding, assemble
from edgevision.measure.video_folds import leave_one_group_out
from edgevision.measure.video_outcomes import Outcomes, measure
from edgevision.measure.video_parts import by_parts
from edgevision.part_store import PartStore
from edgevision.profiles.profile import OperatingPointProfile, check_name, profile_files, save_profile
from edgevision.profiles.video_grid import CRFS, FRAMES, PIXELS, VideoCoder
from edgevision.progress import Progress, StageProgress

#: How each fold trains the given weights further, on all groups but the one that it measures.
FOLD_PLAN = Plan(
    vit=FitConfig(24, 8, 1e-3, 0.05),
    second_vit=FitConfig(12, 8, 5e-4, 0.05),
    views=5,
    fa=FitConfig(40, 16, 2e-3),
    sa=FitConfig(2, 16, 3e-3, clips=160),
    fr=FitConfig(1, 16, 1e-3, clips=160),
    first_fr=FitConfig(2, 16, 1e-3),
)
_LIBRARIES = ("numpy", "torch", "timm", "av", "constriction", "safetensors")


def measure_video_profile(
    source: ClipSource,
    models: StaeModels,
    out_folder: Path,
    name: str,
    *,
    recovered: bool = True,
    coding: ClipCoding = "huffman",
    fold_plan: Plan | None = None,
    record: dict[str, Any] | None = None,
    progress: StageProgress = lambda what, done, total: None,
) -> OperatingPointProfile:
    """Send every clip of a source under every budget, and save the profile.

    A killed run continues where it stopped when called again with the same arguments. Measurements are kept in
    ``out_folder / ".measured-..."``; a second profile of the same clips and weights (``recovered`` or not) uses them
    again. Clips that cannot be read are skipped and named in the profile's metadata.

    Args:
        source: clips; those of one group always go into one split. Those that test of a ``WithTest`` are the test
            split; folds never train on them.
        models: trained for all budgets of the grid and for the source's classes; with ``fold_plan``, the models that
            every fold starts from.
        out_folder: where ``NAME.npz`` and ``NAME.json`` are written.
        name: of the profile.
        recovered: whether answers are those with feature recovery (``stae``), or without (``fa-sa``).
        coding: of the mode ``entropy``, see ``assemble``. A video codec takes the networks for whole frames only.
        fold_plan: for each group, train further on all other groups before measuring it.
        record: further metadata, such as the weights' SHA-256 and the command.
        progress: called with the stage (``clips``, ``measure`` or ``folds``, ``times``), and what is done of it.

    Raises:
        ProfileError: the models do not fit the grid or the classes, or ``name`` is not a plain file name.
        ClipError: no clip can be read.
        FolderInUseError: another process measures these clips with these weights.
    """
    check_name(name)
    coder, pixels = coder_of(coding), needed_pixels(coding)
    run = VideoMeasurement(source, models, fold_plan, out_folder, progress, pixels)
    with only_writer(run.folder, *profile_files(out_folder, name)):
        models = copy.deepcopy(run.models)
        for alpha in FRAMES:
            for beta in pixels:
                models.model(alpha, beta)  # networks that only folds have trained must exist to be timed
        codec = StaeCodec(models, Coding[coding])
        outcomes, local = run.as_video(coder) if coder else (run.stae, run.local)
        times = run.times(coding, lambda clips: clip_work(codec, clips, video=coder is not None))
        about = {
            "codec_version": StaeCodec.version,
            "networks": models.config.as_json(),
            # With all frames and all pixels there is no attention: the classifier alone reads all frames.
            "uniform_accuracy": float(local[:, 0].mean()),
            **(record or {}),
        }
        method = "stae" if recovered else "fa-sa"
        return run.save_profile(name, method, outcomes, local, times, about, recovered=recovered, coding=coding)


class VideoMeasurement:
    """Measurements of one set of clips with STAE's weights, by any codec, kept in a folder named after both.

    Attributes:
        source: the clips' source.
        models: STAE's models for the source's classes; with a plan, the models that every fold starts from.
        plan: how each fold trains further; ``None`` to measure all clips with ``models`` as they are.
        progress: called with a stage's name, what is done of it and what there is to do.
        out_folder: where profiles are written.
        folder: holds clips, outcomes, times and models of folds, with which a killed run continues.
        store: outcomes and times in ``folder``.
        cached: the clips.
        data: the clips with their classes, for training.
        groups: group of each clip, (n,); a split never divides a group.
        tested: the clips of a test split of its own, (n,); none without one.
        folds: group of each clip for leaving one out, (n,); negative for all clips of ``tested``.
    """

    def __init__(
        self,
        source: ClipSource,
        models: StaeModels,
        plan: Plan | None,
        out_folder: Path,
        progress: StageProgress,
        pixels: tuple[float, ...] = PIXELS,
    ) -> None:
        """Read the clips.

        Args:
            source: the clips' source.
            models: STAE's models.
            plan: how each fold trains further, if there are folds; of its pixel budgets, those in ``pixels`` count.
            out_folder: where profiles are written.
            progress: called with a stage's name, what is done of it and what there is to do.
            pixels: the pixel budgets that are needed; without those below 1 neither SA nor FR is.

        Raises:
            ProfileError: the models do not fit the grid or the classes.
            ClipError: no clip can be read.
        """
        plan = plan and replace(plan, pixels=tuple(beta for beta in plan.pixels if beta in pixels))
        self.source, self.plan, self.progress, self.out_folder = source, plan, progress, out_folder
        self.models = fitting(models, source, pixels, may_differ=plan is not None)
        self.folder = out_folder / f".measured-{_key(source, self.models, plan)[:16]}"
        self.store = PartStore(self.folder)
        shape = {"frames": self.models.config.frames, "size": self.models.config.vit.size}
        with only_writer(self.folder):
            self.cached: CachedClips = cached_clips(source, self.folder, **shape, progress=self.reporter("clips"))
        self.groups: IntArray = np.array([item.group for item in self.cached.items], np.int64)
        names = source.tested if isinstance(source, WithTest) else frozenset()
        self.tested: BoolArray = np.array([item.content_id in names for item in self.cached.items], np.bool_)
        self.folds: IntArray = np.where(self.tested, -1, self.groups)
        self.data = clip_set(self.cached)

    @functools.cached_property
    def stae(self) -> Outcomes:
        """STAE's outcomes of all clips on the grid, measured on first use; with a plan this also trains the folds."""
        return self._all_clips("", "range")

    def as_video(self, coder: VideoCoder) -> tuple[Outcomes, BoolArray]:
        """Outcomes of all clips on frame budgets x ``CRFS``, and the answers to the exact frames, (n, A).

        With a plan this also trains the folds.
        """
        joined = vars(self._all_clips(f"{coder}-", coder))
        video = Outcomes(**{name: values[:, :, 1:] for name, values in joined.items()})
        return video, joined["right"][:, :, 0] > 0.5

    def _all_clips(self, label: str, coding: ClipCoding) -> Outcomes:
        """Measure all clips in parts, or by folds; ``label`` begins the names of stored outcomes."""

        def measure_rows(models: StaeModels, rows: IntArray, progress: Progress = lambda done, total: None) -> Outcomes:
            return measure_clips(models, self.data, rows, coding, progress)

        if self.plan is None:
            measure_part = functools.partial(measure_rows, self.models)
            return by_parts(self.store, f"{label}part", {}, len(self.data), measure_part, self.reporter("measure"))
        return leave_one_group_out(
            self.models,
            self.data,
            self.folds,
            self.plan,
            measure_rows,
            self.folder,
            f"{label}fold",
            self.reporter("folds"),
        )

    @property
    def local(self) -> BoolArray:
        """Whether a device that classifies its own kept frames is right, (n, A)."""
        # STAE with all pixels is lossless, so the edge sees what the device sees.
        return self.stae.right[:, :, 0] > 0.5

    def times(self, key: str, work: Callable[[list[ByteClip]], TimedWork]) -> PartTimes:
        """Times of the parts of eq. 3, from disk where ``key`` was timed before, else measured now and kept.

        Args:
            key: tells codecs and entropy coders apart.
            work: what to time, made for some clips.
        """
        label, description = f"times-{key}", {"clips": stae_work.TIMED_CLIPS}
        stored = self.store.load(label, description)
        if stored is not None:
            return PartTimes.from_json(stored)
        clips = list(np.array(self.data.clips[: stae_work.TIMED_CLIPS]))
        (times,) = time_interleaved([work(clips)], self.reporter("times"))
        self.store.save(label, description, times.as_json())
        return times

    def save_profile(
        self,
        name: str,
        codec: str,
        outcomes: Outcomes,
        local: BoolArray,
        times: PartTimes,
        about: Mapping[str, Any],
        *,
        recovered: bool = True,
        coding: ClipCoding = "huffman",
    ) -> OperatingPointProfile:
        """Write a codec's outcomes and times, with their provenance, to ``NAME.npz`` and ``NAME.json``."""
        metadata = {
            "data_set": self.source.name,
            "data_set_fingerprint": self.source.fingerprint(),
            "skipped": self.cached.skipped,
            "codec": codec,
            "folds": len(np.unique(self.folds)) if self.plan else None,
            "versions": provenance.versions(_LIBRARIES),
            "date": datetime.date.today().isoformat(),
            "licence": "numbers measured on the clips are given; no clip or part of one is",
            **about,
        }
        clips, ids = list(self.cached.clips), [item.content_id for item in self.cached.items]
        groups = self.groups.tolist()
        profile = assemble(
            name,
            outcomes,
            local,
            times,
            clips,
            ids,
            groups,
            metadata,
            tested=self.tested,
            recovered=recovered,
            coding=coding,
        )
        save_profile(profile, self.out_folder)
        return profile

    def reporter(self, what: str) -> Progress:
        """A function that reports the progress of one stage."""
        return lambda done, total: self.progress(what, done, total)


def measure_clips(
    models: StaeModels,
    data: ClipSet,
    rows: IntArray,
    coding: ClipCoding,
    progress: Progress = lambda done, total: None,
) -> Outcomes:
    """Outcomes of the clips ``rows`` on the grid.

    For a video codec, the last axis has an entry more: the first is of exact whole frames.
    """
    clips, labels = list(data.clips[rows]), data.labels[rows].tolist()
    if coder_of(coding) is None:
        return measure(StaeSender(StaeCodec(models)), clips, labels, FRAMES, PIXELS, progress)
    exact = measure(FrameSender(StaeCodec(models, Coding.plain)), clips, labels, FRAMES, CRFS[:1])
    video = measure(FrameSender(StaeCodec(models, Coding[coding])), clips, labels, FRAMES, CRFS, progress)
    return Outcomes(**{name: np.concatenate([values, getattr(video, name)], 2) for name, values in vars(exact).items()})


def _key(source: ClipSource, models: StaeModels, plan: Plan | None) -> str:
    """Hash of everything that decides outcomes and times, so that measurements of different settings never mix."""
    parts = [
        source.fingerprint(),
        models.config.as_json(),
        models.classes,
        StaeCodec.version,
        [FRAMES, PIXELS, CRFS],
        plan and [STEPS_VERSION, asdict(plan)],
    ]
    machine = [provenance.versions(_LIBRARIES), provenance.cpu_name(), torch.get_num_threads()]
    return provenance.digest([*parts, *machine], [models])
