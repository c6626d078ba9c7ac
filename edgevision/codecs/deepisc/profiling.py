"""DeepISC's operating points, measured on the clips and behind the classifiers that STAE's were measured with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgevision.codecs.deepisc.models import DeepIscModels
from edgevision.codecs.deepisc.sender import DeepIscSender
from edgevision.codecs.deepisc.training import train_deepisc
from edgevision.codecs.stae.models import StaeModels
from edgevision.codecs.stae.profiling.assembly import assemble
from edgevision.codecs.stae.profiling.outcomes import Outcomes, measure
from edgevision.codecs.stae.training.algorithm1 import Plan
from edgevision.codecs.stae.training.clipset import ClipSet
from edgevision.codecs.video.cache import CachedClips
from edgevision.envs.profile import OperatingPointProfile, save_profile
from edgevision.envs.video_grid import FRAMES, PIXELS

Progress = Callable[[int, int], None]
_PART, _TIMED = 20, 5  # clips between two writes to disk, and clips timed


def measure_in_parts(
    base: StaeModels, networks: DeepIscModels, data: ClipSet, folder: Path, progress: Progress
) -> Outcomes:
    """Outcomes of all clips by the same networks; parts that ``folder`` holds are not measured again."""
    parts: list[Outcomes] = []
    for first in range(0, len(data), _PART):
        progress(first, len(data))
        path = folder / f"deepisc-part-{first:06d}.npz"
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
    groups: NDArray[np.int64],
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
    names = np.unique(groups)
    found = np.empty(len(names), object)
    for done, group in enumerate(names):
        progress(done, len(names))
        path = folder / f"deepisc-fold-{group}.npz"
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


def save_deepisc_profile(
    name: str,
    outcomes: Outcomes,
    base: StaeModels,
    networks: DeepIscModels,
    cached: CachedClips,
    folder: Path,
    metadata: dict[str, Any],
) -> OperatingPointProfile:
    """Time the networks, assemble the profile and write it to ``folder``."""
    clips = list(cached.clips)
    times = DeepIscSender(base, networks).time_parts(clips[:_TIMED], FRAMES, PIXELS)
    ids, groups = [item.content_id for item in cached.items], [item.group for item in cached.items]
    profile = assemble(name, outcomes, times, clips, ids, groups, {**metadata, "codec": "deepisc"})
    save_profile(profile, folder)
    return profile


def _measure(base: StaeModels, networks: DeepIscModels, data: ClipSet, rows: NDArray[np.int64]) -> Outcomes:
    sender = DeepIscSender(base, networks)
    return measure(sender, list(data.clips[rows]), data.labels[rows].tolist(), FRAMES, PIXELS)
