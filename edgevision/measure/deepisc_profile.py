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
from edgevision.measure.video_outcomes import Outcomes, kept, measure
from edgevision.part_store import PartStore
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
    store, description = PartStore(folder), _description(networks)
    for first in range(0, len(data), _PART):
        progress(first, len(data))
        rows = np.arange(first, min(first + _PART, len(data)))

        def part(rows: IntArray = rows) -> Outcomes:
            return _measure(base, networks, data, rows)

        parts.append(kept(store, f"deepisc-part-{first:06d}", {**description, "rows": rows.tolist()}, part))
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
    names, store, description = np.unique(groups), PartStore(folder), _description(networks, plan)
    parts: list[Outcomes] = []
    for done, group in enumerate(names):
        progress(done, len(names))
        rows, others = np.flatnonzero(groups == group), np.flatnonzero(groups != group)

        def fold(group: int = group, rows: IntArray = rows, others: IntArray = others) -> Outcomes:
            base = StaeModels.load(folder / f"fold-{group}.safetensors")
            training = ClipSet(data.clips[others], data.labels[others])
            return _measure(base, train_deepisc(base, training, plan, start=networks), data, rows)

        parts.append(kept(store, f"deepisc-fold-{group}", {**description, "rows": rows.tolist()}, fold))
    progress(len(names), len(names))
    order = np.argsort(np.concatenate([np.flatnonzero(groups == group) for group in names]))
    joined = Outcomes.join(parts)
    return Outcomes(**{name: values[order] for name, values in vars(joined).items()})


def _description(networks: DeepIscModels, plan: Plan | None = None) -> dict[str, Any]:
    """What outcomes depend on besides STAE's models and the clips, to which the folder belongs."""
    return {"networks": digest(networks.config.as_json(), [networks]), "plan": plan and asdict(plan)}


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
