"""What measuring a video profile will train and measure, and about how long that takes on this machine."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from edgevision.codecs.stae.bitstream import Coding
from edgevision.codecs.stae.stae_codec import StaeCodec
from edgevision.codecs.stae.stae_model_set import StaeModels
from edgevision.codecs.stae.training.algorithm1 import Plan, StepByStep, per_frame, stem_features
from edgevision.codecs.stae.training.clipset import ClipSet
from edgevision.codecs.stae.training.fit_step import FitConfig
from edgevision.data.clips import ClipSource
from edgevision.data.sources import WithTest
from edgevision.measure.clip_coding import clip_work, coder_of, needed_pixels
from edgevision.measure.fitting_models import fitting
from edgevision.measure.times import clean_timing, stae_work
from edgevision.measure.times.clean_timing import time_interleaved
from edgevision.measure.video_assembly import ClipCoding
from edgevision.measure.video_profile import measure_clips
from edgevision.profiles.video_grid import FRAMES, PIXELS

_TRIED_ROUNDS = 2


def describe_measurement(source: ClipSource, models: StaeModels, coding: ClipCoding, fold_plan: Plan | None) -> str:
    """Text on clips, trainings and measurements of ``measure_video_profile``, with times, for the same arguments.

    One clip is measured, and each training takes one gradient step; nothing is written. What an earlier run has left is
    not subtracted.

    Raises:
        ProfileError: the models do not fit the grid or the classes.
        UnreadableClipError: a clip that is tried cannot be read.
    """
    pixels, video = needed_pixels(coding), coder_of(coding) is not None
    plan = fold_plan and replace(fold_plan, pixels=tuple(beta for beta in fold_plan.pixels if beta in pixels))
    models = fitting(models, source, pixels, may_differ=plan is not None)
    for alpha in FRAMES:
        for beta in pixels:
            models.model(alpha, beta)
    tested = source.tested if isinstance(source, WithTest) else frozenset()
    folds = len({-1 if item.content_id in tested else item.group for item in source.items})
    lines = [f"clips: {len(source)} of {source.name}" + (f", of which {len(tested)} test" if tested else "")]
    seconds = 0.0
    if plan:
        each, shared = _training_seconds(source, models, plan)
        seconds += shared + folds * each
        below = sum(beta < 1 for beta in plan.pixels)
        networks = "classifier, frame attention"
        if below:
            networks += f", {len(plan.frames)} spatial attentions, {len(plan.frames) * below} recovery networks"
        lines.append(f"train: {folds} folds ({networks}), {_shown(each)} each and {_shown(shared)} in common")
    data = _some(source, models, 1)
    taken = _seconds(lambda: measure_clips(models, data, np.zeros(1, np.int64), coding))
    seconds += len(source) * taken
    axis = f"{len(PIXELS)} {'qualities' if video else 'pixel budgets'}"
    lines.append(f"measure: {len(source)} clips at {len(FRAMES)} frame budgets x {axis}, {_shown(taken)} each")
    work = clip_work(StaeCodec(models, Coding[coding]), list(data.clips), video=video)
    rounds = clean_timing.ROUNDS / _TRIED_ROUNDS * min(stae_work.TIMED_CLIPS, len(source))
    timing = rounds * _seconds(lambda: time_interleaved([work], rounds=_TRIED_ROUNDS))
    seconds += timing
    lines.append(
        f"time: {min(stae_work.TIMED_CLIPS, len(source))} clips, {clean_timing.ROUNDS} rounds, {_shown(timing)}"
    )
    return "\n".join([*lines, f"in all about {_shown(seconds)}, as busy as this machine is now"])


def _training_seconds(source: ClipSource, models: StaeModels, plan: Plan) -> tuple[float, float]:
    """Time of one fold's training, and of what all folds share [s].

    One gradient step of each kind of network is timed. An epoch of SA or FR takes equally long for every frame budget,
    see ``per_frame``, and a network's gradient step equally long for every pixel budget.
    """
    fits = {"vit": plan.vit, "fa": plan.fa}
    if plan.second_vit:
        fits |= {"second-vit": plan.second_vit, "second-fa": plan.fa}
    data = _some(source, models, max(config.batch for config in fits.values()))
    shared = _seconds(lambda: stem_features(models.base, data, plan.views, plan.seed)) * len(source) / len(data)
    below = [beta for beta in plan.pixels if beta < 1]
    trial = replace(
        plan,
        frames=(1,),
        pixels=(1.0, *below[:1]),
        views=1,
        vit=_once(plan.vit),
        second_vit=plan.second_vit and _once(plan.second_vit),
        fa=_once(plan.fa),
        sa=_once(plan.sa),
        fr=_once(plan.fr),
        first_fr=_once(plan.fr),
    )
    stem = stem_features(models.base, data, trial.views, plan.seed)
    started: dict[str, float] = {}
    taken: dict[str, float] = {}

    def note(step: str, done: int, total: int) -> None:
        taken[step] = time.perf_counter() - started.setdefault(step, time.perf_counter())

    StepByStep(copy.deepcopy(models), data, trial, stem=lambda: stem, progress=note).run()
    clips = len(source)
    each = sum(taken[name] * config.epochs * config.steps(clips) for name, config in fits.items())
    if below:
        sa, fr = per_frame(plan.sa, 1), per_frame(plan.fr, 1)
        each += len(plan.frames) * taken["sa-1"] * sa.epochs * sa.steps(clips)
        each += len(plan.frames) * len(below) * taken[f"fr-1-{round(100 * below[0])}"] * fr.epochs * fr.steps(clips)
    return each, shared


def _once(config: FitConfig) -> FitConfig:
    """One gradient step of the same batch."""
    return replace(config, epochs=1, clips=config.batch)


def _some(source: ClipSource, models: StaeModels, count: int) -> ClipSet:
    """The first clips of a source."""
    items, config = source.items[:count], models.config
    clips = [source.load(item, frames=config.frames, size=config.vit.size) for item in items]
    return ClipSet(np.stack(clips), np.array([item.class_index for item in items], np.int64))


def _seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def _shown(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 60 else f"{math.ceil(seconds / 60)} min"
