"""DeepISC's operating points, measured on the clips and behind the classifiers that STAE's were measured with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from edgevision.arrays import IntArray
from edgevision.codecs.deepisc.deepisc_model_set import DeepIscModels
from edgevision.codecs.deepisc.digest import digest
from edgevision.codecs.deepisc.train_deepisc import train_deepisc
from edgevision.codecs.stae.stae_model_set import StaeModels
from edgevision.codecs.stae.training.algorithm1 import Plan
from edgevision.codecs.stae.training.clipset import ClipSet
from edgevision.errors import ProfileError
from edgevision.measure.deepisc_sender import DeepIscSender
from edgevision.measure.deepisc_timing import time_parts
from edgevision.measure.video_outcomes import Outcomes, measure
from edgevision.measure.video_profile import VideoMeasurement, check_name
from edgevision.profiles.profile import OperatingPointProfile
from edgevision.profiles.video_grid import FRAMES, PIXELS
from edgevision.progress import Progress

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
        f"deepisc-{outcomes_key(networks)}",
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
    return digest([networks.config.as_json(), plan and asdict(plan)], [networks])


def _measure(base: StaeModels, networks: DeepIscModels, data: ClipSet, rows: IntArray) -> Outcomes:
    sender = DeepIscSender(base, networks)
    return measure(sender, list(data.clips[rows]), data.labels[rows].tolist(), FRAMES, PIXELS)
