"""DeepISC's operating points, measured on the clips and behind the classifiers that STAE's were measured with."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from edgevision.arrays import BoolArray, IntArray
from edgevision.codecs.deepisc.deepisc_model_set import DeepIscModels
from edgevision.codecs.deepisc.train_deepisc import train_deepisc
from edgevision.codecs.stae.stae_model_set import StaeModels
from edgevision.codecs.stae.training.algorithm1 import Plan
from edgevision.codecs.stae.training.clipset import ClipSet
from edgevision.data.clip_cache import CachedClips
from edgevision.measure.deepisc_sender import DeepIscSender
from edgevision.measure.deepisc_timing import time_parts
from edgevision.measure.video_assembly import assemble
from edgevision.measure.video_outcomes import Outcomes, measure
from edgevision.profiles.profile import OperatingPointProfile, save_profile
from edgevision.profiles.video_grid import FRAMES, GRID, MODES, PIXELS
from edgevision.progress import Progress
from edgevision.provenance import digest

_PART, _TIMED = 20, 5  # clips between two writes to disk, and clips timed


def measure_in_parts(
    base: StaeModels, networks: DeepIscModels, data: ClipSet, folder: Path, progress: Progress
) -> Outcomes:
    """Outcomes of all clips by the same networks; parts that ``folder`` holds are not measured again.

    Args:
        base: holds FA and ViT.
        networks: DeepISC of each budget.
        data: n clips.
        folder: belongs to ``base`` and ``data``, see ``measured_folder``.
        progress: called with clips done and all of them.
    """
    parts: list[Outcomes] = []
    key = outcomes_key(networks)
    for first in range(0, len(data), _PART):
        progress(first, len(data))
        path = folder / f"deepisc-part-{key}-{first:06d}.npz"
        part = Outcomes.load(path)
        if part is None:
            part = _measure(base, networks, data, np.arange(first, min(first + _PART, len(data))))
            part.save(path)
        parts.append(part)
    progress(len(data), len(data))
    return Outcomes.join(parts)


def measure_in_folds(
    networks: DeepIscModels,
    data: ClipSet,
    groups: IntArray,
    plan: Plan,
    folder: Path,
    progress: Progress,
) -> Outcomes:
    """Outcomes of all clips, each group's by networks that were trained further without it.

    Args:
        networks: what every fold's training starts from.
        data: n clips.
        groups: group of each, (n,).
        plan: of each fold's training.
        folder: holds ``fold-GROUP.safetensors``, STAE's models without each group, whose FA and ViT are used; and keeps
            finished folds.
        progress: called with folds done and all of them.

    Raises:
        WeightsError: a fold of STAE's is missing; measure STAE's profile first.
    """
    names, key = np.unique(groups), outcomes_key(networks, plan)
    found = np.empty(len(names), object)
    for done, group in enumerate(names):
        progress(done, len(names))
        path = folder / f"deepisc-fold-{key}-{group}.npz"
        part = Outcomes.load(path)
        if part is None:
            base, others = StaeModels.load(folder / f"fold-{group}.safetensors"), np.flatnonzero(groups != group)
            training = ClipSet(data.clips[others], data.labels[others])
            trained = train_deepisc(base, training, plan, start=networks)
            part = _measure(base, trained, data, np.flatnonzero(groups == group))
            part.save(path)
        found[done] = part
    progress(len(names), len(names))
    order = np.argsort(np.concatenate([np.flatnonzero(groups == group) for group in names]))
    joined = Outcomes.join(list(found))
    return Outcomes(**{name: values[order] for name, values in vars(joined).items()})


def outcomes_key(networks: DeepIscModels, plan: Plan | None = None) -> str:
    """Part of the names of files with outcomes: 16 hexadecimal digits of the networks, and of the folds' plan."""
    return digest([networks.config.as_json(), plan and asdict(plan)], [networks])[:16]


def local_answers(stae: OperatingPointProfile) -> BoolArray:
    """Whether FA and ViT are right on the device's own frames, (n, A), as a STAE profile of the same clips has it.

    Raises:
        ValueError: the profile has no answers, for it was not measured.
    """
    if stae.correct is None:
        raise ValueError(f"profile {stae.name!r} has no answers of single clips")
    return stae.correct.reshape(-1, *GRID)[:, :, 0, MODES.index("local")]


def save_deepisc_profile(
    name: str,
    outcomes: Outcomes,
    local: BoolArray,
    base: StaeModels,
    networks: DeepIscModels,
    cached: CachedClips,
    folder: Path,
    metadata: dict[str, Any],
) -> OperatingPointProfile:
    """Time the networks, assemble the profile and write it to ``folder``.

    Args:
        name: of the profile.
        outcomes: of n clips.
        local: see ``local_answers``; the classifier on the device has nothing to do with DeepISC.
        base: holds FA and ViT.
        networks: DeepISC of each budget.
        cached: the clips.
        folder: where ``NAME.npz`` and ``NAME.json`` are written.
        metadata: provenance.
    """
    clips = list(cached.clips)
    times = time_parts(base, networks, list(np.array(cached.clips[:_TIMED])), FRAMES, PIXELS)
    ids, groups = [item.content_id for item in cached.items], [item.group for item in cached.items]
    profile = assemble(name, outcomes, local, times, clips, ids, groups, {**metadata, "codec": "deepisc"})
    save_profile(profile, folder)
    return profile


def _measure(base: StaeModels, networks: DeepIscModels, data: ClipSet, rows: IntArray) -> Outcomes:
    sender = DeepIscSender(base, networks)
    return measure(sender, list(data.clips[rows]), data.labels[rows].tolist(), FRAMES, PIXELS)
