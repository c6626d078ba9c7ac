"""Measuring DeepISC's operating points with the clips, frame attention and classifiers of STAE's profile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from edgevision.arrays import IntArray
from edgevision.codecs.deepisc.deepisc_model_set import DeepIscModels
from edgevision.codecs.deepisc.train_deepisc import train_deepisc
from edgevision.codecs.stae.stae_model_set import StaeModels
from edgevision.codecs.stae.training.algorithm1 import Plan
from edgevision.codecs.stae.training.clipset import ClipSet
from edgevision.errors import ProfileError
from edgevision.locking import only_writer
from edgevision.measure.deepisc_sender import DeepIscSender
from edgevision.measure.times.deepisc_times import DeepIscWork
from edgevision.measure.video_folds import fold_path
from edgevision.measure.video_outcomes import Outcomes, measure
from edgevision.measure.video_parts import by_groups, by_parts
from edgevision.measure.video_profile import VideoMeasurement
from edgevision.part_store import PartStore
from edgevision.profiles.profile import OperatingPointProfile, check_name, profile_files
from edgevision.profiles.video_grid import FRAMES, PIXELS
from edgevision.progress import Progress
from edgevision.provenance import digest


def measure_deepisc_profile(
    run: VideoMeasurement, networks: DeepIscModels, name: str, *, record: Mapping[str, Any] | None = None
) -> OperatingPointProfile:
    """Send every clip under every budget with DeepISC behind STAE's frame attention, and save the profile.

    STAE is measured first if it has not been: DeepISC uses the FA and ViT of STAE's folds, and STAE's answers to whole
    frames are also those of a device that classifies by itself. A killed run continues where it stopped.

    Args:
        run: clips, STAE's models and, for folds, the plan that trains ``networks`` further.
        networks: DeepISC of each budget of the grid.
        name: of the profile.
        record: further metadata, such as the weights' SHA-256 and the command.

    Raises:
        ProfileError: the networks lack a budget of the grid, or ``name`` is not a plain file name.
        FolderInUseError: another process measures these clips with these weights.
    """
    check_name(name)
    missing = [f"{alpha} x {beta:g}" for alpha in FRAMES for beta in PIXELS if not networks.trained(alpha, beta)]
    if missing:
        raise ProfileError(f"DeepISC's weights lack {len(missing)} budgets of the grid, such as {missing[0]}")
    with only_writer(run.folder, *profile_files(run.out_folder, name)):
        local = run.local  # first, because measuring STAE also trains its models of the folds
        base, progress = run.models, run.reporter("deepisc")
        if run.plan is None:
            outcomes = measure_in_parts(base, networks, run.data, run.folder, progress)
        else:
            outcomes = measure_in_folds(networks, run.data, run.folds, run.plan, run.folder, progress)
        times = run.times(
            f"deepisc-{_description(networks)['networks'][:16]}",
            lambda clips: DeepIscWork(base, networks, clips, FRAMES, PIXELS),
        )
        about = {"networks": networks.config.as_json(), **(record or {})}
        return run.save_profile(name, "deepisc", outcomes, local, times, about)


def measure_in_parts(
    base: StaeModels, networks: DeepIscModels, data: ClipSet, folder: Path, progress: Progress
) -> Outcomes:
    """Measure all clips with the same networks; parts that ``folder`` holds are not measured again.

    Args:
        base: holds FA and ViT.
        networks: DeepISC of each budget.
        data: n clips.
        folder: where outcomes of ``base`` and ``data`` are kept, see ``VideoMeasurement``.
        progress: called with clips done and all of them.
    """

    def part(rows: IntArray, report: Progress) -> Outcomes:
        return _measure(base, networks, data, rows, report)

    return by_parts(PartStore(folder), "deepisc-part", _description(networks), len(data), part, progress)


def measure_in_folds(
    networks: DeepIscModels,
    data: ClipSet,
    groups: IntArray,
    plan: Plan,
    folder: Path,
    progress: Progress,
) -> Outcomes:
    """Measure each group's clips with networks that were trained further on all other clips.

    Args:
        networks: what every fold's training starts from.
        data: n clips.
        groups: group of each clip, (n,).
        plan: of each fold's training.
        folder: holds STAE's models of each fold (see ``fold_path``), whose FA and ViT are used; finished folds are kept
            there.
        progress: called with folds done and all of them.

    Returns:
        Outcomes of all clips, in the order of ``data``.

    Raises:
        WeightsError: STAE's models of a fold are missing; measure STAE's profile first.
    """

    def fold(group: int, rows: IntArray, others: IntArray) -> Outcomes:
        base = StaeModels.load(fold_path(folder, group))
        return _measure(base, train_deepisc(base, data.subset(others), plan, start=networks), data, rows)

    return by_groups(PartStore(folder), "deepisc-fold", _description(networks, plan), groups, fold, progress)


def _description(networks: DeepIscModels, plan: Plan | None = None) -> dict[str, Any]:
    """What outcomes depend on, besides STAE's models and the clips: these decide the folder's name already."""
    return {"networks": digest(networks.config.as_json(), [networks]), "plan": plan and asdict(plan)}


def _measure(
    base: StaeModels,
    networks: DeepIscModels,
    data: ClipSet,
    rows: IntArray,
    progress: Progress = lambda done, total: None,
) -> Outcomes:
    clips, labels = list(data.clips[rows]), data.labels[rows].tolist()
    return measure(DeepIscSender(base, networks), clips, labels, FRAMES, PIXELS, progress)
