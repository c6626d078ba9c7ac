"""DeepISC's operating points, measured on the clips and behind the classifiers that STAE's were measured with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from edgevision.arrays import IntArray
from edgevision.codecs.deepisc.deepisc_model_set import DeepIscModels
from edgevision.codecs.deepisc.train_deepisc import train_deepisc
from edgevision.codecs.stae.stae_model_set import StaeModels
from edgevision.codecs.stae.training.algorithm1 import Plan
from edgevision.codecs.stae.training.clipset import ClipSet
from edgevision.errors import ProfileError
from edgevision.measure.deepisc_sender import DeepIscSender
from edgevision.measure.deepisc_timing import time_parts
from edgevision.measure.video_outcomes import Outcomes, kept, measure
from edgevision.measure.video_profile import VideoMeasurement, check_name
from edgevision.part_store import PartStore
from edgevision.profiles.profile import OperatingPointProfile
from edgevision.profiles.video_grid import FRAMES, PIXELS
from edgevision.progress import Progress
from edgevision.provenance import digest

_PART = 20  # clips between two writes to disk


def measure_deepisc_profile(
    run: VideoMeasurement, networks: DeepIscModels, name: str, *, record: Mapping[str, Any] | None = None
) -> OperatingPointProfile:
    """Send every clip under every budget with DeepISC behind STAE's frame attention, and save the profile.

    STAE is measured first, if it was not: its folds hold the FA and ViT of DeepISC's, and its answers to whole frames
    are those of a device that classifies itself. A run that is killed goes on where it stopped.

    Args:
        run: clips, STAE's models and the plan of folds, which train ``networks`` further.
        networks: DeepISC of each budget of the grid.
        name: of the profile.
        record: what else the metadata should say, such as the weights' SHA-256 and the command.

    Raises:
        ProfileError: the networks lack a budget of the grid, or a name that is no file name.
    """
    check_name(name)
    missing = [f"{alpha} x {beta:g}" for alpha in FRAMES for beta in PIXELS if not networks.trained(alpha, beta)]
    if missing:
        raise ProfileError(f"DeepISC's weights lack {len(missing)} budgets of the grid, such as {missing[0]}")
    local = run.local  # first: with STAE's outcomes come its models of the folds
    base, progress = run.models, run.reporter("deepisc")
    if run.plan is None:
        outcomes = measure_in_parts(base, networks, run.data, run.folder, progress)
    else:
        outcomes = measure_in_folds(networks, run.data, run.groups, run.plan, run.folder, progress)
    times = run.times(
        f"deepisc-{_description(networks)['networks'][:16]}",
        lambda clips, report: time_parts(base, networks, clips, FRAMES, PIXELS, report),
    )
    about = {"networks": networks.config.as_json(), **(record or {})}
    return run.save_profile(name, "deepisc", outcomes, local, times, about)


def measure_in_parts(
    base: StaeModels, networks: DeepIscModels, data: ClipSet, folder: Path, progress: Progress
) -> Outcomes:
    """Outcomes of all clips by the same networks; parts that ``folder`` holds are not measured again.

    Args:
        base: holds FA and ViT.
        networks: DeepISC of each budget.
        data: n clips.
        folder: belongs to ``base`` and ``data``, see ``VideoMeasurement``.
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


def _measure(base: StaeModels, networks: DeepIscModels, data: ClipSet, rows: IntArray) -> Outcomes:
    sender = DeepIscSender(base, networks)
    return measure(sender, list(data.clips[rows]), data.labels[rows].tolist(), FRAMES, PIXELS)
