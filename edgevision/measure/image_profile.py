"""Measuring an image codec's operating points: size and answer for every image and level, times for every level."""

from __future__ import annotations

import datetime
import math
import shutil
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from edgevision import provenance
from edgevision.arrays import BoolArray
from edgevision.codecs.base import ImageCodec
from edgevision.data.class_labels import class_indices
from edgevision.data.images import ImageFolder
from edgevision.errors import DataSetError, DataSetWarning, ProfileError, UnreadableImageError
from edgevision.locking import only_writer
from edgevision.measure.feature_scaling import standardised
from edgevision.measure.image_outcomes import ContentRecord, Outcome, measure_content
from edgevision.measure.times.clean_timing import PartTimes, time_interleaved
from edgevision.measure.times.image_times import TIMED_PICTURES, ImageWork, image_sides, pictures_to_time
from edgevision.part_store import PartStore
from edgevision.profiles.profile import OperatingPointProfile, check_name, profile_files, save_profile
from edgevision.progress import Progress
from edgevision.protocol import content_split
from edgevision.vision.classifiers import Classifier

_PART = 20  # images per part on disk
_ENOUGH = 10  # images from which guessing can be told apart
_LIBRARIES = ("numpy", "pillow", "jpeglib", "torch", "timm", "captum")


def measure_image_profile(
    dataset: ImageFolder,
    codec: ImageCodec,
    classifier: Classifier,
    levels: Sequence[float] | None,
    out_folder: Path,
    name: str,
    progress: Progress = lambda done, total: None,
) -> OperatingPointProfile:
    """Run every image through codec and classifier at every level, and save the profile.

    Images are resized and cropped to the classifier's input first, and coded at that size. Times are measured at the
    end, on some of the images. A killed run continues where it stopped when called again with the same settings. Images
    that cannot be read are skipped and named in the profile's metadata. Warns (``DataSetWarning``) where the classifier
    does no better than guessing.

    Args:
        dataset: the images.
        codec: encodes and decodes the images.
        classifier: classifies the decoded images.
        levels: the ladder of K levels, least to most compressed; ``None`` for the codec's own.
        out_folder: where ``NAME.npz`` and ``NAME.json`` are written, and partial results until the end of the run.
        name: of the profile.
        progress: called with images done, measured or timed, and all of them.

    Raises:
        ProfileError: levels do not increase, the mean size grows from one level to the next, or ``name`` is not a plain
            file name.
        DataSetError: no image can be read, or the classifier does not know a label.
        FolderInUseError: another process measures this profile.
    """
    ladder = tuple(float(level) for level in (codec.levels if levels is None else levels))
    if not ladder or (np.diff(ladder) <= 0).any():
        raise ProfileError(f"levels must increase, got {ladder}")
    check_name(name)
    labels = (item.label for item in dataset.items)
    classes = class_indices(labels, classifier.classes, classifier.class_names)
    key = _key(dataset, codec, classifier, ladder)
    parts = out_folder / f".{name}-{key[:16]}"
    total = len(dataset) + min(TIMED_PICTURES, len(dataset))
    with only_writer(parts, *profile_files(out_folder, name)):
        records, skipped = _measure_in_parts(
            PartStore(parts), dataset, classes, codec, classifier, ladder, lambda done, _: progress(done, total)
        )
        if not records:
            raise DataSetError(f"no image of {dataset.name!r} can be read, {len(skipped)} skipped")
        readable = [item for item in dataset.items if item.content_id not in skipped]
        work = ImageWork(pictures_to_time(dataset, readable, classifier), codec, classifier, ladder)
        (times,) = time_interleaved([work], lambda done, _: progress(len(dataset) + done, total))
        progress(total, total)
        metadata = _metadata(dataset, codec, classifier, ladder, name) | {"skipped": skipped}
        profile = _assemble(name, records, ladder, times, metadata)
        save_profile(profile, out_folder)
        shutil.rmtree(parts)
    _warn_of_guessing(np.array([record.outcomes[0].correct for record in records]), classifier)
    return profile


def _measure_in_parts(
    store: PartStore,
    dataset: ImageFolder,
    classes: Sequence[int],
    codec: ImageCodec,
    classifier: Classifier,
    ladder: Sequence[float],
    progress: Progress,
) -> tuple[list[ContentRecord], dict[str, str]]:
    """The record of each readable image, and why each other image cannot be read, by content id."""
    records: list[ContentRecord] = []
    skipped: dict[str, str] = {}
    for first in range(0, len(dataset), _PART):
        items = dataset.items[first : first + _PART]
        label, description = f"answers-{first:05d}", {"images": [item.content_id for item in items]}
        part = store.load(label, description)
        if part is None:
            part = {"records": [], "skipped": {}}
            for done, item in enumerate(items, first):
                progress(done, len(dataset))
                try:
                    record = measure_content(dataset, item, classes[done], codec, classifier, ladder)
                    part["records"].append(asdict(record))
                except UnreadableImageError as error:
                    part["skipped"][item.content_id] = str(error)
            store.save(label, description, part)
        records += [_record(**values) for values in part["records"]]
        skipped |= part["skipped"]
    progress(len(dataset), len(dataset))
    return records, skipped


def _record(outcomes: Iterable[dict[str, Any]], **values: Any) -> ContentRecord:
    return ContentRecord(outcomes=tuple(Outcome(**outcome) for outcome in outcomes), **values)


def _assemble(
    name: str,
    records: Sequence[ContentRecord],
    ladder: Sequence[float],
    times: PartTimes,
    metadata: dict[str, Any],
) -> OperatingPointProfile:
    size = np.array([[o.size for o in r.outcomes] for r in records], np.float64)
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
        name=name,
        size=size,
        raw_size=np.array([r.raw_size for r in records], np.float64),
        accuracy=correct[train].mean(axis=0),
        parameter=np.array(ladder),
        device_time=device,
        edge_time=edge,
        correct=correct,
        features=features,
        feature_names=names,
        split=split,
        content_ids=tuple(r.content_id for r in records),
        metadata={
            **metadata,
            "images": len(records),
            **times.metadata(image_sides),
            **about_features,
        },
    )


def _warn_of_guessing(correct: BoolArray, classifier: Classifier) -> None:
    """Warn where the accuracy is within three standard deviations of what guessing yields."""
    chance, images = 1 / classifier.classes, len(correct)
    limit = chance + 3 * math.sqrt(chance * (1 - chance) / images)
    if images >= _ENOUGH and correct.mean() < limit:
        warnings.warn(
            f"at its least compressed level {classifier.name} recognises {correct.sum()} of {images} images, no more "
            "than by guessing; are the labels those of its classes?",
            DataSetWarning,
            stacklevel=3,
        )


def _key(dataset: ImageFolder, codec: ImageCodec, classifier: Classifier, ladder: Sequence[float]) -> str:
    """Hash of everything that decides the outcomes, so that partial results of different settings never mix."""
    parts = [dataset.fingerprint(), codec.name, codec.version, dict(codec.settings), classifier.name, list(ladder)]
    return provenance.digest([*parts, provenance.versions(_LIBRARIES)])


def _metadata(
    dataset: ImageFolder, codec: ImageCodec, classifier: Classifier, ladder: Sequence[float], name: str
) -> dict[str, Any]:
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
        "levels": list(ladder),
        "command": f"{command} --codec {codec.name} --name {name}",
        "versions": provenance.versions(_LIBRARIES),
        "date": datetime.date.today().isoformat(),
        "licence": "numbers measured on the images are given; no image or part of one is",
    }
