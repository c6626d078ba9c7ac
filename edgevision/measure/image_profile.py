"""Measuring an image codec's operating points: size and answer for every image and level, times for every level."""

from __future__ import annotations

import datetime
import math
import shutil
import warnings
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from edgevision import codecs, provenance
from edgevision.arrays import BoolArray
from edgevision.codecs.base import ImageCodec
from edgevision.data.images import ImageFolder
from edgevision.errors import DataSetError, DataSetWarning, ProfileError
from edgevision.locking import only_writer
from edgevision.measure.feature_scaling import standardised
from edgevision.measure.image_answers import Answers, ImageJob, ProfileRequest, measure_answers
from edgevision.measure.times.clean_timing import PartTimes, time_interleaved
from edgevision.measure.times.image_times import ImageWork, image_sides, pictures_to_time, timed_pictures
from edgevision.part_store import PartStore
from edgevision.profiles.profile import OperatingPointProfile, profile_files, save_profile
from edgevision.progress import Progress, StageProgress
from edgevision.protocol import content_split
from edgevision.vision.own_classifier import OwnScorer, Recogniser

TIMING = "times"  # stage of a run's progress
_ENOUGH = 10  # images from which guessing can be told apart
_LIBRARIES = ("numpy", "pillow", "jpeglib", "torch", "timm", "captum", "scikit-image")
_OUTCOMES = 2  # version of what is measured for an image


def measure_image_profile(
    dataset: ImageFolder,
    codec: ImageCodec,
    classifier: Recogniser,
    levels: Sequence[float] | None,
    out_folder: Path,
    name: str,
    progress: Progress = lambda done, total: None,
) -> OperatingPointProfile:
    """Measure one profile; see ``measure_image_profiles``.

    Args:
        dataset: the images.
        codec: encodes and decodes the images.
        classifier: classifies the decoded images.
        levels: the ladder of K levels, least to most compressed; ``None`` for the codec's own.
        out_folder: where ``NAME.npz`` and ``NAME.json`` are written, and partial results until the end of the run.
        name: of the profile.
        progress: called with images done, measured or timed, and all of them.
    """
    total = len(dataset) + timed_pictures(len(dataset))

    def report(stage: str, done: int, _: int) -> None:
        progress(len(dataset) + done if stage == TIMING else done, total)

    (profile,) = measure_image_profiles(dataset, [ProfileRequest(name, codec, classifier, levels)], out_folder, report)
    return profile


def measure_image_profiles(
    dataset: ImageFolder,
    requests: Sequence[ProfileRequest],
    out_folder: Path,
    progress: StageProgress = lambda stage, done, total: None,
    processes: int = 1,
) -> list[OperatingPointProfile]:
    """Run every image through codec and classifier of each profile at every level, and save the profiles.

    Images are resized and cropped to the classifier's input first, and coded at that size. Times are measured at the
    end, on some of the images, for all profiles in turn, in this process. A killed run continues where it stopped when
    called again with the same settings. Images that cannot be read are skipped and named in the profile's metadata.
    Warns (``DataSetWarning``) where a classifier does no better than guessing.

    Args:
        dataset: the images.
        requests: the profiles to measure.
        out_folder: where ``NAME.npz`` and ``NAME.json`` are written, and partial results until the end of the run.
        progress: called with the name of a profile or ``TIMING``, images done and all of them.
        processes: how many processes share the images.

    Raises:
        ProfileError: levels do not increase, the mean size grows from one level to the next, a name is not a plain
            file name, or a worker process died.
        DataSetError: no image can be read, or a classifier does not know a label.
        FolderInUseError: another process measures one of these profiles.
    """
    if not requests:
        return []
    jobs = [ImageJob(dataset, request) for request in requests]
    folders = [out_folder / f".{request.name}-{_key(dataset, request)[:16]}" for request in requests]
    with ExitStack() as locks:
        for request, folder in zip(requests, folders, strict=True):
            locks.enter_context(only_writer(folder, *profile_files(out_folder, request.name)))
        answers = measure_answers(jobs, [PartStore(folder) for folder in folders], progress, processes)
        for found in answers:
            if not found.records:
                raise DataSetError(f"no image of {dataset.name!r} can be read, {len(found.skipped)} skipped")
        works = [_work(dataset, request, found) for request, found in zip(requests, answers, strict=True)]
        times = time_interleaved(works, lambda done, total: progress(TIMING, done, total))
        profiles = [
            _assemble(dataset, request, found, taken)
            for request, found, taken in zip(requests, answers, times, strict=True)
        ]
        for profile, folder in zip(profiles, folders, strict=True):
            save_profile(profile, out_folder)
            shutil.rmtree(folder)
    for request, found in zip(requests, answers, strict=True):
        _warn_of_guessing(np.array([record.outcomes[0].correct for record in found.records]), request.classifier)
    return profiles


def time_together(
    dataset: ImageFolder,
    requests: Sequence[ProfileRequest],
    profiles: Sequence[OperatingPointProfile],
    progress: StageProgress = lambda stage, done, total: None,
) -> list[OperatingPointProfile]:
    """The finished profiles of some requests, with times measured anew for all of them in turn."""
    works = [
        _work(dataset, request, Answers((), profile.metadata["skipped"]))
        for request, profile in zip(requests, profiles, strict=True)
    ]
    made = []
    for profile, times in zip(
        profiles, time_interleaved(works, lambda done, total: progress(TIMING, done, total)), strict=True
    ):
        device, edge = image_sides(times.parts)
        metadata = {**profile.metadata, **times.metadata(image_sides)}
        made.append(replace(profile, device_time=device, edge_time=edge, metadata=metadata))
    return made


def _work(dataset: ImageFolder, request: ProfileRequest, answers: Answers) -> ImageWork:
    readable = [item for item in dataset.items if item.content_id not in answers.skipped]
    pictures = pictures_to_time(dataset, readable, request.classifier)
    return ImageWork(pictures, request.codec, request.classifier, request.ladder)


def _assemble(
    dataset: ImageFolder, request: ProfileRequest, answers: Answers, times: PartTimes
) -> OperatingPointProfile:
    records, ladder = answers.records, request.ladder
    size, log_probability, psnr, ssim = (
        np.array([[getattr(o, name) for o in r.outcomes] for r in records], np.float64)
        for name in ("size", "log_probability", "psnr", "ssim")
    )
    correct = np.array([[o.correct for o in r.outcomes] for r in records], np.bool_)
    if (np.diff(size.mean(axis=0)) > 0).any():
        worst = int(np.diff(size.mean(axis=0)).argmax())
        raise ProfileError(
            f"mean size grows from level {ladder[worst]:g} to {ladder[worst + 1]:g}; leave one of them out"
        )
    split = content_split(np.arange(len(records)))
    train = split == 0
    names = tuple(records[0].features)
    features, about_features = standardised(np.array([list(r.features.values()) for r in records]), names, train)
    device, edge = image_sides(times.parts)
    return OperatingPointProfile(
        name=request.name,
        size=size,
        raw_size=np.array([r.raw_size for r in records], np.float64),
        accuracy=correct[train].mean(axis=0),
        parameter=np.array(ladder),
        device_time=device,
        edge_time=edge,
        correct=correct,
        log_probability=log_probability,
        features=features,
        feature_names=names,
        split=split,
        content_ids=tuple(r.content_id for r in records),
        metadata={
            **_metadata(dataset, request),
            "skipped": answers.skipped,
            "images": len(records),
            "psnr": psnr.mean(axis=0).tolist(),
            "ssim": ssim.mean(axis=0).tolist(),
            **times.metadata(image_sides),
            **about_features,
        },
    )


def _warn_of_guessing(correct: BoolArray, classifier: Recogniser) -> None:
    """Warn where the accuracy is within three standard deviations of what guessing yields; of scores nobody knows."""
    if isinstance(classifier, OwnScorer):
        return
    chance, images = 1 / classifier.classes, len(correct)
    limit = chance + 3 * math.sqrt(chance * (1 - chance) / images)
    if images >= _ENOUGH and correct.mean() < limit:
        warnings.warn(
            f"at its least compressed level {classifier.name} recognises {correct.sum()} of {images} images, no more "
            "than by guessing; are the labels those of its classes?",
            DataSetWarning,
            stacklevel=3,
        )


def _key(dataset: ImageFolder, request: ProfileRequest) -> str:
    """Hash of everything that decides the outcomes, so that partial results of different settings never mix."""
    codec, ladder = request.codec, list(request.ladder)
    parts = [dataset.fingerprint(), codec.name, codec.version, dict(codec.settings), request.classifier.name, ladder]
    parts.append(request.classifier.origin)
    return provenance.digest([*parts, _OUTCOMES, provenance.versions(_LIBRARIES)])


def _metadata(dataset: ImageFolder, request: ProfileRequest) -> dict[str, Any]:
    codec, classifier = request.codec, request.classifier
    folder = "--images DIR" if dataset.labels is None else "--images DIR --labels DIR/labels.csv"
    command = f"edgevision profile image {folder} --model {classifier.name}"
    return {
        "data_set": dataset.name,
        "data_set_fingerprint": dataset.identity(),
        "files_fingerprint": dataset.fingerprint(),
        "model": classifier.name,
        "model_weights": classifier.origin,
        "input_size": classifier.input_size,
        "codec": codec.name,
        "codec_version": codec.version,
        "codec_settings": dict(codec.settings),
        "levels": list(request.ladder),
        "command": f"{command} --codec {_as_argument(codec)} --name {request.name}",
        "versions": provenance.versions(_LIBRARIES),
        "date": datetime.date.today().isoformat(),
        "licence": "numbers measured on the images are given; no image or part of one is",
    }


def _as_argument(codec: ImageCodec) -> str:
    """The codec as the command line takes it, such as ``avif-raw:speed=9``."""
    plain = codecs.make(codec.name) if codec.name in codecs.names() else codec
    changed = {
        key: value
        for key, value in vars(codec).items()
        if isinstance(value, str | int | float) and value != getattr(plain, key, None)
    }
    return ":".join(filter(None, [codec.name, ",".join(f"{key}={value}" for key, value in changed.items())]))
